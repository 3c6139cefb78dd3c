"""Answers of recognisers and diarizers are read in the shapes that are in use."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.answers import Unreadable, diarized, recognised
from gateway.audio.cleaning import RawWord
from gateway.audio.options import read_audio_options
from gateway.audio.transcript import Segment


def heard(told, seconds=10.0):
    return recognised(json.dumps(told).encode(), seconds)


def test_words_with_times_are_taken_as_they_are():
    told = heard(
        {"text": "a b", "words": [{"word": " a", "start": 0, "end": 0.5}, {"word": " b"}], "language": "en"}
    )
    assert told.words == [RawWord(" a", 0, 0.5), RawWord(" b")]
    assert (told.language, told.guessed) == ("en", False)


def test_words_may_stand_in_the_sentences():
    told = heard({"segments": [{"text": "a", "words": [{"word": "a", "start": 1, "end": 2}]}]})
    assert told.words == [RawWord("a", 1, 2)]


def test_sentences_without_words_are_spread_by_the_lengths_of_the_words():
    told = heard({"text": "no yes", "segments": [{"text": "no yes", "start": 2, "end": 9}]})
    assert told.words == [RawWord("no", 2, 5), RawWord("yes", 5, 9)]
    assert told.guessed


def test_a_text_alone_is_spread_over_the_whole():
    told = heard({"text": "one two"}, seconds=8)
    assert [(word.start, word.end) for word in told.words] == [(0, 4), (4, 8)]


def test_nothing_said_is_nothing_guessed():
    told = heard({"text": "", "segments": [], "words": []})
    assert (told.words, told.guessed) == ([], False)


def test_segments_come_with_either_name_of_their_times_and_any_label():
    body = {
        "segments": [
            {"speaker": 0, "start": 1, "end": 2},
            {"speaker": "b", "start_s": 3, "end_s": 4, "confidence": 0.5},
        ]
    }
    assert diarized(json.dumps(body).encode()).segments == [Segment("0", 1, 2), Segment("b", 3, 4, 0.5)]


def test_a_segment_without_times_is_left_out():
    assert diarized(b'{"segments": [{"speaker": "a", "start": null, "end": 2}]}').segments == []


@pytest.mark.parametrize("body", [b'{"text": "half', b"[]", b'{"words": 5}', b"\xff", b""])
def test_what_is_no_answer_is_said_to_be_none(body):
    with pytest.raises(Unreadable):
        recognised(body, 1)


@given(st.binary())
def test_no_answer_breaks_the_reader(body):
    for read in (diarized, lambda data: recognised(data, 1.0)):
        with suppress(Unreadable):
            read(body)


def test_bounds_come_from_the_environment_and_a_bad_one_is_named():
    read = read_audio_options({"MAX_DIARIZE_SECONDS": "120", "AUDIO_SPEAKER_SIMILARITY": "0.4"})
    assert (read.diarize_seconds, read.piece_seconds, read.similarity) == (120, 120, 0.4)
    with pytest.raises(ValueError, match="MAX_DIARIZE_SECONDS is 'long'"):
        read_audio_options({"MAX_DIARIZE_SECONDS": "long"})
