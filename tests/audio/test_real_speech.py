"""Voices that speak are written down by the gateway, with who said what: real sound, a real recogniser."""

import numpy as np
import pytest

from gateway.audio.bands import RATE
from gateway.audio.options import AudioOptions
from tests.audio.conftest import house_with
from tests.audio.encoding import encoded
from tests.audio.sphinx import HearingSpeech
from tests.audio.voices import Line, part, talk

pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")

SENTENCES = [
    "the meeting starts at nine tomorrow",
    "please send the report before friday",
    "we have sold seven houses this month",
    "the lawyer will call you on monday",
    "my mother lives near the river",
    "nobody found the keys to the garage",
    "can we move the old piano upstairs",
    "yeah",
]
MEETING, REPORT, HOUSES, LAWYER, MOTHER, KEYS, PIANO, YEAH = SENTENCES
PIECE_SECONDS = 30.0


@pytest.fixture(scope="module")
def speech():
    speech = HearingSpeech(SENTENCES)
    yield speech
    speech.close()


@pytest.fixture(scope="module")
def one_house(speech, tmp_path_factory):
    with house_with(speech, AudioOptions(piece_seconds=PIECE_SECONDS), tmp_path_factory) as house:
        yield house


def as_phone(samples):
    return encoded(samples, "webm", "libopus", 48000, "mono")


def told(answer):
    assert answer.status_code == 200, answer.text
    assert answer.json()["warnings"] == []
    return answer.json()


def blocks(answer):
    return [(each["speaker"], each["text"]) for each in told(answer)["segments"]]


def test_two_people_and_a_back_channel_are_told_apart_word_by_word(house):
    house.speech.talk = talk(
        [
            Line("slt", MEETING),
            Line("awb", YEAH, 0.3),
            Line("slt", REPORT, 0.3),
            Line("awb", HOUSES),
            Line("slt", LAWYER),
            Line("awb", KEYS),
        ]
    )
    answer = house.transcribe(as_phone(house.speech.talk.samples), "talk.webm", words="true")
    assert blocks(answer) == [
        ("speaker_0", MEETING),
        ("speaker_1", YEAH),
        ("speaker_0", REPORT),
        ("speaker_1", HOUSES),
        ("speaker_0", LAWYER),
        ("speaker_1", KEYS),
    ]
    starts = [each["start"] for each in told(answer)["segments"]]
    assert starts == pytest.approx([start for _, _, start, _ in house.speech.talk.lines], abs=0.15)


def test_what_the_loudspeaker_says_is_not_counted_as_said_here(house):
    lines = [
        Line("slt", MEETING),
        Line("rms", REPORT),
        Line("slt", KEYS),
        Line("rms", HOUSES),
        Line("slt", LAWYER),
        Line("rms", MOTHER),
        Line("slt", PIANO),
    ]
    call = talk(lines)
    local, remote = part(call, "slt"), part(call, "rms")
    bleed = np.roll(remote.samples, 60 * RATE // 1000) * 0.3
    mic = local.samples + bleed + np.random.default_rng(1).normal(0, 10, len(bleed))
    house.speech.talk = remote
    files = {
        "file": ("mic.webm", as_phone(mic)),
        "remote_file": ("remote.webm", as_phone(remote.samples)),
    }
    answer = house.http.post("/api/audio/transcribe-with-speakers", files=files)
    speakers = {"slt": "local", "rms": "remote"}
    assert blocks(answer) == [(speakers[line.voice], line.text) for line in lines]
    assert house.speech.heard_words[0] == call.words, "the microphone heard the loudspeaker's words as well"


def test_a_recording_of_three_minutes_is_heard_in_pieces_and_every_word_told_once(house):
    order = np.random.default_rng(3)
    lines = [
        Line(("slt", "awb")[at % 2], SENTENCES[order.integers(len(SENTENCES) - 1)], order.uniform(0.3, 1.0))
        for at in range(70)
    ]
    house.speech.talk = talk(lines)
    seconds = len(house.speech.talk.samples) / RATE
    answer = house.transcribe(as_phone(house.speech.talk.samples), "talk.webm", words="true")
    words = told(answer)["words"]
    assert seconds > 180
    assert len(house.speech.heard_words) >= 6
    assert sum(map(len, house.speech.heard_words)) > len(words), "the pieces overlap"
    assert [word["word"] for word in words] == house.speech.talk.words
    named = [word["speaker"] for word in words]
    assert named == [f"speaker_{at % 2}" for at, line in enumerate(lines) for _ in line.text.split()]
