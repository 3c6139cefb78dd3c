"""A text as words in lines: what stands where, in which case, in which language."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.redaction.lexicon import LANGUAGES, Known, common, known
from gateway.redaction.wordset import words

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")
_PLAIN_ENGLISH = words(
    """
    the a an and or of to in is are was were be been it you we they he she not for with on at by this
    that have has had do does did will would can could should may please as from if but so your our my
    me us what when where who why how which there here
    """
)
_SAMPLE = 20_000


@dataclass(slots=True)
class Word:
    """
    One word of a view.

    There may be half a million of them: what can be told from the rest is not kept.

    Attributes:
        start: In the view.
        known: What the lists say.
        starts: Stands where a sentence, a line or a field begins.
        code: Part of an identifier, a path or a number.
    """

    start: int
    known: Known
    starts: bool
    code: bool

    @property
    def text(self) -> str:
        """As written."""
        return self.known.text

    @property
    def end(self) -> int:
        """In the view."""
        return self.start + len(self.known.text)

    @property
    def capital(self) -> bool:
        """Begins with a capital letter."""
        return self.known.capital

    @property
    def upper(self) -> bool:
        """All capitals, two letters or more."""
        return self.known.upper


def words_of(text: str) -> list[Word]:
    """Every word of a view, in order."""
    done: list[Word] = []
    end = 0
    for found in _WORD.finditer(text):
        start, between = found.start(), text[end : found.start()]
        starts = not done or (_starts(between) and not (between == ". " and _is_short(done[-1].text)))
        done.append(Word(start, known(found[0]), starts, _is_code(text, start, found.end())))
        end = found.end()
    return done


def _starts(between: str) -> bool:
    """Whether a sentence or field begins behind what stands between two words."""
    return any(one in '.!?\n:;|•*>"({[\t=' for one in between) or "  " in between


def _is_short(text: str) -> bool:
    """An initial or a title, behind which a full stop ends nothing."""
    return len(text) == 1 or text in (
        "Mr",
        "Mrs",
        "Ms",
        "Dr",
        "Prof",
        "St",
        "Mme",
        "Sr",
        "Sra",
        "Mlle",
        "Jr",
        "Av",
        "Hr",
        "Fr",
    )


def _is_code(text: str, start: int, end: int) -> bool:
    before = text[start - 1] if start else " "
    after = text[end] if end < len(text) else " "
    if before in "_@#\\/$%&=" or before.isdigit() or after in "_\\/=" or after.isdigit():
        return not (before in "/=" and text[start].isupper() and after not in "_\\/=")
    return (after == "." and end + 1 < len(text) and text[end + 1].isalnum() and text[end + 1].islower()) or (
        after == "(" and text[start:end].islower()
    )


def language_of(words: Sequence[Word]) -> str:
    """
    The language of most words: `english`, or one of `lexicon.LANGUAGES`; `german` only when it is clear.

    English when nothing speaks for another.
    """
    sample = [word.known.folded for word in words[:_SAMPLE]]
    english = sum(word in _PLAIN_ENGLISH for word in sample)
    best, most = "english", english
    for language in LANGUAGES:
        many = sum(word in common(language) for word in sample)
        if many > 1.15 * most and many > english * 1.3 and many >= 2:
            best, most = language, many
    return best


def is_lower_case(words: Sequence[Word]) -> bool:
    """Whether the writer uses no capitals: at most one word in twenty has one, short texts none."""
    plain = [word.capital for word in words if not word.code]
    return sum(plain) * 20 <= len(plain)


def is_upper_case(words: Sequence[Word]) -> bool:
    """Whether most words are in capitals."""
    return bool(words) and sum(word.upper for word in words) * 2 > len(words)


def lower_words(words: Sequence[Word]) -> frozenset[str]:
    """The folded words that the text itself also writes in lower case."""
    return frozenset(word.known.folded for word in words if not word.capital)
