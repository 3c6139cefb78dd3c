"""A page: a view with its words, lines and language, as the search for names wants it."""

from bisect import bisect_left
from functools import cached_property

from gateway.redaction.finding import Finding
from gateway.redaction.shadow import shadow
from gateway.redaction.wordset import words
from gateway.redaction.writing import Word, is_lower_case, is_upper_case, language_of, lower_words, words_of

PARTICLES = words(
    """
    van von vom der den de la le du da di del della dello dos das do el al bin ibn ben ter ten af av zu
    zum y e d l st mac lo te ni nic abu
    """
)


class Page:
    """
    One view, and what can be said of it as a whole.

    Attributes:
        text: The view.
        shadow: Of the view, for patterns.
        words: Its words, in order.
        language: See `writing.language_of`.
        lower_case: The writer uses no capitals.
    """

    def __init__(self, text: str, language: str = "") -> None:
        self.text = text
        self.shadow = shadow(text).encode()
        self.words = words_of(text)
        self.language = language or language_of(self.words)
        self.lower_case = is_lower_case(self.words)

    @cached_property
    def lower(self) -> frozenset[str]:
        """Folded words that occur in lower case, too."""
        return lower_words(self.words)

    @cached_property
    def _upper(self) -> list[bool]:
        """For each word, whether its line is written in capitals."""
        told: list[bool] = []
        line: list[Word] = []
        for word in self.words:
            if line and "\n" in self.text[line[-1].end : word.start]:
                told += [is_upper_case(line) and len(line) > 1] * len(line)
                line = []
            line.append(word)
        return told + [is_upper_case(line) and len(line) > 1] * len(line)

    def in_capitals(self, index: int) -> bool:
        """Whether the word stands in a line of capitals."""
        return self._upper[index]

    @cached_property
    def _starts(self) -> list[int]:
        return [word.start for word in self.words]

    def index_at(self, place: int) -> int:
        """The index of the first word that begins at a place of the view or behind it."""
        return bisect_left(self._starts, place)

    def between(self, index: int) -> str:
        """What stands between a word and the one before."""
        return self.text[self.words[index - 1].end if index else 0 : self.words[index].start]

    def is_initial(self, index: int) -> bool:
        """A single capital letter, or two at most with a full stop behind."""
        word = self.words[index]
        if not word.capital or word.code:
            return False
        dotted = self.text[word.end : word.end + 1] == "."
        size = word.end - word.start
        return (size == 1 and (dotted or word.text not in "AIO")) or (
            size == 2 and dotted and not word.known.ordinary
        )

    def goes_on(self, index: int) -> bool:
        """Whether a word continues the name that the word before belongs to."""
        between = self.between(index)
        if between in (" ", "", "-", " '", ' "', "\u00a0"):
            return True
        return between in (". ", ".", ".-") and (
            self.is_initial(index - 1) or self.words[index - 1].text in ("St", "Jr")
        )

    def finding(self, first: int, last: int, rule: str, score: float) -> Finding:
        """A person from one word to another."""
        end = self.words[last].end
        for possessive in ("'s", "'S"):
            if self.text.endswith(possessive, 0, end) and end - 2 > self.words[last].start:
                end -= 2
                break
        return Finding(self.words[first].start, end, "PERSON", rule, score)
