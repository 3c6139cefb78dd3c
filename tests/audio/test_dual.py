"""The local person's words are told from what the loudspeaker says."""

import numpy as np
import pytest

from gateway.audio.bands import RATE
from gateway.audio.dual import said_here
from gateway.audio.transcript import Word
from tests.audio.speech import bursts

SECONDS = 40
HERE = [(at, at + 2.0) for at in range(1, 38, 8)]
THERE = [(at, at + 2.5) for at in range(4, 36, 8)]
BOTH = [(at, at + 0.4) for at in range(5, 36, 16)]
"""Here as well as there."""


@pytest.fixture(scope="module")
def local():
    return bursts(1, HERE + BOTH, SECONDS)


@pytest.fixture(scope="module")
def remote():
    return bursts(2, THERE, SECONDS)


def late(sound, milliseconds):
    return np.concatenate([np.zeros(milliseconds * RATE // 1000), sound])[: len(sound)]


def within(times):
    return [Word("word", start, start + 0.4) for start, end in times]


def told(mic, remote, words):
    ordered = sorted(words, key=lambda word: word.start)
    return {word.start: here for word, here in zip(ordered, said_here(mic, remote, ordered, []), strict=True)}


@pytest.mark.parametrize(("gain", "milliseconds"), [(0.1, 10), (0.5, 40), (0.7, 320)])
def test_bleed_is_not_local_and_no_local_word_is_lost(local, remote, gain, milliseconds):
    mic = local + late(remote, milliseconds) * gain
    answers = told(mic, remote, within(HERE) + within([(start + 0.5, end) for start, end in THERE]))
    assert answers == {start: True for start, _ in HERE} | {start + 0.5: False for start, _ in THERE}


def test_a_local_word_under_the_remote_voice_is_kept(local, remote):
    answers = told(local + late(remote, 40) * 0.3, remote, within(BOTH))
    assert all(answers.values())


def test_on_headphones_nothing_is_dropped(local, remote):
    answers = told(local, remote, within(HERE) + within(THERE))
    assert all(answers.values())


def test_a_far_end_that_echoes_takes_nothing_away(local, remote):
    answers = told(local, remote + late(local, 300) * 0.06, within(HERE))
    assert all(answers.values())


def test_integers_on_disk_are_as_good_as_floats(local, remote, tmp_path):
    mic = local + late(remote, 40) * 0.5
    (tmp_path / "mic").write_bytes((mic * 8000).astype("<i2").tobytes())
    stored = np.memmap(tmp_path / "mic", dtype="<i2", mode="r")
    words = within(HERE + [(start + 0.5, end) for start, end in THERE])
    assert told(stored, remote, words) == told(mic, remote, words)


def test_silence_and_very_short_sound_are_no_error():
    nothing = np.zeros(100, dtype=np.float32)
    assert said_here(nothing, nothing, [Word("a", 0, 0.1)], []) == [True]
    quiet = np.zeros(5 * RATE, dtype=np.float32)
    assert said_here(quiet, quiet, [Word("a", 0, 0.1), Word("b", 9, 9.1)], []) == [True, True]
    assert said_here(quiet, quiet, [], []) == []
