"""When one speaker talks, by the diarizer: how much of a stretch, and how far away (pure)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import NamedTuple

FAR = 9.0
"""Seconds: whoever is further away is no further away than this."""


class Stretch(NamedTuple):
    """
    Speech of one speaker near a moment.

    Attributes:
        distance: Seconds to its nearest edge; 0: they touch or overlap.
        start, end: Its own, in seconds.
    """

    distance: float
    start: float
    end: float


class Activity:
    """
    The stretches in which one speaker talks, united and in order; a question costs a binary search.

    Args:
        stretches: Start and end in seconds, in any order, at least one; they may overlap.
        bridge: Silences up to this many seconds count as talking.
    """

    def __init__(self, stretches: Iterable[tuple[float, float]], bridge: float = 0.0) -> None:
        united: list[tuple[float, float]] = []
        for start, end in sorted(stretches):
            if united and start - united[-1][1] <= bridge:
                united[-1] = (united[-1][0], max(united[-1][1], end))
            else:
                united.append((start, end))
        self._starts = [start for start, _ in united]
        self._ends = [end for _, end in united]
        self._before = [0.0, *accumulate(end - start for start, end in united)]

    def share(self, start: float, end: float) -> float:
        """How much of a stretch that lasts is talked through, 0 to 1."""
        return (self._until(end) - self._until(start)) / (end - start)

    def nearest(self, start: float, end: float) -> Stretch:
        """The stretch that is nearest to this one, the earlier of two."""
        at = bisect_left(self._ends, start)
        near = [self._stretch(each, start, end) for each in (at - 1, at) if 0 <= each < len(self._ends)]
        return min(near, key=lambda stretch: stretch.distance)

    def _stretch(self, at: int, start: float, end: float) -> Stretch:
        begins, ends = self._starts[at], self._ends[at]
        return Stretch(min(FAR, max(0.0, begins - end, start - ends)), begins, ends)

    def _until(self, time: float) -> float:
        """Seconds talked before a moment."""
        at = bisect_right(self._starts, time)
        if not at:
            return 0.0
        return self._before[at - 1] + min(time, self._ends[at - 1]) - self._starts[at - 1]
