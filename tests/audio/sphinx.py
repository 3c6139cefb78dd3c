"""A speech service that hears: pocketsphinx for the words, the truth of the recording for the speakers."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from gateway.audio.bands import FRAMES, RATE
from tests.audio.fake_speech import FakeSpeech
from tests.audio.voices import Talk

_RECOGNISER: list[Any] = []
"""The one of this process."""

_QUIET = 100.0
"""Below this loudness nobody speaks."""

_PAUSE = 0.2
_AROUND = 0.08
"""Seconds: a shorter silence is within a sentence; so much of it is heard with one."""


class HearingSpeech(FakeSpeech):
    """
    Answers with what it hears in the sound; of who speaks it is told.

    Attributes:
        talk: The recording whose parts come to be diarized.
        heard_words: Of each transcription, the words.
    """

    def __init__(self, sentences: list[str]) -> None:
        self.talk: Talk | None = None
        self.heard_words: list[list[str]] = []
        # A process, since pocketsphinx lets no other thread run while it listens.
        spawn = multiprocessing.get_context("spawn")
        self._ears = ProcessPoolExecutor(1, spawn, initializer=_learn, initargs=(sentences,))
        super().__init__()

    def reset(self) -> None:
        super().reset()
        self.heard_words.clear()

    def close(self) -> None:
        super().close()
        self._ears.shutdown()

    def heard(self, path: str, samples: Any) -> list[tuple[str, str, float, float]]:
        if not path.endswith("transcriptions"):
            assert self.talk is not None
            return _speakers(self.talk, samples)
        words = self._ears.submit(_listen, samples.tobytes()).result(60)
        self.heard_words.append([word for word, _, _ in words])
        return [(word, "", start, end) for word, start, end in words]


def _speakers(talk: Talk, samples: Any) -> list[tuple[str, str, float, float]]:
    """The turns within a part of a recording, in the time of the part."""
    start, seconds = _place(talk.samples, samples), len(samples) / RATE
    return [
        ("", voice, max(0.0, first - start), min(seconds, last - start))
        for voice, first, last in talk.turns
        if first < start + seconds and last > start
    ]


def _place(whole: Any, samples: Any) -> float:
    """The second at which a part begins, by its loudness: what was encoded has other samples than before."""
    part, padded = _loudness(samples), np.pad(_loudness(whole), FRAMES)
    size = len(part)
    assert size <= len(padded)
    squares = np.concatenate([[0.0], np.cumsum(padded**2)])
    unlike = squares[size:] - squares[:-size] - 2 * np.correlate(padded, part, "valid")
    return float(np.argmin(unlike) / FRAMES - 1)


def _loudness(samples: Any) -> Any:
    hop = RATE // FRAMES
    frames = samples[: len(samples) // hop * hop].reshape(-1, hop).astype(float)
    return np.sqrt((frames**2).mean(axis=1))


def _learn(sentences: list[str]) -> None:
    from pocketsphinx import Decoder  # noqa: PLC0415 (only this process needs it)

    recogniser = Decoder(lm=None, loglevel="FATAL", samprate=RATE)
    recogniser.add_jsgf_string("talk", _grammar(sentences))
    recogniser.activate_search("talk")
    _RECOGNISER.append(recogniser)


def _grammar(sentences: list[str]) -> str:
    """One sentence, or a part of one: a recording is cut anywhere."""
    split = [sentence.split() for sentence in sentences]
    parts = dict.fromkeys(
        " ".join(words[first:last])
        for words in split
        for first in range(len(words))
        for last in range(first + 1, len(words) + 1)
        if first == 0 or last == len(words)
    )
    return f"#JSGF V1.0;\ngrammar talk;\npublic <talk> = {' | '.join(parts)};\n"


def _listen(sound: bytes) -> list[tuple[str, float, float]]:
    """Words with their seconds; none in silence."""
    samples = np.frombuffer(sound, np.int16)
    return [word for start, end in _stretches(samples) for word in _words(samples, start, end)]


def _words(samples: Any, start: float, end: float) -> list[tuple[str, float, float]]:
    """The words of a stretch of speech."""
    [recogniser] = _RECOGNISER
    recogniser.start_utt()
    recogniser.process_raw(samples[int(start * RATE) : int(end * RATE)].tobytes(), full_utt=True)
    recogniser.end_utt()
    # "the(2)" is the second pronunciation of "the", "<sil>" and "[NOISE]" are none.
    return [
        (
            each.word.partition("(")[0],
            start + each.start_frame / FRAMES,
            min(end, start + (each.end_frame + 1) / FRAMES),
        )
        for each in recogniser.seg() or ()
        if each.word[0] not in "<["
    ]


def _stretches(samples: Any) -> list[tuple[float, float]]:
    """Where somebody speaks, in seconds, with a little silence around it."""
    loud = np.flatnonzero(_loudness(samples) > _QUIET)
    found: list[list[float]] = []
    for frame in loud:
        if not found or frame - found[-1][1] > _PAUSE * FRAMES:
            found.append([frame, frame])
        found[-1][1] = frame
    length = len(samples) / RATE
    return [
        (max(0.0, first / FRAMES - _AROUND), min(length, (last + 1) / FRAMES + _AROUND))
        for first, last in found
        if last - first > _AROUND * FRAMES
    ]
