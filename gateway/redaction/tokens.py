"""Tokens: how one is written, and how it is found again after a model has changed it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gateway.redaction.finding import TYPES

LITERAL = "LITERAL"
"""The type of a token that stands for text which only looked like a token."""

_SPACE = "[ \u00a0\u2007\u202f]"
_UNDERSCORE = r"(?:\\{0,2}_|&#95;|&lowbar;|%5[Ff]|\\u005[fF])"
_SEPARATOR = rf"(?:{_UNDERSCORE}|\\?[-\u2010\u2011\u2012\u2013—\u2212]|{_SPACE})"
_LEFT = (
    r"(?:\\{0,2}[\[<{«\u2039⟦⟨〈【「]|&(?:lt|lbrack|lsqb|lbrace|lcub|laquo|#91|#60|#123|#171);|\\u00"
    r"(?:5[bB]|3[cC]|7[bB]|[aA][bB])|%(?:5[bB]|3[cC]|7[bB]))"
)
_RIGHT = (
    r"(?:\\{0,2}[\]>}»\u203a⟧⟩〉】」]|&(?:gt|rbrack|rsqb|rbrace|rcub|raquo|#93|#62|#125|#187);|\\u00"
    r"(?:5[dD]|3[eE]|7[dD]|[bB][bB])|%(?:5[dD]|3[eE]|7[dD]))"
)


def _written(kind: str) -> str:
    return _SEPARATOR.join(kind.split("_"))


_KINDS = "|".join(map(_written, sorted((*TYPES, LITERAL), key=len, reverse=True)))
_EDGE = (
    r"(?:(?<![A-Za-z0-9])|(?<=\\u00[57][bB])|(?<=\\u003[cC])|(?<=\\u00[aA][bB])|(?<=%[57][bB])|(?<=%3[cC]))"
)
"""No letter and no digit stands before, or they are the end of an escape that stands for a bracket."""

_CORE = re.compile(
    rf"{_EDGE}({_KINDS})({_SEPARATOR})0{{0,8}}([1-9][0-9]{{0,6}})([A-Za-z])?"
    r"(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BEFORE = re.compile(rf"(?:{_LEFT}{_SPACE}{{0,2}}){{1,3}}$")
_AFTER = re.compile(rf"(?:{_SPACE}{{0,2}}{_RIGHT}){{1,3}}")
_BETWEEN = re.compile(rf"{_SEPARATOR}")
_UNDERSCORED = re.compile(_UNDERSCORE)
_WIDEST = 30
"""Characters that three brackets can take in any notation."""

LONGEST = 48
"""Characters of the longest token in any notation that a stream holds back."""


@dataclass(frozen=True, slots=True)
class Token:
    """
    One token in a text.

    Attributes:
        start, end: With its brackets.
        type: One of `finding.TYPES`, or `LITERAL`.
        number: Counts from 1 for each type of a task.
        form: Blank, or a letter from B on: another form of the same person's name.
        exact: Written just as it was given out.
    """

    start: int
    end: int
    type: str
    number: int
    form: str
    exact: bool

    @property
    def text(self) -> str:
        """As it was given out."""
        return written(self.type, self.number, self.form)


def written(kind: str, number: int, form: str = "") -> str:
    """A token as it is given out: `[PERSON_1]`, `[PERSON_1B]`."""
    return f"[{kind}_{number}{form}]"


def tokens(text: str) -> Iterator[Token]:
    """
    Everything in a text that can be a token, in order, none overlapping another.

    An exact one takes just its own brackets; a changed one up to three of any kind on each side. Without
    brackets only with an underscore, so that "person 1" in prose stays.
    """
    end = 0
    for found in _CORE.finditer(text):
        token = _token(text, found, end)
        if token is not None:
            yield token
            end = token.end


def _token(text: str, found: "re.Match[str]", least: int) -> Token | None:
    start, end = found.span()
    kind = _BETWEEN.sub("_", found[1]).upper()
    form = (found[4] or "").upper()
    if text[start - 1 : start] == "[" and start - 1 >= least and text[end : end + 1] == "]":
        exact = text[start - 1 : end + 1] == written(kind, int(found[3]), form)
        if exact:
            return Token(start - 1, end + 1, kind, int(found[3]), form, exact=True)
    before = _BEFORE.search(text[max(least, start - _WIDEST) : start])
    after = _AFTER.match(text, end, end + _WIDEST)
    if before and after:
        return Token(start - len(before[0]), after.end(), kind, int(found[3]), form, exact=False)
    if _UNDERSCORED.fullmatch(found[2]):
        return Token(start, end, kind, int(found[3]), form, exact=False)
    return None


def _beginnings(pieces: list[str]) -> str:
    """A pattern for every beginning of what the pieces match in a row."""
    told = ""
    for piece in reversed(pieces):
        told = f"(?:{piece}{told})?"
    return told


def _begun() -> str:
    """A pattern for every beginning of a token."""
    tail = (
        rf"(?:{_SEPARATOR}(?:0{{0,8}}[0-9]{{0,7}}[A-Za-z]?"
        rf"(?:{_SPACE}{{0,2}}{_RIGHT}){{0,3}}{_SPACE}{{0,2}})?)?"
    )
    pieces = (
        _beginnings([re.escape(one) if one != "_" else _SEPARATOR for one in kind] + [tail or ""])
        for kind in (*TYPES, LITERAL)
    )
    return "|".join(pieces)


_CUT_ESCAPE = r"(?:&[A-Za-z#0-9]{0,7}|\\{1,2}(?:u[0-9a-fA-F]{0,3})?|%[0-9a-fA-F]?)"
_UNFINISHED = re.compile(
    rf"(?:(?:{_LEFT}{_SPACE}{{0,2}}){{1,3}}|(?<![A-Za-z0-9]))(?:{_begun()}){_CUT_ESCAPE}?\Z"
    rf"|{_CUT_ESCAPE}\Z",
    re.IGNORECASE,
)


def safe_length(text: str) -> int:
    """How much of the beginning of a stream's text cannot become part of a token by what comes next."""
    window = max(0, len(text) - LONGEST)
    found = _UNFINISHED.search(text, window)
    if found is None or found.start() == len(text):
        return len(text)
    done = next(
        (
            token
            for token in tokens(text[found.start() :])
            if token.exact and token.end == len(text) - found.start()
        ),
        None,
    )
    return len(text) if done else found.start()
