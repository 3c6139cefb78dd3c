"""The view of a text in which values are looked for: tricks of writing undone, every place mapped back."""

import html
import re
import unicodedata
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import lru_cache
from urllib.parse import unquote_to_bytes

_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013—―\u2212\ufe58﹣\uff0d", "-")
_QUOTES = {
    "\u2018": "'",
    "\u2019": "'",
    "\u02bc": "'",
    "\u2032": "'",
    "\uff07": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
}
_SPOKEN = {**_DASHES, **_QUOTES, "\u2028": "\n", "\u2029": "\n", "\x85": "\n", "\u06d4": ".", "。": "."}

_CONFUSED = str.maketrans(
    "АВЕКМНОРСТУХаеорсухіјѕԁɡһԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαινρυχІЈЅ",
    "ABEKMHOPCTYXaeopcyxijsdghqwABEZHIKMNOPTYXoaivpuxIJS",
)
_MIXED = re.compile("[A-Za-z][Ͱ-ϿЀ-ԯɡ]|[Ͱ-ϿЀ-ԯɡ][A-Za-z]")
_LETTERS = re.compile(r"[^\W\d_]+")

_ESCAPES = re.compile(
    r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    r"|(?:%[0-9A-Fa-f]{2}){1,64}"
    r"|(?:\\u[0-9a-fA-F]{4}){1,64}"
    r"|\\[nrt](?![a-z])"
    r"|[^\x00-\x7f]"
)
_MARKS = re.compile("[&%\\\\]")


class View:
    r"""
    A text as a reader sees it, for the search only: what is stored and replaced are pieces of the text.

    Attributes:
        text: Compatibility forms, digits, dashes, quotes and spaces unified; what cannot be seen dropped;
            HTML, percent and `\u` escapes decoded; look-alike letters folded in words of mixed script.
    """

    def __init__(self, original: str) -> None:
        self.original = original
        self._at, self._from, self._to = array("I"), array("I"), array("I")
        if original.isascii() and not _MARKS.search(original):
            self.text = original
        else:
            self.text = _unmixed("".join(self._pieces()))

    def _pieces(self) -> Iterator[str]:
        """What stands in the view, noting each place where one is longer than the other."""
        original, done, length = self.original, 0, 0
        for found in _ESCAPES.finditer(original):
            piece = found[0]
            shown = _shown(piece)
            if shown == piece:
                continue
            before = original[done : found.start()]
            length += len(before)
            if len(piece) != 1 or len(shown) != 1:
                self._at.extend((length, length + len(shown)))
                self._from.extend((found.start(), found.end()))
                self._to.extend((found.end(), found.end()))
            length += len(shown)
            done = found.end()
            yield before
            yield shown
        yield original[done:]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """A span of the view (not empty), as the span of the text that it stands for."""
        if not self._at:
            return start, end
        return self._place(start, first=True), self._place(end - 1, first=False)

    def _place(self, at: int, *, first: bool) -> int:
        """Where a character of the view begins or ends in the text."""
        row = bisect_right(self._at, at) - 1
        if row < 0:
            return at if first else at + 1
        if row % 2 == 0:  # inside a piece that is written otherwise
            return self._from[row] if first else self._to[row]
        return self._from[row] + (at - self._at[row]) + (0 if first else 1)


def _unmixed(text: str) -> str:
    """Cyrillic and Greek letters that look like Latin ones, inside words that also hold Latin ones."""
    if text.isascii() or not _MIXED.search(text):
        return text
    return _LETTERS.sub(_in_one_script, text)


def _in_one_script(found: "re.Match[str]") -> str:
    word = found[0]
    return word.translate(_CONFUSED) if _MIXED.search(word) else word


def _shown(piece: str) -> str:
    if len(piece) == 1:
        return _character(piece)
    if piece[0] == "\\":
        return _from_backslash(piece)
    return _entity(piece) if piece[0] == "&" else _percent(piece)


@lru_cache(maxsize=4096)
def _character(one: str) -> str:
    """One character beyond ASCII, as the search wants to see it."""
    if one in _SPOKEN:
        return _SPOKEN[one]
    kind = unicodedata.category(one)
    if kind in ("Cf", "Mn", "Me", "Cc") or one in "\u115f\u1160\u3164\uffa0\u2800":
        return ""
    if kind == "Zs":
        return " "
    if kind == "Nd":
        return str(unicodedata.digit(one))
    return unicodedata.normalize("NFKC", one)


def _entity(piece: str) -> str:
    told = html.unescape(piece)
    return _all(told, _character_or_ascii) if told != piece else piece


def _percent(piece: str) -> str:
    try:
        told = unquote_to_bytes(piece).decode()
    except UnicodeDecodeError:
        return piece
    return _all(told, _character_or_ascii) if told.isprintable() else piece


def _from_backslash(piece: str) -> str:
    if piece[1] != "u":
        return "\n" if piece[1] in "nr" else "\t"
    units = b"".join(bytes.fromhex(four) for four in piece.split("\\u")[1:])
    told = units.decode("utf-16-be", "replace")
    return _all(told, _character_or_ascii)


def _character_or_ascii(one: str) -> str:
    return one if one.isascii() else _character(one)


def _all(text: str, show: Callable[[str], str]) -> str:
    return "".join(map(show, text))
