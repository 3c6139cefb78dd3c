"""Whatever a phone or a browser records is read."""

import io

import numpy as np
import pytest

from gateway.audio.bands import RATE
from gateway.audio.decode import decode
from tests.audio.encoding import encoded
from tests.audio.fake_speech import recording, wav

SECONDS = 2.0


TONE = np.sin(2 * np.pi * 300 * np.arange(int(RATE * SECONDS)) / RATE) * 8000


@pytest.mark.parametrize(
    ("form", "codec", "rate", "layout"),
    [
        ("webm", "libopus", 48000, "mono"),
        ("ogg", "libopus", 48000, "stereo"),
        ("mp4", "aac", 44100, "stereo"),
        ("mp3", "libmp3lame", 44100, "mono"),
        ("flac", "flac", 48000, "mono"),
        ("wav", "pcm_s16le", 44100, "stereo"),
        ("wav", "pcm_f32le", 8000, "mono"),
    ],
)
def test_a_form_of_sound_is_read(form, codec, rate, layout):
    sink = io.BytesIO()
    told = decode(io.BytesIO(encoded(TONE, form, codec, rate, layout)), sink, 1, 60)
    samples = np.frombuffer(sink.getvalue(), dtype="<i2")
    assert told.error == ""
    assert told.samples == len(samples)
    assert told.samples / RATE == pytest.approx(SECONDS, abs=0.1)
    assert np.abs(samples).max() > 4000


def test_sound_at_our_own_rate_is_left_as_it_is():
    sink = io.BytesIO()
    decode(io.BytesIO(wav(recording(2))), sink, 1, 60)
    assert sink.getvalue() == recording(2).tobytes()


def test_two_channels_stay_side_by_side():
    left, right = recording(2), recording(2)[::-1]
    sink = io.BytesIO()
    told = decode(io.BytesIO(wav(np.stack([left, right], 1).reshape(-1), channels=2)), sink, 2, 60)
    stored = np.frombuffer(sink.getvalue(), dtype="<i2")
    assert told.channels == 2
    assert (stored[0::2] == left).all()
    assert (stored[1::2] == right).all()


def test_it_stops_at_the_longest_that_is_wanted():
    sink = io.BytesIO()
    told = decode(io.BytesIO(wav(recording(30))), sink, 1, 3)
    assert told.cut
    assert len(sink.getvalue()) < 5 * RATE * 2


@pytest.mark.parametrize(
    "sound", [b"", b"hello" * 100, b"ffconcat version 1.0\nfile 'a.wav'\n", b"#EXTM3U\n#EXTINF:1,\na.wav\n"]
)
def test_what_is_no_sound_is_refused(sound):
    assert decode(io.BytesIO(sound), io.BytesIO(), 1, 60).error
