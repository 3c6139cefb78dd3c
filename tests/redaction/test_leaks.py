"""Nothing sensitive is left in a text, whatever the trick of writing; what is not sensitive stays."""

import os

import pytest

from gateway.redaction.restore import restored
from gateway.redaction.scrub import Policy, find, replaced
from gateway.redaction.task_map import TaskMap
from tests.redaction.people import Maker, letters

SEEDS = range(int(os.environ.get("SPARK_LEAK_SEEDS", "40")))


def scrubbed(text: str, task: TaskMap | None = None) -> str:
    task = TaskMap() if task is None else task
    told, _ = replaced(text, find(text, Policy(), task.names), task)
    assert restored(told, task).text == text
    return told


@pytest.mark.parametrize("seed", SEEDS)
def test_an_office_text_keeps_no_name_and_no_number(seed: int) -> None:
    for text, secrets in letters(Maker(seed)):
        told = scrubbed(text)
        assert not [secret for secret in secrets if secret in told]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("mail jo\u200bana.ferr@exam\u200bple.com now", "ferr"),
        ("call me: \uff10\uff12\uff10 \uff17\uff19\uff14\uff16 \uff10\uff19\uff15\uff18", "\uff19\uff15"),
        ("Dear \u0410lice Ostrander,", "lice"),
        ("joana&#64;example.com", "joana"),
        ("joana%40example.com", "joana"),
        ('{"a":"joana\\u0040example.com"}', "joana"),
        ("joana (at) example (dot) com", "joana"),
        ("joana at example dot com", "joana"),
        ("card 4111\u00a01111\u00a01111\u00a01111", "1111"),
        ("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", "1 1 1 1"),
        ("IBAN DE89\u20113704\u20110044\u20110532\u20110130\u201100", "0532"),
        ("Jo\u0308rg Mu\u0308hlbauer called", "hlbauer called"),
        ("JOHN SMITH CALLED JANE DOE", "SMITH"),
        ("john smith and jane doe met", "smith"),
        ("password: hunter2", "hunter2"),
        ("The password for the wifi is Sommer2024!", "Sommer"),
        ("postgres://admin:pa55w0rd@db.local/x", "pa55w0rd"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7", "MIIEp"),
        ("https://example.com/reset?token=abc123def456", "abc123"),
        ("Authorization: Bearer abcdef1234567890xyz", "abcdef123"),
        (
            "my seed phrase: abandon able about above absent absorb abstract absurd abuse access acid acorn",
            "absorb",
        ),
        ("born 12.03.1985 in", "1985"),
        ("MAC 00:1A:2B:3C:4D:5E", "3C"),
        ("2001:0db8:85a3::8a2e:0370:7334", "8a2e"),
        ("0x742d35Cc6634C0532925a3b844Bc454e4438f44e", "6634"),
        ("passport no. C01X00T47", "C01X"),
        ("NINO QQ123456C", "123456"),
        ("RSSMRA85T10A562S", "85T10"),
        ("Mr. Brown said hi", "Brown"),
        ("van der Berg, Anna", "Berg"),
        ("ask bob about it", "bob"),
        ("joana@example.com,bob@example.org;carol@example.net", "carol"),
        ("+1-202-555-0143+1-202-555-0199", "0199"),
        ("Zm9vOnBhc3N3b3JkMTIz", "Zm9v"),
    ],
)
def test_no_trick_of_writing_hides_a_value(text: str, gone: str) -> None:
    assert gone not in scrubbed(text)


@pytest.mark.parametrize(
    "text",
    [
        "Upgrade to 10.0.19045.3803 build",
        "commit 9fceb02d0ae598e95dc970b74767f19372d61af8 and d9428888-122b-11e1-b85c-61cd3cbb3210",
        "at 2024-05-01T10:20:30Z epoch 1714558830",
        "Order 1234567890 shipped",
        "Total: 1,234,567.89 EUR",
        "Please Mark this done and Will you check?",
        "SELECT name FROM users WHERE id = 5",
        "ISBN 978-3-16-148410-0",
        "The Supreme Court and the European Commission",
        "Die Rechnung liegt bei. Der Vertrag wurde gekündigt, die Zahlung ist fällig.",
        "La réunion est prévue demain. Merci pour votre aide.",
        "2024-01-15 10:00:00 INFO Server started on port 8080",
        "a person 1 in the room",
        "The GNU General Public License, in German, of November",
        "a 4 lane road, 50 miles of road and a dead end road",
        "Mark these: one, two, three, four, five, six",
        "Rose bushes need sun. May flowers bloom.",
    ],
)
def test_what_is_not_sensitive_stays(text: str) -> None:
    assert scrubbed(text) == text


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("[10:02] jenny: hey\n[10:03] ylva: nope", "jenny"),
        ("<raj> back in five", "raj"),
        ("the rest: dietz, rogge, arnesen and ola", "dietz"),
        ("follow up with bertil a fjeldstad soon", "bertil"),
        ("passenger thandiwe mokoena, seat 14C, pnr QX7L2M", "mokoena"),
        ("Eskil had given Angel his keys.", "Angel"),
        ("comparu:\nMmeE. Fjeldstad, juriste", "Fjeldstad"),
        ("Der Schlüssel liegt bei Familie Vogel, und der Termin ist mit Schröder.", "Schröder"),
        ("Der Schlüssel liegt bei Familie Vogel.", "Vogel"),
        ("Wohnt Am Alten Markt 5, 50667 Köln, zur Miete.", "50667"),
        ("Dirección: Calle Mayor 14, 3º izq., 28013 Madrid", "28013"),
        ("dane: ul. Kwiatowa 7/12, 00-950 Warszawa", "00-950"),
        ("i live at 221b baker street", "baker"),
        ('{"city": "Lima", "zip": "153-0064"}', "0064"),
        ("o NIF da cliente é 123456789", "456"),
        ("le n° de sécurité sociale 2 85 07 75 116 001 22", "116"),
        ("Vehicle reg AB12 CDE", "CDE"),
        ("Mutuelle n° 4410023398", "4410"),
        ("Account: GB-44210-X", "44210"),
        ("Meeting ID 823 4455 9912", "4455"),
        ("Signed at 14 Elm Court, Flat 2, Bristol BS8 1TH on 3 May", "Flat 2"),
        ("Signed at 14 Elm Court, Flat 2, Bristol BS8 1TH on 3 May", "Bristol"),
        ("Rua das Palmeiras, 120, apto 31, 04567-010 Recife.", "apto 31"),
        ("wohnhaft in der Hauptstraße 12a in 4020 Linz, kündige", "4020"),
        ("sono nato a Bari il 12/05/1968", "1968"),
        ("curl -u admin:S3cr3t! https://intranet.example/api", "S3cr3t"),
        ("the gate code is 4590", "4590"),
        ("VAT no GB 123 4567 82", "4567"),
        ("send it to 20-11-43 00338877", "0033"),
        ("Leopoldstr. 155/II, 80804 München", "80804"),
        ("@marguerite can you check?", "marguerite"),
        ("call five five five, oh one four two", "four two"),
    ],
)
def test_what_stands_beside_a_value_tells_what_it_is(text: str, gone: str) -> None:
    assert gone not in scrubbed(text)


def test_an_address_ends_with_its_sentence() -> None:
    assert scrubbed("Neue Anschrift: Kastanienallee 77, 10435 Berlin. Bitte um Antwort.") == (
        "Neue Anschrift: [ADDRESS_1]. Bitte um Antwort."
    )


def test_the_people_of_a_list_are_not_taken_for_one() -> None:
    assert (
        scrubbed("Attendees: Ines, Bartholomew, Siiri\n") == "Attendees: [PERSON_1], [PERSON_2], [PERSON_3]\n"
    )


def test_a_name_is_found_wherever_it_comes_again_in_the_task() -> None:
    task = TaskMap()
    first = scrubbed("Dear Ms Brook,", task)
    second = scrubbed("I told Brook that the river is high.", task)
    assert first == "Dear Ms [PERSON_1],"
    assert second == "I told [PERSON_1] that the river is high."


def test_other_forms_of_a_name_are_seen_to_be_one_person() -> None:
    task = TaskMap()
    scrubbed("Vendela Achterkamp wrote.", task)
    assert scrubbed("Achterkamp is ill.", task) == "[PERSON_1B] is ill."


def test_two_people_of_one_surname_never_share_a_token() -> None:
    task = TaskMap()
    told = scrubbed("Vendela Achterkamp and Eskil Achterkamp met. Achterkamp paid.", task)
    assert len(task.values) == 3
    assert told.count("PERSON_1") == 1
