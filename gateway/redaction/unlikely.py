"""Words of the dictionary that are names by where they stand in a run."""

from gateway.redaction.lexicon import Name
from gateway.redaction.page import PARTICLES, Page
from gateway.redaction.wordset import words

NO_PERSON = words(
    """
    the a an this that these those my your our his her their its no each every some any
    """
)
_TITLES = words(
    """
    mr mrs ms miss dr prof judge sir herr frau mme mlle by and or to in on at of for from with
    """
)


def must_be_name(page: Page, first: int, index: int) -> bool:
    """A word of the dictionary behind an initial or a particle of a name, or a numeral: Vera K. Meadow."""
    word, before = page.words[index], page.words[index - 1]
    if (
        not word.capital
        or word.code
        or all(page.words[at].known.name is Name.NO for at in range(first, index))
    ):
        return False
    if word.text in ("II", "III", "IV", "Jr", "Sr", "PhD", "MD"):
        return True
    return (
        page.is_initial(index - 1) or (before.known.folded in PARTICLES and not before.capital)
    ) and index - 1 > first


def has_middle_initial(page: Page, index: int) -> bool:
    """An ordinary word before an initial and a name: Rose J. Ostrander."""
    then = page.words[index + 2]
    if (
        page.between(index + 1) != " "
        or not page.is_initial(index + 1)
        or not page.goes_on(index + 2)
        or not then.capital
    ):
        return False
    return (
        then.known.name in (Name.YES, Name.UNKNOWN)
        and page.words[index].known.folded not in NO_PERSON | _TITLES
    )


def with_unlikely_surname(page: Page, last: int) -> int:
    """One more capitalised word of the dictionary behind a given name: John Apple."""
    index = last + 1
    named = page.words[last].known
    fitting = (
        named.given is Name.YES
        or page.is_initial(last)
        or (named.name is Name.UNKNOWN and not page.words[last].starts)
    )
    if not fitting or index >= len(page.words) or page.in_capitals(last):
        return last
    word = page.words[index]
    fits = (
        word.capital and not word.upper and not word.code and not word.starts and page.between(index) == " "
    )
    then = page.words[index + 1] if index + 1 < len(page.words) else None
    heading = then is not None and then.capital and page.between(index + 1) == " " and then.known.ordinary
    return index if fits and not heading and len(word.text) > 2 else last
