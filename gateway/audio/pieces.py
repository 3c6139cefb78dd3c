"""Where a long recording is cut: at silences, in pieces that overlap and are short enough to send (pure)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from gateway.audio.bands import FRAMES, Energies

OVERLAP = 1.0
"""Seconds that a piece reaches over each of its cuts, so that no word is heard in halves only."""

_QUIET = int(0.4 * FRAMES)
"""Frames of silence that are looked for."""
_SEARCHED = 0.4
"""The last part of a piece in which its cut is looked for: a shorter piece costs a request more."""


@dataclass(frozen=True, slots=True)
class Piece:
    """
    A part of a recording; seconds from its beginning.

    Attributes:
        start, end: What is sent.
        first, last: What counts of the answer; the pieces' share the whole recording between them.
    """

    start: float
    end: float
    first: float
    last: float


def plan(loudness: Energies, longest: float) -> list[Piece]:
    """
    The pieces of a recording in their order; one when it is short enough.

    Args:
        loudness: Of the recording, in frames of 10 ms.
        longest: Seconds of a piece at most, more than four times the overlap.
    """
    seconds = len(loudness) / FRAMES
    if seconds <= longest:
        return [Piece(0.0, seconds, 0.0, seconds)]
    cuts = [0.0]
    while seconds - cuts[-1] > longest - OVERLAP:
        cuts.append(_cut(loudness, cuts[-1], longest - 2 * OVERLAP))
    cuts.append(seconds)
    return [
        Piece(max(0.0, first - OVERLAP), min(seconds, last + OVERLAP), first, last)
        for first, last in pairwise(cuts)
    ]


def _cut(loudness: Energies, after: float, room: float) -> float:
    """The quietest moment in the last part of the room, the latest of several."""
    start = round((after + room * (1 - _SEARCHED)) * FRAMES)
    end = min(round((after + room) * FRAMES), len(loudness))
    quiet = _quietness(loudness[max(0, start - _QUIET) : end + _QUIET])[min(start, _QUIET) :][: end - start]
    return (end - 1 - int(np.argmin(quiet[::-1]))) / FRAMES


def _quietness(loudness: Energies) -> Energies:
    """The energy around each frame: low in the middle of a silence."""
    padded = np.pad(loudness, (_QUIET // 2, _QUIET - _QUIET // 2 - 1), mode="edge")
    sums = np.concatenate([[0.0], np.cumsum(padded, dtype=np.float64)])
    return np.asarray(sums[_QUIET:] - sums[:-_QUIET], dtype=np.float64)
