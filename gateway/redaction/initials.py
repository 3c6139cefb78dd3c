"""Persons of whom the initials stand in the text: J.P., F. L., also glued to a title: MmeE. Example."""

from collections.abc import Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.shadow import pattern

_INITIALS = pattern(r"\b[A-Z]\.[ -]?[A-Z]\.(?:[ -]?[A-Z]\.)?")
_GLUED = pattern(r"\b(?:Mmes?|Mlles?|MM|Mrs?|Ms|Dr)([A-Z]\.(?:[ -]?[A-Z]\.)* [A-Z][A-Za-z'-]+)")
"""As in texts taken out of a printed page, where the end of Mme stood higher and smaller."""

_NOBODY = frozenset(
    b"""
US UK UN EU SA NV BV AM PM DC LA NY PS QC NB PO DOB USA UAE AG SL SPA SRL BA MA BS MS MD PHD JD RN
AD BC CV IE EG NO PP VS HR IT AI TV AK OK RIP CEO ID QA NO XX EC EEC USSR NI SS MBA DDS DO RA
""".split()
)


def initials(encoded: bytes) -> Iterator[Finding]:
    """
    Two or three initials, each with its full stop, that are no common abbreviation; a name behind its title.

    Args:
        encoded: The shadow of a view.
    """
    for found in _GLUED.finditer(encoded):
        yield Finding(found.start(1), found.end(1), "PERSON", "glued-title", 0.7)
    for found in _INITIALS.finditer(encoded):
        start, end = found.span()
        plain = found[0].replace(b".", b"").replace(b" ", b"").replace(b"-", b"")
        after = encoded[end : end + 1]
        if plain not in _NOBODY and not (
            after.isalnum() or encoded[start - 1 : start] in (b".", b"@") or after == b"."
        ):
            yield Finding(start, end, "PERSON", "initials", 0.5)
