"""Who speaks in a chat, and who is spoken to: the name that begins a line, the one behind an @."""

from collections.abc import Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.lexicon import Name
from gateway.redaction.page import Page
from gateway.redaction.shadow import pattern

_TIME = r"[\[(]?(?:\d{4}-\d\d-\d\d[t ,]{1,2})?\d{1,2}:\d\d(?::\d\d)?(?: ?[ap]m)?[\])]?[ ,-]{1,3}"
_SPEAKER = pattern(rf"(?im)^({_TIME})?[<@]?([a-z]{{3,20}})[>:]{{1,2}} ")
_SPOKEN_TO = pattern(r"(?i)(?:^|[\s(,])@([a-z]{3,20})\b")


def speakers(page: Page) -> Iterator[Finding]:
    """Given names in these places; those that are words as well only behind a time."""
    for found in _SPEAKER.finditer(page.shadow):
        yield from _given_at(page, found.start(2), "speaker", Name.WORD if found.start(1) >= 0 else Name.YES)
    for found in _SPOKEN_TO.finditer(page.shadow):
        yield from _given_at(page, found.start(1), "spoken-to", Name.YES)


def _given_at(page: Page, place: int, rule: str, least: Name) -> Iterator[Finding]:
    index = page.index_at(place)
    word = page.words[index] if index < len(page.words) else None
    if word is not None and word.start == place and word.known.given in {least, Name.YES}:
        yield page.finding(index, index, rule, 0.7)
