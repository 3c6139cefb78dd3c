"""Many known phrases, found in a text in one walk over its words."""

import re
from collections.abc import Iterable, Iterator

from gateway.redaction.fold import fold

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 32
"""Words by which a longer phrase is known."""

_APART = 4
"""Characters that may stand between two words of a phrase."""


def folded_words(phrase: str) -> str:
    """The first 32 words of a phrase, folded, spaces between: what two ways to write it have in common."""
    return " ".join(fold(word) for word in _WORD.findall(phrase)[:_LONGEST])


class Phrases:
    """
    Phrases by their words, whatever the case, the accents and the signs between them.

    The walk costs at each word as many looks as the longest phrase that begins with it has words, 32 at most.
    """

    def __init__(self, phrases: Iterable[str] = ()) -> None:
        self._whole: set[str] = set()
        self._longest: dict[str, int] = {}
        for phrase in phrases:
            self.add(phrase)

    def add(self, phrase: str) -> None:
        """Take one more; one without letters and digits is not taken."""
        whole = folded_words(phrase)
        first, spaces = whole.partition(" ")[0], whole.count(" ")
        if whole:
            self._whole.add(whole)
            self._longest[first] = max(spaces + 1, self._longest.get(first, 0))

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Spans of the longest phrases, none overlapping another."""
        if not self._whole:
            return
        words = [(fold(found[0]), found.start(), found.end()) for found in _WORD.finditer(text)]
        index = 0
        while index < len(words):
            most = self._longest.get(words[index][0])
            size = self._size(words, index, most) if most else 0
            if size:
                yield words[index][1], words[index + size - 1][2]
            index += size or 1

    def _size(self, words: list[tuple[str, int, int]], index: int, most: int) -> int:
        """How many words the longest phrase that begins at a word has; 0 when none does."""
        told, best, end = "", 0, words[index][2]
        for place in range(index, min(index + most, len(words))):
            word, start, behind = words[place]
            if start - end > _APART:
                break
            told = f"{told} {word}" if told else word
            end = behind
            if told in self._whole:
                best = place - index + 1
        return best
