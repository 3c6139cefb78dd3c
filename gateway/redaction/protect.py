"""What looks like a number or a name and is none: versions, machines' identifiers, times, links."""

from bisect import bisect_right

from gateway.redaction.finding import Finding
from gateway.redaction.shadow import pattern
from gateway.redaction.wordset import words

_KEPT = pattern(
    r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
    r"|\b(?:[0-9a-f]{40}|sha256:[0-9a-f]{64})\b"
    r"|\b\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d)?(?:[.,]\d{1,9})?(?:z|[+-]\d\d:?\d\d)?"
    r"|\bv?\d{1,4}\.\d{1,4}\.\d{1,5}(?:[-+.](?:[0-9a-z]{0,6}[a-z][0-9a-z.]{0,20}))?\b"
    r"|\bhttps?://[^\s?#@\"'<>]{1,300}"
    r"|\[(?:PERSON|EMAIL|PHONE|ADDRESS)_\d+[A-Z]*\]"
)
_NUMERIC = words(
    """
    PHONE CARD ACCOUNT NATIONAL_ID TAX_ID ID CODE MEDICAL_ID DRIVER_LICENCE PERSON USERNAME VEHICLE
    """
)
_SURE = 0.86


class Kept:
    """Spans that findings of weak rules may not touch."""

    def __init__(self, spans: list[tuple[int, int]]) -> None:
        self._starts = [start for start, _ in spans]
        self._ends = [end for _, end in spans]

    def covers(self, one: Finding) -> bool:
        """Whether a finding lies wholly in a kept span, and its rule is not a sure one."""
        if one.type not in _NUMERIC or one.score > _SURE:
            return False
        at = bisect_right(self._starts, one.start) - 1
        return at >= 0 and one.end <= self._ends[at]


def protected(text: bytes) -> Kept:
    """The kept spans of a view, by its shadow."""
    return Kept([found.span() for found in _KEPT.finditer(text)])
