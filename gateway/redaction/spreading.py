"""What one place of a text says of the others: accepted names, and those in mail addresses."""

import re
from collections.abc import Iterable, Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.fold import fold
from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page

_PARTS = re.compile(r"[^\W\d_]{3,}")


def spread(page: Page, found: Iterable[Finding], more: Iterable[str] = ()) -> Iterator[Finding]:
    """
    Other places where a word of an accepted name stands.

    Args:
        page: The text.
        found: What was accepted in it.
        more: Folded words accepted elsewhere in the task.
    """
    names = set(more)
    mails: list[str] = []
    for one in found:
        value = page.text[one.start : one.end]
        if one.type == "PERSON":
            names.update(part for part in map(fold, _PARTS.findall(value)) if part not in PARTICLES)
        elif one.type == "EMAIL":
            mails.append(fold(value.partition("@")[0]))
    parts = {part for mail in mails for part in _PARTS.findall(mail)}
    for index, word in enumerate(page.words):
        told = word.known.folded
        if told in names or any(part in names for part in told.split("-")):
            if _may_be(page, index):
                yield page.finding(index, index, "spread", 0.45)
        elif word.capital and told in parts and _may_be(page, index):
            yield page.finding(index, index, "in-mail", 0.45)


def _may_be(page: Page, index: int) -> bool:
    word = page.words[index]
    if not word.capital:
        return not word.known.ordinary and len(word.text) > 3 and word.known.name is not Name.NO
    if word.known.ordinary and word.known.name is not Name.YES:
        return not word.starts and word.known.folded not in page.lower
    return True
