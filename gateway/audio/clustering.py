"""Voiceprints of many pieces as speakers of the whole: who of one piece is who in another (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gateway.audio.options import SIMILARITY

APART = 0.18
"""What counts against one speaker for two voices per piece in which the diarizer heard both."""
MOST_APART = 3
"""Pieces that count so; a diarizer may hear one voice as two, and a ban would make them two people."""

_LONGEST = 30.0
"""Seconds of speech beyond which a voiceprint becomes no more reliable."""
_SHORTEST = 0.1

Vectors = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LocalVoice:
    """
    A speaker as the diarizer heard them in one piece of a recording.

    Attributes:
        piece: Which piece.
        voiceprint: Numbers of any scale, as many as those of the others; not all 0.
        seconds: How long they talk in it.
    """

    piece: int
    voiceprint: Sequence[float]
    seconds: float


def cluster(
    voices: Sequence[LocalVoice], *, similarity: float = SIMILARITY, speakers: int | None = None
) -> list[int]:
    """
    The speaker of each voice, counted from 0 in the order in which they first appear.

    The two groups most alike become one, again and again, compared by the means of their voiceprints, in
    which long speech weighs more than short.

    Args:
        voices: In the order of the recording.
        similarity: Cosine similarity below which groups stay apart, -1 to 1.
        speakers: How many there are, when that is known; then the similarity decides nothing.
    """
    if not voices:
        return []
    groups = _Groups(voices)
    while len(groups.alive) > (speakers or 1):
        one, other, alike = groups.closest()
        if speakers is None and alike < similarity:
            break
        groups.unite(one, other)
    return _in_order(groups.label)


class _Groups:
    """Voices in groups, each with the sum of its weighted voiceprints and the pieces it was heard in."""

    def __init__(self, voices: Sequence[LocalVoice]) -> None:
        prints = np.array([voice.voiceprint for voice in voices], dtype=float)
        seconds = np.array([voice.seconds for voice in voices], dtype=float)
        self._units = _units(prints)
        self._sums = self._units * np.clip(seconds, _SHORTEST, _LONGEST)[:, None]
        pieces = sorted({voice.piece for voice in voices})
        self._heard = np.array([[voice.piece == piece for piece in pieces] for voice in voices], dtype=float)
        self.alive = list(range(len(voices)))
        self.label = list(range(len(voices)))
        self._alike = np.array([self._row(at) for at in self.alive])

    def closest(self) -> tuple[int, int, float]:
        """The two groups most alike, and how much; the first of several."""
        at = int(self._alike.argmax())
        one, other = divmod(at, len(self.label))
        return one, other, float(self._alike[one, other])

    def unite(self, one: int, other: int) -> None:
        """Two groups become one, under the number of the first."""
        self._sums[one] += self._sums[other]
        self._units[one] = _units(self._sums[one : one + 1])[0]
        self._heard[one] = np.maximum(self._heard[one], self._heard[other])
        self.alive.remove(other)
        self.label = [one if label == other else label for label in self.label]
        self._alike[other, :] = self._alike[:, other] = -np.inf
        self._alike[one, :] = self._alike[:, one] = self._row(one)

    def _row(self, at: int) -> Vectors:
        """How alike a group is to each other one; -inf for itself and for those that are gone."""
        row = self._units @ self._units[at]
        row -= APART * np.minimum(self._heard @ self._heard[at], MOST_APART)
        gone = np.ones(len(row), dtype=bool)
        gone[self.alive] = False
        row[gone] = row[at] = -np.inf
        return np.asarray(row, dtype=float)


def _units(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=float)


def _in_order(labels: Sequence[int]) -> list[int]:
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels]
