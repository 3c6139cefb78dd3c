"""Names in running text: words in a row of which the lists, or their absence from every list, say enough."""

from collections.abc import Iterator

from gateway.redaction.finding import Finding
from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page
from gateway.redaction.unlikely import NO_PERSON, has_middle_initial, must_be_name, with_unlikely_surname
from gateway.redaction.wordset import words

_MOST = 6
_SPEAKS = words(
    """
    said says asked asks told tells wrote writes called calls went goes has had was is lives lived works
    worked wants wanted needs needed thinks thought knows knew came comes met meets sent sends got gave
    gives took takes made makes likes loves will would can could should did does agreed replied answered
    left joined moved visited paid owns reported confirmed mentioned requested and
    """
)
_OBJECTS = words(
    """
    this that the these those it them all your my our his their as me us you
    """
)
_GIVES = words(
    """
    gave given told asked sent showed shown lent paid offered handed owes owed sold taught thanked met saw
    """
)
"""Verbs whose object is a person: had given Angel his address."""

_GERMAN_BEFORE = words(
    """
    mit an von bei fur durch gegen laut und oder dass ob hat ist wird kann soll will sagt meint schreibt fragt
    """
)
"""What stands before a person's bare surname, and before other nouns only with an article."""

_OF_NAMES = (
    "Mc",
    "Mac",
    "O'",
    "De",
    "Le",
    "La",
    "Di",
    "Du",
    "Van",
    "Fitz",
    "D'",
    "L'",
    "Al",
    "El",
    "St",
    "Vande",
    "Des",
)


def runs(page: Page, *, shield: bool) -> Iterator[Finding]:
    """
    Names that stand in the text without any sign beside them.

    Args:
        page: The text.
        shield: Take capitalised words that no list knows for names.
    """
    index = 0
    while index < len(page.words):
        last = _run_from(page, index)
        if last is None:
            index += 1
            continue
        told = _judge(page, index, last, shield=shield)
        if told:
            yield page.finding(index, with_unlikely_surname(page, last), *told)
        index = last + 1


def _run_from(page: Page, first: int) -> int | None:
    """The last word of the run that begins here; None when none begins."""
    if not _may_be_name(page, first):
        return None
    last, index = first, first + 1
    while index < len(page.words) and index - first < _MOST and page.goes_on(index):
        if _may_be_name(page, index) or page.is_initial(index) or must_be_name(page, first, index):
            last = index
        elif page.words[index].known.folded not in PARTICLES or _is_article(page, index):
            break
        index += 1
    return last


def _is_article(page: Page, index: int) -> bool:
    """In German these stand between any two nouns."""
    return page.language == "german" and page.words[index].known.folded in ("der", "den", "zu", "zum")


def _may_be_name(page: Page, index: int) -> bool:
    word = page.words[index]
    if word.code or not word.capital:
        return False
    if word.known.name is not Name.NO or (page.is_initial(index) and index + 1 < len(page.words)):
        return True
    return index + 2 < len(page.words) and has_middle_initial(page, index)


def _judge(page: Page, first: int, last: int, *, shield: bool) -> tuple[str, float] | None:
    """The rule and score under which a run is a name; None when it is none."""
    places = range(first, last + 1)
    names = [page.words[index].known for index in places]
    if first == last and _is_foreign_word(page, first):
        return None
    if any(one.given is Name.YES for one in names):
        return "given-name", 0.85
    if any(one.surname is Name.YES for one in names) and not (_is_german_noun(page, first) and first == last):
        return "surname", 0.75
    if shield and any(_unknown(page, index, last - first + 1) for index in places):
        return "shield", 0.5
    return _judge_words(page, first, last)


def _judge_words(page: Page, first: int, last: int) -> tuple[str, float] | None:
    """The same for a run of nothing but words of the dictionary."""
    names = [page.words[index].known for index in range(first, last + 1)]
    if first < last and names[0].given is Name.WORD and names[-1].surname is not Name.NO:
        return "name-words", 0.7
    if first < last and all(one.surname is Name.WORD for one in names) and not page.in_capitals(first):
        return "two-surnames", 0.6
    if page.is_initial(first) and names[-1].surname is Name.WORD and not page.in_capitals(first):
        return "initial-and-surname", 0.6
    if first == last and names[0].given is Name.WORD and _stands_as_name(page, first):
        return "name-word", 0.6
    return None


def _unknown(page: Page, index: int, size: int) -> bool:
    """Whether a word of no list is to be hidden."""
    word = page.words[index]
    if word.known.name is not Name.UNKNOWN or len(word.text) < 2 or word.known.folded in page.lower:
        return False
    if word.upper and not page.in_capitals(index):
        return len(word.text) > 5 or not word.text.isascii()
    if word.upper and len(word.text) < 3:
        return False
    if not word.upper and _is_camel(word.text):
        return False
    if page.language == "german":
        return size > 1 and not _has_german_ending(word.known.folded)
    return page.language == "english" or not word.starts or size > 1


def _is_german_noun(page: Page, index: int) -> bool:
    """In German every noun has a capital, and many are surnames: only what stands before can tell."""
    before = page.words[index - 1].known.folded if index and page.goes_on(index) else ""
    return page.language == "german" and before not in _GERMAN_BEFORE


def _is_foreign_word(page: Page, index: int) -> bool:
    """A capital that begins a sentence, of a word that the text also writes small: no list of ours has it."""
    word = page.words[index]
    return page.language != "english" and word.starts and word.known.folded in page.lower


def _is_camel(text: str) -> bool:
    """GitHub, but not McDonald or Jean-Luc."""
    if "-" in text or text.startswith(_OF_NAMES):
        return False
    return any(one.isupper() for one in text[1:])


def _has_german_ending(folded: str) -> bool:
    endings = (
        "ung",
        "ungen",
        "heit",
        "keit",
        "keiten",
        "schaft",
        "schaften",
        "tion",
        "tionen",
        "nummer",
        "adresse",
        "lich",
    )
    return folded.endswith(endings)


def _stands_as_name(page: Page, index: int) -> bool:
    """A capital inside a sentence, or a verb of people behind it."""
    word = page.words[index]
    if word.upper or word.known.folded in page.lower:
        return False
    if index and page.words[index - 1].known.folded in NO_PERSON and page.goes_on(index):
        return False
    after = (
        page.words[index + 1].known.folded if index + 1 < len(page.words) and page.goes_on(index + 1) else ""
    )
    before = page.words[index - 1].known.folded if index and page.goes_on(index) else ""
    if after in _OBJECTS and before not in _GIVES:
        return False
    if word.starts:
        return after in _SPEAKS or (after.endswith("ed") and len(after) > 4)
    return not _month(word.text) and not _is_title(page, index)


def _month(text: str) -> bool:
    return text in (
        "May",
        "April",
        "June",
        "August",
        "Will",
        "Christian",
        "Roman",
        "Royal",
        "Justice",
        "Judge",
        "Major",
        "General",
        "Van",
    )


def _is_title(page: Page, index: int) -> bool:
    """Whether a neighbour is a capitalised ordinary word, as in a heading or the name of a thing."""
    neighbours = [other for other in (index - 1, index + 1) if 0 <= other < len(page.words)]
    return any(
        page.words[other].capital
        and page.words[other].known.ordinary
        and not page.words[other].starts
        and page.goes_on(max(other, index))
        for other in neighbours
    )
