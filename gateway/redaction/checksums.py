"""Check digits: whether a number can be what it looks like."""

from collections.abc import Iterable


def digits(value: str) -> list[int]:
    """Its digits, whatever stands between them."""
    return [int(one) for one in value if one.isdigit()]


def luhn(value: str) -> bool:
    """ISO/IEC 7812-1, annex B; never true for one digit repeated."""
    told = digits(value)
    doubled = (sum(divmod(2 * one, 10)) for one in told[-2::-2])
    return len(set(told)) > 1 and (sum(told[-1::-2]) + sum(doubled)) % 10 == 0


def card(value: str) -> bool:
    """A payment card: 12 to 19 digits, Luhn, first digit of a card network."""
    told = digits(value)
    return 12 <= len(told) <= 19 and told[0] in (2, 3, 4, 5, 6) and luhn(value)


IBAN_LENGTHS = dict(
    pair.split(":")
    for pair in [
        "AD:24",
        "AE:23",
        "AL:28",
        "AT:20",
        "AZ:28",
        "BA:20",
        "BE:16",
        "BG:22",
        "BH:22",
        "BI:27",
        "BR:29",
        "BY:28",
        "CH:21",
        "CR:22",
        "CY:28",
        "CZ:24",
        "DE:22",
        "DJ:27",
        "DK:18",
        "DO:28",
        "EE:20",
        "EG:29",
        "ES:24",
        "FI:18",
        "FO:18",
        "FR:27",
        "GB:22",
        "GE:22",
        "GI:23",
        "GL:18",
        "GR:27",
        "GT:28",
        "HR:21",
        "HU:28",
        "IE:22",
        "IL:23",
        "IQ:23",
        "IS:26",
        "IT:27",
        "JO:30",
        "KW:30",
        "KZ:20",
        "LB:28",
        "LC:32",
        "LI:21",
        "LT:20",
        "LU:20",
        "LV:21",
        "LY:25",
        "MC:27",
        "MD:24",
        "ME:22",
        "MK:19",
        "MR:27",
        "MT:31",
        "MU:30",
        "NL:18",
        "NO:15",
        "PK:24",
        "PL:28",
        "PS:29",
        "PT:25",
        "QA:29",
        "RO:24",
        "RS:22",
        "RU:33",
        "SA:24",
        "SC:31",
        "SD:18",
        "SE:24",
        "SI:19",
        "SK:24",
        "SM:27",
        "ST:25",
        "SV:28",
        "TL:23",
        "TN:24",
        "TR:26",
        "UA:29",
        "VA:22",
        "VG:24",
        "XK:20",
    ]
)


def iban(value: str) -> bool:
    """ISO 13616: length by country, remainder 1 modulo 97."""
    plain = "".join(one for one in value if one.isalnum()).upper()
    if len(plain) != int(IBAN_LENGTHS.get(plain[:2], 0)):
        return False
    return _modulo_97(plain[4:] + plain[:4]) == 1


def _modulo_97(plain: str) -> int:
    return int("".join(str(int(one, 36)) for one in plain)) % 97


def weighted(value: str, weights: Iterable[int], modulus: int) -> int:
    """The weighted sum of the digits, modulo."""
    return sum(one * weight for one, weight in zip(digits(value), weights, strict=False)) % modulus


_VERHOEFF = (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)  # fmt: skip
_TURNS = (
    "0123456789", "1576283094", "5803796142", "8916043527",
    "9453126870", "4286573901", "2793806415", "7046913258",
)  # fmt: skip


def verhoeff(value: str) -> bool:
    """The check of Aadhaar numbers."""
    told = 0
    for at, one in enumerate(reversed(digits(value))):
        told = int(_VERHOEFF[told][int(_TURNS[at % 8][one])])
    return told == 0


def us_ssn(value: str) -> bool:
    """A United States social security number that can have been given out."""
    told = "".join(map(str, digits(value)))
    return told[:3] not in ("000", "666") and told[3:5] != "00" and told[5:] != "0000"


def nhs(value: str) -> bool:
    """England's NHS number, modulo 11."""
    return weighted(value[:-1], range(10, 1, -1), 11) == (11 - digits(value)[-1]) % 11


def npi(value: str) -> bool:
    """The United States' provider number: Luhn with the prefix 80840."""
    return luhn("80840" + value)


def pesel(value: str) -> bool:
    """Poland: a date of birth and a weighted sum."""
    told = digits(value)
    month, day = (10 * told[2] + told[3]) % 20, 10 * told[4] + told[5]
    return 1 <= month <= 12 and 1 <= day <= 31 and weighted(value, (1, 3, 7, 9) * 2 + (1, 3, 1), 10) == 0


def bsn(value: str) -> bool:
    """The Netherlands: the test of eleven."""
    return weighted(value, (9, 8, 7, 6, 5, 4, 3, 2, -1), 11) == 0


def cpf(value: str) -> bool:
    """Brazil: two check digits."""
    told = digits(value)
    if len(set(told)) == 1:
        return False
    return all(
        told[at] == sum(one * (at + 1 - i) for i, one in enumerate(told[:at])) * 10 % 11 % 10
        for at in (9, 10)
    )


def insee(value: str) -> bool:
    """France: a key that makes the sum 97; Corsica's letters count as 19 and 18."""
    plain = "".join(one for one in value.upper() if one.isalnum()).replace("2A", "19").replace("2B", "18")
    return plain.isdigit() and len(plain) == 15 and 97 - int(plain[:13]) % 97 == int(plain[13:])


def dni(value: str) -> bool:
    """Spain: the letter is the number modulo 23."""
    plain = "".join(one for one in value.upper() if one.isalnum())
    number = plain[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    return number.isdigit() and "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == plain[-1]


def steuer_id(value: str) -> bool:
    """Germany: ISO 7064, modulo 11,10."""
    told = digits(value)
    rest = 10
    for one in told[:10]:
        rest = ((one + rest) % 10 or 10) * 2 % 11
    return told[0] != 0 and (11 - rest) % 10 == told[10]


def ean13(value: str) -> bool:
    """Weights 1 and 3 (the Swiss AHV number)."""
    return weighted(value, (1, 3) * 7, 10) == 0
