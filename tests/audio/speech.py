"""Words, segments and sound for the tests of audio."""

import numpy as np

from gateway.audio.bands import RATE
from gateway.audio.cleaning import RawWord, clean_words
from gateway.audio.merge import with_speakers
from gateway.audio.transcript import Segment, SpokenWord, Word


def words(*texts, start=0.0, each=0.3, gap=0.1):
    """Words one after the other, as a recogniser gives them."""
    return [
        Word(text, start + at * (each + gap), start + at * (each + gap) + each)
        for at, text in enumerate(texts)
    ]


def segment(speaker, start, end):
    return Segment(speaker, start, end)


def speakers(tokens, *segments):
    """The speaker of each `(text, start, end)`."""
    return [spoken.speaker for spoken in merged(tokens, *segments)]


def merged(tokens, *segments) -> list[SpokenWord]:
    return with_speakers(clean_words([RawWord(*token) for token in tokens]), segments)


def bursts(seed, times, seconds):
    """Sound that is loud at the times given, with the quick ups and downs of speech."""
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    envelope = np.full(count, 1e-3)
    for start, end in times:
        steps = rng.uniform(0.05, 1.0, int((end - start) * 20) + 1)
        part = np.repeat(steps, RATE // 20)[: int(end * RATE) - int(start * RATE)]
        envelope[int(start * RATE) : int(start * RATE) + len(part)] = part
    noise = rng.standard_normal(count)
    return np.convolve(noise, np.ones(4) / 4, mode="same") * envelope
