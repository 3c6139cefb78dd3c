"""What opens something: keys, tokens, passwords, seed phrases."""

import base64
import binascii
import math
from collections import Counter

from gateway.redaction.rule import Rule
from gateway.redaction.wordset import words

_KEYWORD = (
    r"pass(?:word|wd|phrase|code|wort)?|pwd|pw|kennwort|mot de passe|mdp|contrase(?:ñ|n)a"
    r"|clave|senha|wachtwoord|salasana|l[oö]senord"
    r"|adgangskode|has(?:ł|l)o|secret|api[ _-]?key|access[ _-]?(?:key|token)|secret[ _-]?"
    r"(?:access[ _-]?)?key|client[ _-]?secret"
    r"|auth(?:entication|orization)?[ _-]?(?:token|key|code)|refresh[ _-]?token"
    r"|bearer[ _-]?token|private[ _-]?key|encryption[ _-]?key"
    r"|signing[ _-]?(?:key|secret)|webhook[ _-]?secret|session[ _-]?(?:id|key|token|secret)"
    r"|token|credential|otp|pin(?:[ _-]?code)?"
    r"|passcode|license[ _-]?key|recovery[ _-]?(?:code|key)|2fa|mfa|totp"
    r"|connection[ _-]?string|account[ _-]?key|salt|pat|master[ _-]?key"
)
_HOLLOW = words(
    """
    none null true false yes no required invalid expired missing wrong correct changed reset stored sent
    safe secure not the a an your my his her their our this that it unknown optional empty string int
    number hidden redacted protected valid too weak strong set needed incorrect compromised available
    enabled disabled used in on for to and or is at by being
    """
)


def entropy(value: str) -> float:
    """Bits a character, by the value's own frequencies."""
    return -sum(many / len(value) * math.log2(many / len(value)) for many in Counter(value).values())


def _random(value: str) -> bool:
    """Letters and digits mixed as no word is."""
    kinds = sum(any(test(one) for one in value) for test in (str.islower, str.isupper, str.isdigit))
    return kinds >= 2 and any(one.isdigit() for one in value) and entropy(value) > 3.3


def _looks_secret(value: str) -> bool:
    """A word after a keyword that is more than a word."""
    value = value.strip("\"'`,;.)")
    odd = any(not one.isalpha() for one in value)
    return len(value) >= 4 and (
        odd or (value.lower() != value and value.upper() != value and not value.istitle())
    )


def _strange(value: str) -> bool:
    """Letters with digits or signs within."""
    return any(one.isdigit() for one in value) and any(one.isalpha() for one in value) and "://" not in value


def _very_random(value: str) -> bool:
    """All three kinds of characters, and as mixed as chance makes them."""
    kinds = (str.islower, str.isupper, str.isdigit)
    return all(any(map(test, value)) for test in kinds) and entropy(value) > 4.0 and value.count("/") < 4


def _hides_one(value: str) -> bool:
    """Base 64 of a text with a key or a password in it."""
    try:
        told = base64.b64decode(value + "=" * (-len(value) % 4), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return told.isprintable() and any(
        sign in told.lower() for sign in (":", "@", "key", "pass", "secret", "token")
    )


SECRET = (
    Rule(
        "pem",
        "SECRET",
        r"-----BEGIN [A-Z0-9 ]{0,40}(?:PRIVATE KEY|CERTIFICATE"
        r"|MESSAGE)[A-Z ]{0,20}-----[A-Za-z0-9+/=\s:,.\\-]{0,}",
        signs=("-----begin",),
        whole=False,
        score=1.0,
    ),
    Rule(
        "pem-body",
        "SECRET",
        r"(?:[A-Za-z0-9+/=]{60,80}\s{1,2}){2,}[A-Za-z0-9+/=]{0,80}(?:\s-----END[A-Z0-9 ]{0,40}-----)?",
        whole=False,
        score=1.0,
    ),
    Rule(
        "pem-end",
        "SECRET",
        r"[A-Za-z0-9+/=\s\\]{0,}-----END [A-Z0-9 ]{0,40}-----",
        signs=("-----end",),
        whole=False,
        score=1.0,
    ),
    Rule(
        "jwt",
        "SECRET",
        r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]{4,}){1,4}",
        signs=("eyj",),
        whole=False,
        score=1.0,
    ),
    Rule(
        "beside-mail",
        "SECRET",
        r"@[a-zA-Z0-9.-]{3,80}[\"'` ]{0,2} ?[:/|] ?[\"'`]?(?P<v>[^\s\"'`,;:/|<>@]{5,80})",
        check=_looks_secret,
        signs=("@",),
        whole=False,
        score=0.7,
    ),
    Rule(
        "in-url",
        "SECRET",
        r"[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,80}:(?P<v>[^\s/@]{1,200})@",
        signs=("://",),
        whole=False,
        score=1.0,
    ),
    Rule(
        "url-user",
        "USERNAME",
        r"[a-z][a-z0-9+.-]{1,20}://(?P<v>[^\s:/@]{1,80})(?::[^\s/@]{1,200})?@",
        signs=("://",),
        whole=False,
        score=0.8,
    ),
    Rule(
        "in-query",
        "URL_TOKEN",
        r"(?i)[?&;#](?:[a-z_-]{0,24}(?:token|key|secret|signature|password|passwd|auth|session|sig"
        r"|code|hash|jwt|ticket|credential)[a-z_-]{0,12}|sid|pwd|pw|t|k|s|st|otp)="
        r"(?P<v>[^&\s#\"'<>]{4,})",
        signs=("=",),
        whole=False,
        score=0.95,
    ),
    Rule(
        "authorization",
        "SECRET",
        r"(?i)\b(?:bearer|basic|digest|apikey)[ :]{1,2}(?P<v>[A-Za-z0-9._~+/=-]{12,})",
        check=_looks_secret,
        signs=("bearer", "basic", "digest", "apikey"),
        whole=False,
        score=0.97,
    ),
    Rule(
        "named-quoted",
        "SECRET",
        rf"(?i)\b(?:[a-z0-9]{{1,30}}[ _.-]){{0,4}}(?:{_KEYWORD})s?[\"']?(?: (?:is|was|for|to|are"
        rf"|set)\b| \w{{1,16}}){{0,3}} ?[:=]{{0,2}}>? ?[\"'`](?P<v>[^\"'`\n]{{4,200}})[\"'`]",
        check=_looks_secret,
        whole=False,
        score=0.96,
    ),
    Rule(
        "named",
        "SECRET",
        rf"(?i)(?:\b|_)(?:{_KEYWORD})s?(?:[ _]?\d)?[\"']?(?: ?[:=]{{1,2}}>? ?| (?:is|was|are|ist"
        r"|est|es|lautet|now|to|as)(?: now| still)? ?:? ?)[\"'`]?"
        rf"(?P<v>[^\s\"'`,;<>]{{3,}}[^\s\"'`,;<>.!?)])",
        check=lambda value: (
            len(value) >= 3 and not value.startswith(("[", "${", "{{", "<")) and value.lower() not in _HOLLOW
        ),
        whole=False,
        score=0.96,
    ),
    Rule(
        "named-far",
        "SECRET",
        rf"(?i)\b(?:{_KEYWORD})s?\b(?: [a-z'-]{{1,16}}){{1,5}}(?: is| was|:|=) ?[\"'`]?"
        rf"(?P<v>[^\s\"'`,;<>]{{4,80}}[^\s\"'`,;<>.?)])",
        check=_looks_secret,
        whole=False,
        score=0.9,
    ),
    Rule(
        "door-code",
        "SECRET",
        r"(?i)\b(?:gate|door|alarm|pick-?up|access|entry|lock|safe|security|tur|haus)[ -]?code(?: is|:|=)? "
        r"(?P<v>[*#]?\d{3,8}[*#]?)",
        score=0.9,
    ),
    Rule(
        "command-line-user",
        "SECRET",
        r"(?:^|\s)(?:-u|--user|--proxy-user)[ =][\"']?(?P<v>[^\s:\"']{1,64}:[^\s\"']{1,128})",
        signs=("-u", "--proxy-u"),
        whole=False,
        score=0.9,
    ),
    Rule("pin", "SECRET", r"(?i)\b(?:pin|otp|passcode|tan)\b(?: code)?[ :#]{1,3}(?P<v>\d{4,8})\b", score=0.9),
    Rule(
        "named-near",
        "SECRET",
        r"[^\s\"'`,;<>]{6,200}[^\s\"'`,;<>.!?)]",
        near=rf"(?:^|[^a-z])(?:{_KEYWORD})[ :=\"'(]{{1,3}}$",
        check=_strange,
        whole=False,
        score=0.9,
    ),
    Rule(
        "key-of-config",
        "SECRET",
        r"(?im)^\s*[\"']?key[\"']?\s*[:=]\s*[\"']?(?P<v>[A-Za-z0-9_./+=-]{16,200})",
        whole=False,
        score=0.9,
    ),
    Rule("random", "SECRET", r"[A-Za-z0-9_+/-]{24,}={0,2}", check=_very_random, score=0.85),
    Rule(
        "random-near",
        "SECRET",
        r"[A-Za-z0-9_+/.~-]{12,}={0,2}",
        near=rf"(?:{_KEYWORD}|key|cred)\b[^\n]{{0,20}}$",
        check=_random,
        score=0.85,
    ),
    Rule(
        "hex-near",
        "SECRET",
        r"(?i)\b[0-9a-f]{16,}\b",
        near=r"key|secret|token|salt|password|hash|session|cookie",
        score=0.85,
    ),
    Rule("base64-of-secret", "SECRET", r"[A-Za-z0-9+/]{12,}={0,2}", check=_hides_one, score=0.9),
    Rule(
        "seed",
        "SECRET",
        r"(?i)(?:seed|mnemonic|recovery|backup|wallet|wiederherstellungs\w*)(?:[ -]?(?:phrase"
        r"|words?|code|key))?s?\b[^a-z\n]{0,4}(?:(?:is|are|was)\b)?[^a-z]{0,4}(?P<v>"
        r"(?:\d{0,2}[.)]? ?[a-z]{3,8}[,\s]+){11,23}\d{0,2}[.)]? ?[a-z]{3,8})\b",
        signs=("seed", "mnemonic", "recovery", "backup", "wallet"),
        whole=False,
        score=1.0,
    ),
)
