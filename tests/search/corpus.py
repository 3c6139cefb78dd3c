"""A small labelled corpus: questions in other words than the notes, and questions for exact marks."""

CONCEPTS = [
    "car auto vehicle automobile driving drive garage", "repair mend fix mechanic broken fixed mended",
    "doctor physician medicine surgery clinic", "pain ache sore hurts", "bill invoice payment paid cost",
    "house home flat apartment rent tenant", "water leak pipe plumbing tap", "power electricity current fuse",
    "dog puppy hound", "cat kitten", "holiday vacation trip travel", "train railway station",
    "computer laptop notebook pc", "password login account", "printer print toner paper",
    "bread bake oven loaf", "soup cook recipe dinner", "winter snow ice cold heating", "school lesson",
    "garden plants flowers watering",
]  # fmt: skip
"""Words that mean the same, for an embedder that knows meanings and no exact marks."""

DOCUMENTS = {
    1: "The mechanic fixed the brakes of our vehicle in his garage.",
    2: "Service plan of the automobile, part BX-4471, at 60,000 km.",
    3: "Part BX-4472 fits the older model only.",
    4: "A physician looked at the sore knee in the clinic.",
    5: "Letter of the surgery: appointment HK-90 is on Tuesday.",
    6: "Payment of the heating cost for the flat, reference R-2207.",
    7: "Reference R-2270: the rent of the apartment was raised.",
    8: "The pipe under the kitchen tap leaks; plumbing was called.",
    9: "A fuse of 16 A keeps the current of the oven safe.",
    10: "The puppy has to be vaccinated in spring.",
    11: "The kitten sleeps on the warm blanket.",
    12: "Travel by railway to the coast, seat 61, coach 7.",
    13: "The notebook with serial SN-88213 gets a new battery.",
    14: "Serial SN-88231 belongs to the monitor.",
    15: "After five wrong tries the account is locked for an hour.",
    16: "Toner TK-1150 for the office machine is in the cellar.",
    17: "Toner TK-1160 has been ordered.",
    18: "A loaf with rye: bake it for an hour at 220 degrees.",
    19: "The dinner of Sunday: a recipe with lentils.",
    20: "Clear the ice from the path before seven.",
    21: "The teacher moved the lesson to Friday.",
    22: "Flowers on the balcony want watering twice a week.",
}

QUESTIONS: list[tuple[str, dict[int, int]]] = [
    ("auto repair", {1: 3, 2: 1}),
    ("BX-4471", {2: 3}),
    ("doctor for an ache", {4: 3, 5: 1}),
    ("HK-90", {5: 3}),
    ("bill for the home, R-2207", {6: 3, 7: 1}),
    ("R-2270", {7: 3}),
    ("water in the house", {8: 3}),
    ("electricity", {9: 3}),
    ("hound", {10: 3}),
    ("cat", {11: 3}),
    ("vacation by train", {12: 3}),
    ("laptop SN-88213", {13: 3}),
    ("SN-88231", {14: 3}),
    ("login password", {15: 3}),
    ("TK-1150", {16: 3, 17: 1}),
    ("print TK-1160", {17: 3, 16: 1}),
    ("bread", {18: 3}),
    ("cook soup", {19: 3}),
    ("snow in winter", {20: 3, 6: 1}),
    ("school", {21: 3}),
    ("garden", {22: 3}),
]
"""Each with the notes that answer it: 3 fully, 1 a little."""
