"""
Two channels, a local microphone and the remote side: which words of the microphone were said here (pure).

Energy decides, never the text alone: a far end that echoes, or a person who repeats what was just said,
would lose whole sentences.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from gateway.audio.bands import FRAMES, RATE, Energies, bands, loudness
from gateway.audio.echo import Echo, can_tell, excess, find_echo, find_lag
from gateway.audio.likeliest import likeliest
from gateway.audio.transcript import Word

_WINDOW = 120 * FRAMES
"""Frames that share one lag and one gain: clocks drift, people turn the volume."""
_CONTEXT = FRAMES
"""Frames before a window whose remote speech may still be heard in it."""

_LOCAL_ABOVE = 1.0
"""Decibels by which what is left of a word exceeds the bleed, when it was said here as likely as not."""
_PER_DECIBEL = 0.2
_MOST = 3.0
_SAME_TEXT = 2.0
"""Decibels off when the remote side says the same word at that moment."""
_SAME_TIME = 0.2
_SWITCH = 0.5
"""What a change between here and there costs, less after a pause."""
_PAUSE = 0.5


def said_here(mic: Any, remote: Any, mic_words: Sequence[Word], remote_words: Sequence[Word]) -> list[bool]:
    """
    Of each word of the microphone, whether the local person said it.

    Where no bleed is found, every word is local.

    Args:
        mic: Samples at 16 kHz: an array of floats or integers, also one on disk; it is read piece by piece.
        remote: The same of the other side, from the same moment on.
        mic_words: What was heard on the microphone, sorted by their starts.
        remote_words: What was heard on the other side.
    """
    decibels = [_MOST / _PER_DECIBEL] * len(mic_words)
    for start, end, echo, left, explained in _windows(mic, remote):
        lag = echo.lag / FRAMES
        for at, word in enumerate(mic_words):
            if start <= word.start * FRAMES < end:
                margin = _margin(word, left, explained, start)
                same = _SAME_TEXT if _is_said_there(word, remote_words, lag) else 0.0
                decibels[at] = margin - same - _LOCAL_ABOVE
    return _smoothed(mic_words, decibels)


def _windows(mic: Any, remote: Any) -> Iterator[tuple[int, int, Echo, Energies, Energies]]:
    """Windows with bleed: first and last frame, its echo, and of each frame what is left and what is not."""
    frames = min(len(mic), len(remote)) * FRAMES // RATE
    lag: int | None = None
    echo: Echo | None = None
    for start in range(0, frames, _WINDOW):
        end = min(start + _WINDOW, frames)
        first = max(0, start - _CONTEXT)
        near, far = _samples(mic, first, end), _samples(remote, first, end)
        near_bands, far_bands = bands(near), bands(far)
        if can_tell(loudness(far)):
            lag = find_lag(loudness(near), loudness(far))
            echo = None if lag is None else find_echo(near_bands, far_bands, lag)
        if echo is not None and len(near_bands) > start - first + 1:
            left, explained = excess(near_bands, far_bands, echo)
            yield start, end, echo, left[start - first :], explained[start - first :]


def _samples(side: Any, first: int, end: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    hop = RATE // FRAMES
    return np.asarray(side[first * hop : end * hop], dtype=np.float32)


def _margin(word: Word, left: Energies, explained: Energies, start: int) -> float:
    """Decibels by which what is left of a word exceeds what is explained."""
    first = min(int(word.start * FRAMES) - start, len(left) - 2)
    last = max(first + 2, round(word.end * FRAMES) - start)
    over, under = float(left[first:last].sum()), float(explained[first:last].sum())
    return float(10 * np.log10((over + 1e-30) / (under + 1e-30) + 1e-3))


def _is_said_there(word: Word, remote_words: Sequence[Word], lag: float) -> bool:
    text = word.text.strip().casefold()
    then = word.start - lag
    first = bisect_left(remote_words, then - _SAME_TIME, key=_start)
    last = bisect_left(remote_words, then + _SAME_TIME, key=_start)
    return any(other.text.strip().casefold() == text for other in remote_words[first:last])


def _start(word: Word) -> float:
    return word.start


def _smoothed(words: Sequence[Word], decibels: Sequence[float]) -> list[bool]:
    """Neighbours decide together: a single word in the middle of a sentence has no other speaker."""
    if not words:
        return []
    scores = [(0.0, max(-_MOST, min(_MOST, value * _PER_DECIBEL))) for value in decibels]
    pauses = [max(0.0, word.start - before.end) for before, word in pairwise(words)]
    costs = [0.0, *(_SWITCH * float(np.exp(-pause / _PAUSE)) for pause in pauses)]
    return [choice == 1 for choice in likeliest(scores, costs)]
