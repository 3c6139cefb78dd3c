"""Names and valid numbers for the leak suite, of lists and generators of their own."""

import random
import string

GIVEN = (
    "Oluwaseun",
    "Thandeka",
    "Bjartur",
    "Siiri",
    "Vendela",
    "Ignasi",
    "Xiomenna",
    "Radomil",
    "Keahi",
    "Ylva",
    "Tadeas",
    "Mirembe",
    "Aurelio",
    "Jorunn",
    "Eskil",
    "Nerea",
)
SURNAMES = [
    "Achterkamp",
    "Bielawska",
    "Ceesay",
    "Drobnik",
    "Etxaniz",
    "Fjeldstad",
    "Grigaitis",
    "Hrvatin",
    "Ilunga",
    "Jelavic",
    "Kowalewicz",
    "Lindqvistson",
]


class Maker:
    """Values by a seed, so that a failure can be made again."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def name(self) -> str:
        return f"{self.random.choice(GIVEN)} {self.random.choice(SURNAMES)}"

    def mail(self) -> str:
        user = f"{self.random.choice(GIVEN)}.{self.random.choice(SURNAMES)}".lower()
        return (
            f"{user}{self.random.randrange(100)}@{self.random.choice(['example.org', 'mail.example.co.uk'])}"
        )

    def phone(self) -> str:
        line = "".join(self.random.choice(string.digits) for _ in range(7))
        return self.random.choice(
            (
                f"+49 30 {line}",
                f"+1 212-555-{line[:4]}",
                f"(312) 555-{line[:4]}",
                f"+33 6 {line[:2]} {line[2:4]} {line[4:6]} 10",
            )
        )

    def card(self) -> str:
        digits = [4] + [self.random.randrange(10) for _ in range(14)]
        total = sum(sum(divmod(2 * one, 10)) for one in digits[-1::-2]) + sum(digits[-2::-2])
        plain = "".join(map(str, [*digits, -total % 10]))
        return self.random.choice((plain, " ".join(plain[at : at + 4] for at in range(0, 16, 4))))

    def iban(self) -> str:
        account = "".join(self.random.choice(string.digits) for _ in range(18))
        check = 98 - int(f"{account}131400") % 97
        plain = f"DE{check:02d}{account}"
        return self.random.choice((plain, " ".join(plain[at : at + 4] for at in range(0, 22, 4))))

    def ssn(self) -> str:
        area, group, serial = (self.random.randrange(*ends) for ends in ((101, 600), (10, 99), (1000, 9999)))
        return f"{area}-{group}-{serial}"

    def key(self) -> str:
        tail = "".join(self.random.choice(string.ascii_letters + string.digits) for _ in range(36))
        return f"{self.random.choice(['ghp_', 'sk_live_', 'glpat-', 'npm_'])}{tail}"

    def ip(self) -> str:
        return ".".join(str(self.random.randrange(11, 250)) for _ in range(4))


def letters(maker: Maker) -> list[tuple[str, list[str]]]:
    """Texts of an office, and what may not be left in each."""
    name, other, mail, phone = maker.name(), maker.name(), maker.mail(), maker.phone()
    card, iban, ssn, key, ip = maker.card(), maker.iban(), maker.ssn(), maker.key(), maker.ip()
    return [
        (f"Dear {name},\n\nplease call {other} at {phone}.\n\nKind regards\n{other}", [name, other, phone]),
        (f"{other} <{mail}> paid with {card}; refund to {iban}.", [other, mail, card, iban]),
        (f"Ticket 4711: {name} cannot reach {ip}. The token is {key}.", [name, ip, key]),
        (f'{{"customer": "{name}", "ssn": "{ssn}", "mail": "{mail}"}}', [name, ssn, mail]),
        (f"PLEASE CALL {name.upper()} BACK ON {phone}", [name.upper(), phone]),
        (
            f"Sehr geehrte Frau {other},\nanbei die Rechnung. Rückfragen an {mail}.\nViele Grüße\n{name}",
            [other, mail, name],
        ),
        (f"export API_TOKEN={key}\nssh admin@{ip}", [key, ip]),
    ]
