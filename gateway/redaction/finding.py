"""A finding: where a sensitive value stands, what it is, and which rule said so."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from operator import attrgetter

TYPES = (
    "PERSON", "EMAIL", "PHONE", "ADDRESS", "DOB", "USERNAME", "NATIONAL_ID", "TAX_ID", "PASSPORT",
    "DRIVER_LICENCE", "MEDICAL_ID", "IBAN", "CARD", "ACCOUNT", "CRYPTO", "IP", "MAC", "VEHICLE", "SECRET",
    "URL_TOKEN", "ID", "CODE", "KNOWN", "ORG", "LOCATION", "DATE", "AGE",
)  # fmt: skip
"""Every type a token can name; `LITERAL` beside them stands for text that only looks like a token."""


@dataclass(frozen=True, slots=True)
class Finding:
    """
    A span of a text.

    Attributes:
        start, end: Code points, end not included.
        type: One of `TYPES`.
        rule: The name of the rule, never the value.
        score: 0 to 1; of findings that overlap the better one names the type.
    """

    start: int
    end: int
    type: str
    rule: str
    score: float = 0.9


def united(findings: Iterable[Finding]) -> list[Finding]:
    """
    Findings in order, those that overlap made one: nothing that any rule found is left out.

    The type is that of the best score, the longest at a tie.
    """
    done: list[Finding] = []
    for found in sorted(findings, key=attrgetter("start", "end")):
        if not done or found.start >= done[-1].end:
            done.append(found)
            continue
        last = done[-1]
        best = max(last, found, key=lambda one: (one.score, one.end - one.start))
        done[-1] = replace(best, start=last.start, end=max(last.end, found.end))
    return done
