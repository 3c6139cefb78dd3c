"""Payment: cards, IBANs, accounts, wallets."""

import re

from gateway.redaction.checksums import IBAN_LENGTHS, card, digits, iban
from gateway.redaction.rule import Rule

_CARD_NEAR = (
    r"(?:card|visa|mastercard|amex|american express|maestro|karte|carte|tarjeta|carta|kort"
    r"|credit|debit|\bpan\b)"
)
_ACCOUNT_NEAR = (
    r"(?:\bacc(?:oun)?t|\bacc(?:num)?\b|\ba/c\b|konto|compte|cuenta|\bconto\b|\brekening"
    r"|\bbank|routing|sort code|\baba\b|\bifsc\b|\bswift\b"
    r"|\bbic\b|\bblz\b|\bbsb\b|\bclabe\b|\bwire\b)"
)
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def _old_wallet(value: str) -> bool:
    """Base 58 with letters of both cases and digits."""
    return all(one in _ALPHABET for one in value) and bool(
        re.search(r"\d", value) and re.search("[a-z]", value) and re.search("[A-Z]", value)
    )


def _other_wallet(value: str) -> bool:
    return value.startswith(("addr1", "cosmos1")) or _old_wallet(value)


def _of_iban_country(value: str) -> bool:
    return value[:2].upper() in IBAN_LENGTHS and len(digits(value)) >= 5


MONEY = (
    Rule("iban", "IBAN", r"(?i)\b[a-z]{2}\d{2}[a-z0-9]{11,30}\b", check=iban, score=0.99),
    Rule(
        "iban-grouped",
        "IBAN",
        r"(?i)\b[a-z]{2}\d{2}(?:[ -][a-z0-9]{4}){2,7}(?:[ -][a-z0-9]{1,4})?\b",
        check=_of_iban_country,
        score=0.96,
    ),
    Rule(
        "iban-near",
        "IBAN",
        r"(?i)\biban\b[^\w\n]{0,4}(?:is |no\.? |number )?(?P<v>[a-z]{2}\d{2}[ \-]?"
        r"(?:[a-z0-9]{1,4}[ \-]?){3,8})",
        whole=False,
    ),
    Rule("card", "CARD", r"\b\d(?:[ -]?\d){11,18}\b", check=card, score=0.97),
    Rule("card-near", "CARD", r"\b\d(?:[ -]?\d){11,18}\b", near=_CARD_NEAR, score=0.8),
    Rule(
        "card-shaped",
        "CARD",
        r"\b\d{4}[ -]\d{4}[ -]\d{4}[ -]\d{4}\b|\b3\d{3}[ -]\d{6}[ -]\d{5}\b",
        score=0.75,
    ),
    Rule("card-code", "CARD", r"(?i)\b(?:cvv2?|cvc2?|csc)\b[ :=#]{0,3}(?:is )?(?P<v>\d{3,4})\b"),
    Rule(
        "account-near",
        "ACCOUNT",
        r"(?i)\b[a-z]{0,12}-?\d(?:[ -]?\d){4,17}(?:-?[a-z]{1,2})?\b",
        near=_ACCOUNT_NEAR + r"[^\d\n]{0,28}$",
        score=0.7,
    ),
    Rule("account-letters", "ACCOUNT", r"\b[A-Z]{2,6}\d{6,18}\b", near=_ACCOUNT_NEAR, score=0.7),
    Rule("card-masked", "CARD", r"\b\d{4,6}[ -]?(?:[*xX#.]{2,4}[ -]?){2,4}\d{2,4}\b", score=0.8),
    Rule(
        "number-ending",
        "ACCOUNT",
        r"(?i)\b(?:end(?:ing|s)?(?: in| with)|last (?:4|four|3|three)(?: digits)?(?: are| of| is"
        r"|:)?) (?P<v>[*x#.]{0,8}\d{3,4})\b",
        whole=False,
        score=0.7,
    ),
    Rule("bank-code", "ACCOUNT", r"\b[A-Z]{4}0[A-Z0-9]{6}\b", score=0.7),
    Rule(
        "swift",
        "ACCOUNT",
        r"\b[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?\b",
        near=r"(?:swift|\bbic\b)[^\n]{0,12}$",
        score=0.7,
    ),
    Rule("sort-code-and-account", "ACCOUNT", r"\b\d{2}-\d{2}-\d{2}[ ,]{1,2}\d{8}\b", score=0.85),
    Rule("sort-code", "ACCOUNT", r"\b\d{2}-\d{2}-\d{2}\b", near=r"sort code|account", score=0.6),
    Rule("wallet-ether", "CRYPTO", r"\b0x[0-9a-fA-F]{40}\b", score=0.97),
    Rule("wallet-segwit", "CRYPTO", r"(?i)\b(?:bc1|tb1|ltc1)[02-9ac-hj-np-z]{11,87}\b", score=0.97),
    Rule("wallet-base58", "CRYPTO", r"\b[13LM][1-9A-HJ-NP-Za-km-z]{25,34}\b", check=_old_wallet, score=0.9),
    Rule("wallet-monero", "CRYPTO", r"\b[48][0-9AB][1-9A-HJ-NP-Za-km-z]{93}\b", score=0.97),
    Rule(
        "wallet-other",
        "CRYPTO",
        r"\b(?:r[1-9A-HJ-NP-Za-km-z]{24,34}|T[1-9A-HJ-NP-Za-km-z]{33}|D[1-9A-HJ-NP-Za-km-z]{33}"
        r"|addr1[a-z0-9]{50,100}|cosmos1[a-z0-9]{38})\b",
        check=_other_wallet,
    ),
)
