"""How fast a model answers: counted in bins, and compared with what is usual for it (pure)."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

LEAST_NOW = 3
LEAST_USUAL = 20
"""With fewer answers than these nothing is compared."""

SLOWER, FASTER = 0.8, 1.25
"""Below and above these parts of what is usual it is worth a word."""


@dataclass(frozen=True)
class Scale:
    """
    Bins for values above 0, each reaching `factor` times as high as the one before.

    Attributes:
        lowest: How high the first bin reaches.
        bins: How many there are; the last takes what is higher as well.
    """

    lowest: float
    factor: float
    bins: int

    @cached_property
    def _bounds(self) -> list[float]:
        return [self.lowest * self.factor**number for number in range(self.bins - 1)]

    def bin_of(self, value: float) -> int:
        """The number of the bin a value falls into."""
        return bisect_left(self._bounds, value)

    def median(self, counts: Sequence[int]) -> float | None:
        """The (lower) median of the values that were counted, within its bin; None without any."""
        rank, before = (sum(counts) + 1) // 2, 0
        for number, count in enumerate(counts):
            if count and before + count >= rank:
                # Within a bin the values are taken to lie evenly.
                return float(self.lowest * self.factor ** (number - 1 + (rank - before - 0.5) / count))
            before += count
        return None


TOKENS = Scale(lowest=0.5, factor=1.1, bins=80)
"""Tokens per second, to about 930; a median is right to 10 %."""

FIRST = Scale(lowest=0.005, factor=1.2, bins=66)
"""Seconds until the first token, to about 700."""


@dataclass
class Counted:
    """Answers by their tokens per second, and by the seconds until their first token."""

    tokens: list[int] = field(default_factory=lambda: [0] * TOKENS.bins)
    first: list[int] = field(default_factory=lambda: [0] * FIRST.bins)

    def add(self, tokens_per_second: float, first_token_seconds: float) -> None:
        """Count one answer."""
        self.tokens[TOKENS.bin_of(tokens_per_second)] += 1
        self.first[FIRST.bin_of(first_token_seconds)] += 1

    def join(self, other: "Counted") -> None:
        """Count those of another; `ValueError` when they were counted in other bins."""
        tokens = [one + more for one, more in zip(self.tokens, other.tokens, strict=True)]
        first = [one + more for one, more in zip(self.first, other.first, strict=True)]
        self.tokens, self.first = tokens, first

    @property
    def answers(self) -> int:
        """How many there are."""
        return sum(self.tokens)


def compared(now: float | None, answers_now: int, usual: float | None, answers: int) -> str:
    """What tokens per second now are beside the usual ones, in words."""
    if not answers_now:
        return "no answers in the last minutes"
    if not now or not usual or answers_now < LEAST_NOW or answers < LEAST_USUAL:
        return "not enough answers yet"
    part = now / usual
    if SLOWER <= part <= FASTER:
        return "as usual"
    if part < SLOWER:
        return (
            f"slower than usual ({part:.1g} of it)" if part < 0.1 else f"slower than usual ({part:.1f} of it)"
        )
    return f"faster than usual ({part:.1f} times)"
