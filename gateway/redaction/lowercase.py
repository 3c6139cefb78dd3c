"""Names in texts whose writer uses no capitals."""

from collections.abc import Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page
from gateway.redaction.wordset import words

_BEFORE = words(
    """
    did does has is was ask asked tell told call called text texted email emailed ping pinged with from
    to for by and or hi hey hello dear thanks meet met see saw contact invite invited cc love miss mr
    mrs ms dr aunt uncle named about given
    """
)
_WORDS = words(
    """
    carol robin serge patty nick matt dick jenny harry jack lea ken dirk graham margarita marina barney
    max august roman
    """
)
"""Given names that small letters make ordinary words of."""

_NO_SURNAMES = words(
    """
    will long best case last next good well work call read love page park short small street right light
    close hope hand house home hall post price power quick sharp strong sweet young may can like day new
    just also back over down
    """
)
_SPEAKS = words(
    """
    said says asked told wrote called has had was is lives lived works worked wants wanted needs needed
    will would sent sends gave reports reported logged opened created cannot can
    """
)


def lowercase_names(page: Page) -> Iterator[Finding]:
    """Given names of the lists with what follows them, and unknown words where people are spoken of."""
    if not page.lower_case:
        yield from _users(page)
        return
    index, listed = 0, -2
    while index < len(page.words):
        last = index
        if (
            _begins(page, index)
            or _begins_row(page, index)
            or (listed == index - 1 and _in_list(page, index))
        ):
            while last + 1 < len(page.words) and last - index < 3 and _continues(page, last + 1):
                last += 1
            listed = last
            yield page.finding(index, last, "lower-case", 0.6)
        elif listed == index - 1 and page.words[index].text == "and":
            listed = index
        index = last + 1


def _begins(page: Page, index: int) -> bool:
    word = page.words[index]
    if word.code or len(word.text) < 3:
        return False
    if word.known.given is Name.YES and (word.known.folded not in _WORDS or _continues(page, index + 1)):
        return True
    if page.language != "english" or not _odd(page, index):
        return False
    before = page.words[index - 1].known.folded if index else ""
    then = page.words[index + 1].known.folded if index + 1 < len(page.words) else ""
    if (
        not word.text.isascii()
        or (before in _BEFORE and len(word.text) > 3)
        or (word.starts and then in _SPEAKS)
    ):
        return True
    return len(word.text) > 4 and _continues(page, index + 1) and len(then) != 2


def _begins_row(page: Page, index: int) -> bool:
    """The first of three or more words of no dictionary, commas between: pero, rogge, arnesen and ana."""
    row = range(index, index + 3)
    return index + 2 < len(page.words) and all(
        (at == index or page.between(at) == ", ") and _odd(page, at) and len(page.words[at].text) > 2
        for at in row
    )


def _odd(page: Page, index: int) -> bool:
    """A word of no dictionary, and no drawn-out one: soooo."""
    word = page.words[index]
    drawn = any(3 * one in word.known.folded for one in set(word.known.folded))
    return word.known.name in (Name.UNKNOWN, Name.YES) and not drawn and not word.code


def _in_list(page: Page, index: int) -> bool:
    """One more of names in a row: anna, chad and caleb."""
    word = page.words[index]
    return (
        page.between(index) in (", ", " ")
        and (_odd(page, index) or word.known.given is not Name.NO)
        and len(word.text) > 2
    )


def _continues(page: Page, index: int) -> bool:
    """A surname behind a given name; a single letter or a particle may stand between."""
    if index >= len(page.words) or page.between(index) not in (" ", ". "):
        return False
    word = page.words[index]
    article = "iu" if page.words[index - 1].known.given is Name.YES else "iau"
    if (len(word.text) == 1 and word.text not in article) or word.known.folded in PARTICLES:
        return (
            index + 1 < len(page.words) and page.between(index + 1) in (" ", ". ") and _odd(page, index + 1)
        )
    if page.between(index) == ". ":
        return len(page.words[index - 1].text) == 1 and _odd(page, index)
    if word.known.surname is Name.WORD and page.words[index - 1].known.given is Name.YES:
        return word.known.folded not in _NO_SURNAMES
    return _odd(page, index) and len(word.text) > 3


def _users(page: Page) -> Iterator[Finding]:
    """A word of no dictionary, in small letters, that begins a sentence and acts: a user name."""
    for index, word in enumerate(page.words[:-1]):
        if (
            not word.capital
            and word.starts
            and not word.code
            and len(word.text) > 4
            and word.known.name is Name.UNKNOWN
            and page.words[index + 1].known.folded in _SPEAKS
            and page.between(index + 1) == " "
        ):
            yield Finding(word.start, word.end, "USERNAME", "user-acts", 0.6)
