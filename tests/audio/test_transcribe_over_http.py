"""A recording goes in, a transcript with speakers comes out."""

import json

import numpy as np
import pytest

from tests.audio.fake_speech import recording, wav
from tests.audio.speech import bursts

DIALOGUE = [("Hello", "ada", 1.0, 1.4), ("there.", "ada", 1.4, 1.9), ("Hi!", "bob", 3.0, 3.4)]


def spoken(answer):
    assert answer.status_code == 200, answer.text
    return [(each["speaker"], each["text"]) for each in answer.json()["segments"]]


def side(seed, seconds):
    """One side of a conversation, which begins as the recording does."""
    samples = (bursts(seed, [(1, 2)], seconds) * 3000).astype(np.int16)
    samples[0] = recording(1)[0]
    return samples


def test_words_and_speakers_are_asked_for_at_once_and_joined(house):
    house.speech.said = DIALOGUE
    answer = house.transcribe(wav(recording(6)), language="en-US", prompt="Ada", words="true")
    told = answer.json()
    assert spoken(answer) == [("speaker_0", "Hello there."), ("speaker_1", "Hi!")]
    assert (told["duration"], told["language"], told["speakers_detected"], told["warnings"]) == (
        6.0,
        "en",
        2,
        [],
    )
    assert [word["word"] for word in told["words"]] == ["Hello", "there.", "Hi!"]
    assert (told["segments"][0]["start_ms"], told["segments"][0]["end_ms"]) == (1000, 1900)
    fields = next(fields for path, fields, _ in house.speech.asked if path.endswith("transcriptions"))
    assert fields["timestamp_granularities[]"] == ["word", "segment"]
    assert (fields["language"], fields["prompt"], fields["response_format"]) == (
        ["en"],
        ["Ada"],
        ["verbose_json"],
    )


def test_a_long_recording_is_cut_and_speakers_keep_their_names(house):
    house.speech.said = [
        (f"word{at}", "ada" if at // 7 % 2 else "bob", at + 0.1, at + 0.6) for at in range(70)
    ]
    answer = house.transcribe(wav(recording(70)), words="true")
    told = answer.json()
    assert [word["word"] for word in told["words"]] == [f"word{at}" for at in range(70)]
    assert {word["speaker"] for word in told["words"]} == {"speaker_0", "speaker_1"}
    assert [word["speaker"] for word in told["words"]] == [f"speaker_{at // 7 % 2}" for at in range(70)]
    assert max(seconds for _, _, seconds in house.speech.asked) <= 20
    assert len(house.speech.asked) >= 8


def test_the_number_of_speakers_can_be_given(house):
    house.speech.said = DIALOGUE
    answer = house.transcribe(wav(recording(6)), speakers="1")
    assert spoken(answer) == [("speaker_0", "Hello there. Hi!")]


def test_without_diarization_there_are_still_the_words_and_a_warning(house):
    house.speech.said = DIALOGUE
    house.speech.trouble["/v1/audio/diarize"] = (404, b"{}")
    answer = house.transcribe(wav(recording(6)))
    assert spoken(answer) == [(None, "Hello there. Hi!")]
    assert "nobody could tell the speakers apart" in answer.json()["warnings"][0]


def test_a_recogniser_without_times_for_words_gets_estimated_ones_and_a_warning(house):
    house.speech.said = DIALOGUE
    house.speech.word_times = False
    told = house.transcribe(wav(recording(6)), words="true").json()
    assert [word["word"] for word in told["words"]] == ["Hello", "there.", "Hi!"]
    assert all(word["uncertain"] for word in told["words"])
    assert "estimated" in told["warnings"][0]


def test_silence_is_an_empty_transcript(house):
    answer = house.transcribe(wav(recording(3)))
    assert (spoken(answer), answer.json()["text"]) == ([], "")


@pytest.mark.parametrize(
    ("form", "kind", "begins"),
    [
        ("srt", "application/x-subrip", "1\n00:00:01,000 --> 00:00:01,900\nspeaker_0: Hello there."),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:01.000 --> 00:00:01.900\n<v speaker_0>Hello there."),
        ("text", "text/plain", "speaker_0: Hello there.\nspeaker_1: Hi!\n"),
        ("diarized_json", "application/json", '{"task":"transcribe"'),
    ],
)
def test_it_comes_in_the_form_that_is_asked_for(house, form, kind, begins):
    house.speech.said = DIALOGUE
    answer = house.transcribe(wav(recording(6)), response_format=form)
    assert answer.headers["content-type"].startswith(kind)
    assert answer.text.startswith(begins)


def test_progress_is_told_while_it_goes_and_the_result_at_the_end(house):
    house.speech.said = DIALOGUE
    answer = house.transcribe(wav(recording(50)), stream="true")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [block.split("\n") for block in answer.text.strip().split("\n\n")]
    names = [lines[0] for lines in events]
    assert names == ["event: progress"] * (len(names) - 1) + ["event: result"]
    assert json.loads(events[-2][1][6:]) == {"seconds": 50.0, "of": 50.0}
    assert json.loads(events[-1][1][6:])["speakers_detected"] == 2


def test_a_fault_in_a_stream_is_an_event(house):
    house.speech.trouble["/v1/audio/transcriptions"] = (400, b"no")
    answer = house.transcribe(wav(recording(3)), stream="true")
    assert answer.text.startswith("event: error\n")
    assert "did not take the sound" in answer.text


def test_two_files_are_two_channels(house):
    house.speech.said = DIALOGUE
    files = {"file": ("mic.wav", wav(side(1, 6))), "remote_file": ("remote.wav", wav(side(2, 5)))}
    answer = house.http.post("/api/audio/transcribe-with-speakers", files=files)
    assert sorted({speaker for speaker, _ in spoken(answer)}) == ["local", "remote_1", "remote_2"]


def test_a_stereo_file_is_two_channels_when_asked_for(house):
    house.speech.said = [("Hello", "ada", 1.0, 1.4)]
    stereo = np.stack([side(1, 6), side(2, 6)], axis=1).reshape(-1)
    assert spoken(house.transcribe(wav(stereo, channels=2), channels="dual")) == [
        ("local", "Hello"),
        ("remote", "Hello"),
    ]
    mixed = recording(6).repeat(2)
    assert spoken(house.transcribe(wav(mixed, channels=2))) == [("speaker_0", "Hello")]


def test_one_channel_is_not_two(house):
    answer = house.transcribe(wav(recording(3)), channels="dual")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "channels")
