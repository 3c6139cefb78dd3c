"""Text as tokens, and the words a simulated model answers with.

A token is a piece of at most six letters with the blank before it; the pieces of a text joined
are the text again. Ids are stable between processes; `detokenize` knows the ids it has given.
"""

import re
import zlib
from itertools import cycle, islice

_PIECE = re.compile(r"\s?\w{1,6}|\s?[^\w\s]|\s")
_FILLER = "and more plain words follow here so that the answer gets as long as it may be"
_VOCABULARY = 151_000

NATURAL = 16  # filler words when the client gives no limit
LONGEST = 512  # a real model too comes to an end; `ignore_eos` goes on
ECHO = 2000  # characters of the user's text that are said back


def pieces(text: str) -> list[str]:
    """The tokens of text."""
    return _PIECE.findall(text)


class Vocabulary:
    """Ids of pieces."""

    def __init__(self) -> None:
        self._pieces: dict[int, str] = {}

    def encode(self, text: str) -> list[int]:
        return [self._id(piece) for piece in pieces(text)]

    def decode(self, ids: list[int]) -> str:
        return "".join(self._pieces.get(number, "\N{REPLACEMENT CHARACTER}") for number in ids)

    def _id(self, piece: str) -> int:
        number = zlib.crc32(piece.encode()) % _VOCABULARY
        while self._pieces.setdefault(number, piece) != piece:
            number = (number + 1) % _VOCABULARY
        return number


def answer(name: str, said: str, limit: int | None, endless: bool) -> tuple[list[str], str]:
    """The tokens a model called name answers with, and why it stops (`stop` or `length`)."""
    told = pieces(f"This is {name}. You said: {said[:ECHO]}")
    if limit is None:
        return [*told, *_fill(NATURAL), "."], "stop"
    size = limit if endless else min(limit, max(LONGEST, len(told)))
    whole = told[:size] + _fill(size - len(told))
    return whole, "length" if size == limit else "stop"


def cut(tokens: list[str], stops: list[str]) -> tuple[list[str], str | None]:
    """Tokens up to the first stop string, and that string (None when none occurs)."""
    text = "".join(tokens)
    found = [(text.index(stop), stop) for stop in stops if stop and stop in text]
    if not found:
        return tokens, None
    place, stop = min(found)
    return pieces(text[:place]), stop


def _fill(count: int) -> list[str]:
    words = (" " + word for word in cycle(_FILLER.split()))
    return list(islice(words, max(count, 0)))
