"""The search: every sensitive place of a text, whatever the trick of writing, in linear time."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from gateway.redaction.finding import Finding, united
from gateway.redaction.initials import initials
from gateway.redaction.lowercase import lowercase_names
from gateway.redaction.page import Page
from gateway.redaction.positions import positions
from gateway.redaction.protect import protected
from gateway.redaction.rule import found_by
from gateway.redaction.rules.address import ADDRESS
from gateway.redaction.rules.address_rest import extended
from gateway.redaction.rules.code import CODE
from gateway.redaction.rules.contact import CONTACT
from gateway.redaction.rules.identity import IDENTITY
from gateway.redaction.rules.money import MONEY
from gateway.redaction.rules.secret import SECRET
from gateway.redaction.rules.vendor_key import VENDOR_KEY
from gateway.redaction.runs import runs
from gateway.redaction.shadow import shadow
from gateway.redaction.signature import columns, signatures
from gateway.redaction.speakers import speakers
from gateway.redaction.spreading import spread
from gateway.redaction.view import View

STRUCTURED = (*CONTACT, *MONEY, *IDENTITY, *VENDOR_KEY, *SECRET, *CODE, *ADDRESS)
Finder = Callable[[str], Iterable[Finding]]


def detect(
    text: str,
    *,
    shield: bool = True,
    language: str = "",
    names: Iterable[str] = (),
    known: Finder | None = None,
) -> list[Finding]:
    """
    The sensitive places of a text, in order, none overlapping another.

    Args:
        text: Any text.
        shield: Take capitalised words of no list for names.
        language: One of `writing.language_of`; blank: told by the text.
        names: Folded words of names accepted before in the same task.
        known: Finds the known people in a view.
    """
    view = View(text)
    found = list(_in_view(view.text, shield=shield, language=language, names=names, known=known))
    return united(Finding(*view.span(one.start, one.end), one.type, one.rule, one.score) for one in found)


def _in_view(
    text: str, *, shield: bool, language: str, names: Iterable[str], known: Finder | None
) -> Iterator[Finding]:
    seen = shadow(text)
    encoded = seen.encode()
    kept = protected(encoded)
    exact = [_whole(one, encoded) for one in found_by(STRUCTURED, seen) if not kept.covers(one)]
    page = Page(text, language)
    people = [
        *initials(encoded),
        *positions(page),
        *signatures(page),
        *speakers(page),
        *columns(page),
        *runs(page, shield=shield),
        *lowercase_names(page),
    ]
    people = [one for one in people if not kept.covers(one)]
    people += [one for one in spread(page, [*exact, *people], names) if not kept.covers(one)]
    yield from exact
    yield from joined(text, people)
    if known is not None:
        yield from known(text)


def _whole(one: Finding, encoded: bytes) -> Finding:
    return replace(one, end=extended(encoded, one.end)) if one.type == "ADDRESS" else one


def joined(text: str, people: Iterable[Finding]) -> Iterator[Finding]:
    """Persons with nothing but a space between them are one."""
    last: Finding | None = None
    for one in united(people):
        if (
            last is not None
            and text[last.end : one.start] in (" ", "-", " - ", ". ")
            and "\n" not in text[last.end : one.start]
        ):
            last = replace(last, end=one.end, score=max(last.score, one.score))
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last
