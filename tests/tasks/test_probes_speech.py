"""The probe of text to speech, and what is heard in the bytes that a service calls sound."""

import contextlib
import wave
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.probes.hearing import sample
from tasks.probes.probe import Reply
from tasks.probes.sound import NotSound, read_sound
from tasks.probes.speaking import speaking
from tests.tasks.talk import MODELS, outcome, reply, service, talk


def test_the_spoken_sample_is_two_seconds_of_speech_for_recognisers():
    with wave.open(str(files("tasks.probes") / "good_morning.wav")) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (16_000, 2, 1)
    seen = read_sound(sample(), "")
    assert 1.9 < seen.seconds < 2.2
    assert seen.peak > 10_000
    assert len(sample()) < 80_000


def wav(seconds: float, level: int = 5000, rate: int = 24_000, size: int | None = None) -> bytes:
    body = (level.to_bytes(2, "little", signed=True) + bytes(2)) * int(seconds * rate / 2)
    size = len(body) if size is None else size
    head = b"RIFF" + b"\xff" * 4 + b"WAVEfmt " + (16).to_bytes(4, "little")
    form = b"\x01\0\x01\0" + rate.to_bytes(4, "little") + (2 * rate).to_bytes(4, "little") + b"\x02\0\x10\0"
    return head + form + b"data" + size.to_bytes(4, "little") + body


def spoken(body: bytes, kind: str = "audio/wav") -> tuple[Reply, ...]:
    return MODELS, reply({"voices": [{"id": "af_heart"}]}), Reply(200, body, kind)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (wav(0.5), "audio/wav"),
        (wav(0.5, size=0xFFFFFFFF), "audio/wav"),
        (wav(0.5)[44:], "audio/pcm"),
        (b"\xff\xfb\x90\x00" + bytes(8000), "audio/mpeg"),
        (b"ID3\x04\0\0\0\0\0\x04tags" + b"\xff\xf3\x40\x00" + bytes(2000), "audio/mpeg"),
    ],
)
def test_speech_that_can_be_played_is_well(body: bytes, kind: str):
    said, asked = talk(speaking(service()), *spoken(body, kind))

    assert said == "it spoke for 0.5 s"
    assert asked[2].json["voice"] == "af_heart"


@pytest.mark.parametrize(
    ("body", "kind", "why"),
    [
        (wav(0.1), "audio/wav", "lasts 0.10 s only"),
        (wav(0.5, level=9), "audio/wav", "silence"),
        (b'{"ok": true}', "application/json", "cannot be played"),
        (b"", "audio/wav", "cannot be played"),
        (wav(0.5)[:30], "audio/wav", "cannot be played"),
    ],
)
def test_speech_that_cannot_be_heard_is_a_failure(body: bytes, kind: str, why: str):
    assert why in str(outcome(speaking(service()), *spoken(body, kind)))


def test_magpie_is_asked_in_its_own_form_and_language():
    listed = {"en-US,es-US": {"voices": ["Magpie-Multilingual.ES-US.Leo", "Magpie-Multilingual.EN-US.Aria"]}}
    probe = speaking(service(dialect="magpie", voice="Magpie-Multilingual.ES-US.Leo"))
    said, asked = talk(probe, reply(listed), Reply(200, wav(0.5), "audio/wav"))

    assert said.startswith("it spoke")
    assert (asked[1].form["voice"], asked[1].form["language"]) == ("Magpie-Multilingual.ES-US.Leo", "es-US")


@given(st.binary(max_size=200), st.sampled_from(["", "audio/wav", "audio/pcm", "audio/mpeg"]))
def test_any_bytes_are_a_sound_or_none(body: bytes, kind: str):
    for data in (body, b"RIFF\0\0\0\0WAVE" + body, b"ID3" + body, b"\xff\xfb" + body):
        with contextlib.suppress(NotSound):
            assert read_sound(data, kind).seconds >= 0
