"""People who talk: the voices of flite, one after the other in a recording."""

import functools
import shutil
import subprocess
import tempfile
import wave
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.audio.bands import RATE

_QUIET = 300
"""Samples below this are no speech."""
_SAME_TURN = 0.5
"""Seconds within which a diarizer hears one turn."""


@dataclass(frozen=True)
class Line:
    """A sentence, and the seconds of silence before it."""

    voice: str
    text: str
    pause: float = 0.6


@dataclass(frozen=True)
class Talk:
    """
    A recording, and what is true of it.

    Attributes:
        samples: At 16 kHz.
        lines: `(voice, text, start, end)` of each sentence.
    """

    samples: Any
    lines: list[tuple[str, str, float, float]]

    @property
    def words(self) -> list[str]:
        return [word for _, text, _, _ in self.lines for word in text.split()]

    @property
    def turns(self) -> list[tuple[str, float, float]]:
        """Who talks from when to when; a turn goes on over whatever others say in a short pause of it."""
        turns: list[tuple[str, float, float]] = []
        for voice, _, start, end in self.lines:
            own = [at for at, turn in enumerate(turns) if turn[0] == voice]
            if own and start - turns[own[-1]][2] <= _SAME_TURN:
                turns[own[-1]] = (voice, turns[own[-1]][1], end)
            else:
                turns.append((voice, start, end))
        return turns


def talk(lines: list[Line], after: float = 0.8) -> Talk:
    """The lines one after the other, and the silence after them."""
    sounds = [say(line.voice, line.text) for line in lines]
    lengths = [line.pause + len(sound) / RATE for line, sound in zip(lines, sounds, strict=True)]
    ends = list(accumulate(lengths))
    told = [
        (line.voice, line.text, end - len(sound) / RATE, end)
        for line, sound, end in zip(lines, sounds, ends, strict=True)
    ]
    samples = np.zeros(round((ends[-1] + after) * RATE), dtype=np.int16)
    for sound, (_, _, start, _) in zip(sounds, told, strict=True):
        first = round(start * RATE)
        samples[first : first + len(sound)] = sound
    return Talk(samples, told)


def part(whole: Talk, voice: str) -> Talk:
    """What one voice says of a talk, at the same times."""
    own = [line for line in whole.lines if line[0] == voice]
    samples = np.zeros_like(whole.samples)
    for _, _, start, end in own:
        first, last = round(start * RATE), round(end * RATE)
        samples[first:last] = whole.samples[first:last]
    return Talk(samples, own)


@functools.cache
def say(voice: str, text: str) -> Any:
    """A sentence without the silence around it."""
    flite = shutil.which("flite")
    if not flite:
        pytest.fail(
            "the tests with real speech need a voice: install the Debian package 'flite'", pytrace=False
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "said.wav"
        subprocess.run([flite, "-voice", voice, "-t", text, "-o", path], check=True, timeout=60)
        with wave.open(str(path)) as sound:
            assert sound.getframerate() == RATE
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    loud = np.flatnonzero(np.abs(samples.astype(int)) > _QUIET)
    return samples[loud[0] : loud[-1] + 1]
