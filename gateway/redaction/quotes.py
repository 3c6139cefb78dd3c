"""Quotes: what a model says stands in a text, found just where it does."""

from collections.abc import Iterable, Iterator

import msgspec

from gateway.redaction.finding import TYPES, Finding
from gateway.redaction.scrub import Finder
from gateway.redaction.view import View

_LEAST, _LONGEST, _MOST = 2, 300, 2000
"""Letters and digits of the shortest quote, characters of the longest, and how many are looked for."""


class Quote(msgspec.Struct, frozen=True):
    """
    A piece of a text.

    Attributes:
        text: As it stands there.
        type: One of `finding.TYPES`; anything else counts as KNOWN.
    """

    text: str
    type: str


def quoted(quotes: Iterable[Quote]) -> Finder | None:
    """What finds the quotes in a view; None when there is nothing to look for."""
    kinds: dict[str, str] = {}
    for quote in quotes:
        plain = View(quote.text).text.strip()
        if len(plain) <= _LONGEST and sum(map(str.isalnum, plain)) >= _LEAST and len(kinds) < _MOST:
            kinds.setdefault(plain, quote.type if quote.type in TYPES else "KNOWN")
    return _Quoted(kinds) if kinds else None


class _Quoted:
    def __init__(self, kinds: dict[str, str]) -> None:
        self._kinds = kinds

    def __call__(self, text: str) -> Iterator[Finding]:
        for plain, kind in self._kinds.items():
            start = text.find(plain)
            while start >= 0:
                end = start + len(plain)
                if not _goes_on(text, start) and not _goes_on(text, end):
                    yield Finding(start, end, kind, "lan", 0.4)
                start = text.find(plain, start + 1)


def _goes_on(text: str, place: int) -> bool:
    """Whether a place is inside a word or number."""
    return 0 < place < len(text) and text[place - 1].isalnum() and text[place].isalnum()
