"""A transcript in each shape."""

import re

import pytest

from gateway.audio.blocks import blocks_of
from gateway.audio.formats import Transcript, as_diarized_json, as_json, as_text
from gateway.audio.transcript import SpokenWord, Word


@pytest.fixture
def transcript():
    spoken = [
        SpokenWord(Word("Hello", 0.1, 0.5), "speaker_1", 0.9, uncertain=False),
        SpokenWord(Word("<b>", 0.5, 0.8), "speaker_1", 0.7, uncertain=True),
        SpokenWord(Word("Hi.", 1.0, 3661.0456), "speaker_0", 1.0, uncertain=False),
        SpokenWord(Word("Who?", 3663, 3664), None),
    ]
    return Transcript(3700.0, "en", blocks_of(spoken, spaced=False), {"stt": "parakeet"}, ["Mind this."])


def test_json_has_blocks_with_speakers_and_confidence(transcript):
    told = as_json(transcript, "left_out")
    assert told["segments"][0] == {
        "start": 0.1, "end": 0.8, "start_ms": 100, "end_ms": 800,
        "speaker": "speaker_1", "text": "Hello <b>", "confidence": 0.8,
    }  # fmt: skip
    assert told["segments"][2]["speaker"] is None
    assert told["segments"][2]["confidence"] is None
    assert (told["speakers_detected"], told["text"]) == (2, "Hello <b> Hi. Who?")
    assert "words" not in told


def test_json_has_words_when_they_are_asked_for(transcript):
    words = as_json(transcript, "also_listed")["words"]
    assert words[1] == {
        "word": "<b>", "start": 0.5, "end": 0.8, "speaker": "speaker_1", "confidence": 0.7, "uncertain": True,
    }  # fmt: skip
    assert len(words) == 4


def test_segments_have_their_words_with_what_is_uncertain(transcript):
    words = as_json(transcript)["segments"][0]["words"]
    assert [(word["word"], word["uncertain"]) for word in words] == [("Hello", False), ("<b>", True)]


def test_diarized_json_calls_speakers_by_letters_in_the_order_of_their_speech(transcript):
    told = as_diarized_json(transcript)
    assert [each["speaker"] for each in told["segments"]] == ["A", "B", "unknown"]
    assert told["segments"][0]["id"] == "seg_0"
    assert told["usage"] == {"type": "duration", "seconds": 3700}


def test_srt_counts_and_has_commas_in_its_times(transcript):
    assert as_text(transcript, "srt").startswith(
        "1\n00:00:00,100 --> 00:00:00,800\nspeaker_1: Hello <b>\n\n2\n00:00:01,000 --> 01:01:01,046\n"
    )


def test_vtt_names_voices_and_writes_out_markup(transcript):
    told = as_text(transcript, "vtt")
    assert told.startswith("WEBVTT\n\n00:00:00.100 --> 00:00:00.800\n<v speaker_1>Hello &lt;b&gt;\n\n")
    assert told.endswith("\nWho?\n\n")


def test_text_has_a_line_for_each_block(transcript):
    assert as_text(transcript, "text") == "speaker_1: Hello <b>\nspeaker_0: Hi.\nWho?\n"


def test_captions_are_short_and_lose_no_word():
    spoken = [SpokenWord(Word(f"word{at}", at * 0.5, at * 0.5 + 0.4), "a", 1.0) for at in range(100)]
    told = as_text(Transcript(60.0, "", blocks_of(spoken, spaced=False)), "vtt")
    lines = re.findall(r"<v a>(.*)", told)
    assert " ".join(lines).split() == [f"word{at}" for at in range(100)]
    assert max(len(line) for line in lines) <= 84


def test_an_empty_transcript_is_an_answer_too():
    empty = Transcript(3.0, "", [])
    assert as_json(empty)["segments"] == []
    assert as_json(empty)["text"] == ""
    assert as_text(empty, "vtt") == "WEBVTT\n\n"
    assert as_diarized_json(empty)["segments"] == []
