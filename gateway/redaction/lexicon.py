"""What is known of a word: whether it is an ordinary one, a given name, a surname."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cache, lru_cache
from pathlib import Path

from gateway.redaction.dictionary import is_english
from gateway.redaction.fold import fold
from gateway.redaction.name_lists import names

_FOLDER = Path(__file__).parent / "words"
LANGUAGES = ("french", "spanish", "german", "italian", "dutch", "portuguese", "nordic")


class Name(IntEnum):
    """How much of a name a capitalised word is."""

    NO = 0
    WORD = 1
    """A name that is an ordinary word as well: Mark, Baker."""
    UNKNOWN = 2
    """No word of any list."""
    YES = 3


@dataclass(frozen=True, slots=True)
class Known:
    """
    What the lists say of one word.

    Attributes:
        text: As written.
        capital: Begins with a capital letter.
        upper: All capitals, two letters or more.
        folded: Lower case, without accents.
        ordinary: In a dictionary.
        given, surname: How much of a given name or of a surname it is; never UNKNOWN.
    """

    text: str
    capital: bool
    upper: bool
    folded: str
    ordinary: bool
    given: Name
    surname: Name

    @property
    def name(self) -> Name:
        """The stronger of both; UNKNOWN for a word of no list."""
        told = max(self.given, self.surname)
        return Name.UNKNOWN if told is Name.NO and not self.ordinary else told


@cache
def _words(name: str) -> frozenset[str]:
    return frozenset(map(fold, (_FOLDER / f"{name}.txt").read_text("utf-8").split()))


@cache
def _ordinary() -> frozenset[str]:
    return _words("ordinary") | _foreign()


@cache
def _foreign() -> frozenset[str]:
    return frozenset().union(*map(_words, LANGUAGES))


def load() -> None:
    """Read every list now, and not within the first request."""
    known("Load")
    for language in LANGUAGES:
        common(language)


@cache
def common(language: str) -> frozenset[str]:
    """The frequent words of a language, folded; those shorter than two letters left out."""
    return frozenset(word for word in _words(language) if len(word) > 1)


@lru_cache(maxsize=16384)
def known(word: str) -> Known:
    """What the lists say; a word with hyphens or a possessive is judged by its parts."""
    folded = fold(word)
    for ending in ("'s", "s'", "'"):
        folded = folded.removesuffix(ending)
    if "-" in folded or "'" in folded:
        return _known(word, folded, *_of_parts(folded))
    ordinary = _is_ordinary(folded, foreign=not word.isascii())
    return _known(word, folded, ordinary, _given(folded, ordinary), _surname(folded, ordinary))


def _known(word: str, folded: str, ordinary: bool, given: Name, surname: Name) -> Known:
    capital = word[0].isupper() or word[0].istitle()
    return Known(word, capital, len(word) > 1 and word.isupper(), folded, ordinary, given, surname)


def _of_parts(folded: str) -> tuple[bool, Name, Name]:
    parts = [known(part) for part in folded.replace("'", "-").split("-") if part]
    ordinary = all(part.ordinary or len(part.folded) < 2 for part in parts) or is_contraction(folded)
    strong = [part for part in parts if Name.YES in (part.given, part.surname)]
    named = Name.YES if strong and "'" not in folded else Name.NO
    return ordinary and not named, named, named


def is_contraction(folded: str) -> bool:
    """I'm, don't, l'affaire: a short piece that an apostrophe ties to an ordinary word."""
    head, _, tail = folded.partition("'")
    if tail in ("m", "re", "ve", "ll", "d", "t", "s", "all", "em"):
        return _is_ordinary(head) or head in ("i", "isn", "don", "doesn", "didn", "won", "y")
    short = (
        "l",
        "d",
        "j",
        "n",
        "m",
        "s",
        "c",
        "t",
        "qu",
        "lorsqu",
        "jusqu",
        "puisqu",
        "dell",
        "all",
        "nell",
        "sull",
    )
    return head in short and "-" not in tail and _is_ordinary(tail)


def _is_ordinary(folded: str, *, foreign: bool = False) -> bool:
    """Whether a dictionary has the word; one with accents cannot be English."""
    if foreign or not folded.isascii():
        return folded in _foreign()
    return folded in _ordinary() or is_english(folded)


def _given(folded: str, ordinary: bool) -> Name:
    if folded in _words("given"):
        return Name.YES
    if folded in _words("given_words"):
        return Name.WORD
    if folded not in names().given or folded in _ordinary():
        return Name.NO
    return Name.WORD if ordinary else Name.YES


def _surname(folded: str, ordinary: bool) -> Name:
    if ordinary:
        return Name.WORD if folded in _words("surnames") else Name.NO
    return Name.YES if folded in _words("surnames") or folded in names().surnames else Name.NO
