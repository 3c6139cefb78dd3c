"""Ways to reach a person or a machine: mail, phone, IP, MAC, user names."""

import ipaddress

from gateway.redaction.checksums import digits
from gateway.redaction.rule import Rule

_WORD = r"[A-Za-z0-9_][A-Za-z0-9_%+'&=-]{0,62}"
_LOCAL = rf"{_WORD}(?:\.{_WORD}){{0,5}}"
_DOMAIN = r"(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}\.){1,6}[A-Za-z]{2,24}"
_AT = r"(?: ?[\[({<] ?(?i:at|@|arroba) ?[\])}>] ?| (?i:at|arroba) | ?@ ?)"
_DOT = r"(?: ?[\[({<] ?(?i:dot|punkt|punto|point|\.) ?[\])}>] ?| (?i:dot|punkt|punto|point) |\.)"
_SPOKEN_DOT = r"(?: ?[\[({<] ?(?i:dot|punkt|punto|point|\.) ?[\])}>] ?| (?i:dot|punkt|punto|point) )"
_PART = r"[A-Za-z0-9][A-Za-z0-9_+-]{0,62}"

_CALL = (
    r"(?:\b(?:tele)?(?:phone|fon[eo]?|foon)|\bt[eé]l\b|t[eé]l[eé]phone|\bcall|\bmobile?\b"
    r"|m[oó]vil|\bcell|fax|whatsapp"
    r"|\bsms\b|\btext(?:ed)?\b|\bring\b|\breach|\bhandy|rufnummer|\bcontact|\bdial|hotline"
    r"|my number|number is|portable"
    r"|\bgsm\b|puhelin|\btlf\b|\bph\b|r[uü]ckfragen|\bappel|llam[ae]|\banruf|chiam|voicemail"
    r"|\bnumber:)"
)

_DIGIT = r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|(?:double|triple) \w+)"


def _seven_to_fifteen(value: str) -> bool:
    return 7 <= len(digits(value)) <= 15


def _national(value: str) -> bool:
    """Nine to twelve digits, and not a date."""
    return 9 <= len(digits(value)) <= 12


def _north_american(value: str) -> bool:
    told = digits(value)
    told = told[1:] if len(told) == 11 and told[0] == 1 else told
    return len(told) >= 10


def _ip(value: str) -> bool:
    try:
        told = ipaddress.ip_address(value.split("%", maxsplit=1)[0])
    except ValueError:
        return False
    return told.version in (4, 6)


def _ip6(value: str) -> bool:
    return value.count(":") >= 2 and len(value) > 4 and _ip(value)


CONTACT = (
    Rule("mail", "EMAIL", rf"{_LOCAL}@{_DOMAIN}", signs=("@",), whole=False, score=0.99),
    Rule(
        "mail-at-address",
        "EMAIL",
        rf"{_LOCAL}@\[?\d{{1,3}}(?:\.\d{{1,3}}){{3}}\]?",
        signs=("@",),
        whole=False,
        score=0.99,
    ),
    Rule(
        "mail-spelled",
        "EMAIL",
        rf"{_PART}(?:{_DOT}{_PART}){{0,3}}{_AT}{_PART}"
        rf"(?:{_DOT}{_PART}){{0,2}}{_SPOKEN_DOT}[A-Za-z]{{2,12}}",
        signs=(" at ", "(at", "[at", "{at", "@", "arroba", "<at"),
        score=0.97,
    ),
    Rule(
        "mail-bracketed-at",
        "EMAIL",
        rf"{_PART}(?:{_DOT}{_PART}){{0,3}} ?[\[({{<] ?(?i:at|@) ?[\])}}>] ?{_DOMAIN}",
        signs=("(at", "[at", "{at", "<at", "(@", "[@", "( at", "[ at"),
        score=0.97,
    ),
    Rule(
        "phone-international",
        "PHONE",
        r"(?:\+ ?\(?|\b00 ?)[1-9](?:[ ().\-/]{0,3}\d){6,14}(?: ?(?i:x|ext\.?|ext:|#) ?\d{1,6})?",
        check=_seven_to_fifteen,
        whole=True,
        score=0.95,
    ),
    Rule(
        "phone-north-american",
        "PHONE",
        r"(?:\b1[ .-]?)?\(?[2-9]\d{2}\)?[ ./-]{1,2}\d{3}[ .-]\d{4}(?: ?,? ?(?i:x|ext\.?|extension"
        r"|#):? ?\d{1,6})?",
        check=_north_american,
    ),
    Rule(
        "phone-extension",
        "PHONE",
        r"\(?\b[2-9]\d{2}\)?[ .-]?\d{3}[ .-]?\d{4} ?(?i:x|ext\.?|extension):? ?\d{1,6}",
    ),
    Rule("phone-local-american", "PHONE", r"\([2-9]\d{2}\) ?\d{3}[ .-]?\d{4}"),
    Rule(
        "phone-national",
        "PHONE",
        r"\(?\b0\d{1,4}\)?(?:[ /.\-]{1,3}\d{2,8}){1,5}",
        check=_national,
        score=0.8,
    ),
    Rule("phone-national-pairs", "PHONE", r"\b0[1-9](?:[ .-]?\d{2}){4}", check=_national, score=0.85),
    Rule(
        "phone-near",
        "PHONE",
        r"\(?\d(?:[ ().\-/]{0,2}\d){5,14}(?: ?(?i:x|ext\.?) ?\d{1,6})?",
        near=_CALL + r"[^\d\n]{0,24}$",
        check=_seven_to_fifteen,
        score=0.85,
    ),
    Rule("phone-three-four", "PHONE", r"\b\d{3}[.-]\d{4}\b", near=_CALL + r"[^\d\n]{0,16}$", score=0.7),
    Rule("phone-short", "PHONE", r"\b[2-9]\d{2}-\d{4}\b", signs=("phone", "tel.", "mobile"), score=0.6),
    Rule(
        "phone-grouped",
        "PHONE",
        r"\b\d{3} \d{3} \d{4}\b|\b\d{3}-\d{3}-\d{3}\b|\b[6-9]\d{2} \d{2} \d{2} \d{2}\b"
        r"|\b[1-9]\d{2} \d{3} \d{3}\b",
        score=0.6,
    ),
    Rule("phone-in-words", "PHONE", rf"(?i)\b(?:{_DIGIT}[ ,-]{{1,3}}){{6,14}}{_DIGIT}\b", score=0.7),
    Rule(
        "ip4", "IP", r"\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?", check=lambda value: _ip(value.split("/")[0])
    ),
    Rule("ip6", "IP", r"(?i)(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?:\d{1,3}(?:\.\d{1,3}){3})?", check=_ip6),
    Rule("mac", "MAC", r"(?i)\b[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}\b|\b[0-9a-f]{4}(?:\.[0-9a-f]{4}){2}\b"),
    Rule(
        "user-named",
        "USERNAME",
        r"(?i)\b(?:user(?:[ _-]?(?:name|id))?|login(?: name)?|account name|benutzer(?:name)?"
        r"|utilisateur|usuario|handle"
        r"|nick(?:name)?|screen name|uid|sam_?account_?name)\b[\"']?(?: ?(?:is|was|=|:|=>|for) ?"
        r"|\s)[\"'`]?@?"
        r"(?P<v>[A-Za-z_][A-Za-z0-9._@\\-]{1,40}[A-Za-z0-9])",
        check=lambda value: any(not one.isalpha() for one in value),
        score=0.7,
    ),
    Rule(
        "user-labelled",
        "USERNAME",
        r"(?i)\b(?:user(?:[ _-]?(?:name|id))?|login|benutzername|utilisateur|usuario)[\"']?"
        r"(?: ?[=:] ?| is )[\"'`]?"
        r"(?P<v>[A-Za-z][A-Za-z0-9._-]{2,40})",
        score=0.7,
    ),
    Rule("user-reports", "USERNAME", r"\b(?P<v>[a-z][a-z.]{1,30}\d{2,6})\b", score=0.5),
    Rule(
        "user-in-path",
        "USERNAME",
        r"(?i)(?:/home/|/users/|c:\\+users\\+)(?P<v>[A-Za-z][A-Za-z0-9._-]{1,40})",
        score=0.8,
    ),
    Rule("user-at-host", "USERNAME", r"(?i)\bssh (?:-\w+ )*(?P<v>[a-z][\w.-]{1,31})@", score=0.6),
)
