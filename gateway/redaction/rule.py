"""A rule: a pattern, what surrounds it, and a check of what it found; run in linear time by RE2."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from gateway.redaction.finding import Finding
from gateway.redaction.shadow import pattern

_NEAR = 48
"""Characters before a value in which a word may say what it is."""


@dataclass(frozen=True)
class Rule:
    """
    What one kind of value looks like.

    Attributes:
        name: Told with each finding.
        type: Of the findings; one of `finding.TYPES`.
        pattern: RE2; its one group `v`, if it has one, is the value.
        check: Whether the value found is one (checksums).
        near: RE2, lower case; must be found in the 48 characters before the value.
        signs: One of these must occur in the text (lower case), or the pattern is not tried.
        whole: No letter or digit may stand before or after.
        score: Of two findings that overlap, the better one names the type.
    """

    name: str
    type: str
    pattern: str
    check: Callable[[str], bool] | None = None
    near: str = ""
    signs: tuple[str, ...] = ()
    whole: bool = True
    score: float = 0.9

    @cached_property
    def _compiled(self) -> Any:
        return pattern(self.pattern)

    @cached_property
    def _group(self) -> int:
        return min(1, int(self._compiled.groups))

    @cached_property
    def _signs(self) -> tuple[bytes, ...]:
        return tuple(sign.encode() for sign in self.signs)

    @cached_property
    def _near(self) -> Any:
        return pattern(self.near) if self.near else None

    def find(self, text: str, encoded: bytes, lowered: bytes) -> Iterator[Finding]:
        """
        Where the rule holds.

        Args:
            text: The shadow of a view.
            encoded: The same as bytes.
            lowered: The same in lower case.
        """
        if self.signs and not any(sign in lowered for sign in self._signs):
            return
        for found in self._compiled.finditer(encoded):
            start, end = found.span(self._group)
            if start < end and self._holds(text, lowered, start, end):
                yield Finding(start, end, self.type, self.name, self.score)

    def _holds(self, text: str, lowered: bytes, start: int, end: int) -> bool:
        if self.whole and _touched(text, start, end):
            return False
        if self._near is not None and not self._near.search(lowered[max(0, start - _NEAR) : start]):
            return False
        return self.check is None or self.check(text[start:end])


def _touched(text: str, start: int, end: int) -> bool:
    """Whether a letter or digit goes on where the value begins or ends."""
    before = start and text[start].isalnum() and text[start - 1].isalnum()
    return bool(before or (end < len(text) and text[end - 1].isalnum() and text[end].isalnum()))


def found_by(rules: Iterable[Rule], text: str) -> Iterator[Finding]:
    """What any of the rules finds in the shadow of a view."""
    encoded = text.encode()
    lowered = encoded.lower()
    for rule in rules:
        yield from rule.find(text, encoded, lowered)
