"""Words get the speaker who said them."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.cleaning import RawWord, clean_words
from gateway.audio.merge import with_speakers
from gateway.audio.transcript import Segment
from tests.audio.speech import merged, segment, speakers

TIMES = st.none() | st.floats(-1, 100) | st.just(float("nan"))
RAW = st.lists(st.builds(RawWord, st.sampled_from([" yes", "no", ".", "東京", " ", "it's"]), TIMES, TIMES))
SEGMENTS = st.lists(
    st.builds(
        Segment, st.sampled_from("abcdefg"), st.floats(0, 100), st.floats(0, 100) | st.just(float("inf"))
    )
)


def test_two_clean_turns():
    said = speakers([("Hello", 0, 0.4), ("there.", 0.4, 0.8), ("Hi!", 1.2, 1.5)],
                    segment("a", 0, 0.9), segment("b", 1.1, 1.6))  # fmt: skip
    assert said == ["a", "a", "b"]


def test_a_word_in_a_gap_goes_to_the_nearest_edge_and_not_to_the_nearest_middle():
    said = speakers([("word", 10.2, 10.4)], segment("a", 0, 10.1), segment("b", 11.0, 11.4))
    assert said == ["a"]


def test_words_before_and_after_all_segments_go_to_the_nearest():
    said = speakers([("hi", 0, 0.2), ("bye", 9, 9.2)], segment("a", 1, 2), segment("b", 3, 8))
    assert said == ["a", "b"]


def test_a_word_far_from_every_segment_is_marked_as_uncertain():
    near, far = merged([("near", 1.0, 1.2), ("far", 9.0, 9.2)], segment("a", 0, 2))
    assert (near.uncertain, far.uncertain) == (False, True)


def test_the_larger_share_of_a_word_counts():
    assert speakers([("so", 1.8, 2.3)], segment("a", 0, 2.0), segment("b", 2.0, 4)) == ["b"]


def test_shares_of_one_speaker_are_added_up():
    said = speakers([("long", 0, 1)], segment("a", 0, 0.3), segment("b", 0.3, 0.7), segment("a", 0.7, 1))
    assert said == ["a"]


def test_a_flicker_of_the_diarizer_does_not_shred_a_sentence():
    tokens = [("so", 0, 0.3), ("we", 0.3, 0.5), ("went", 0.5, 0.8), ("home", 0.8, 1.2)]
    assert set(speakers(tokens, segment("a", 0, 2), segment("b", 0.55, 0.85))) == {"a"}


def test_a_clear_yes_between_two_sentences_stays_with_who_said_it():
    tokens = [("we", 0, 0.2), ("left.", 0.2, 0.6), ("Yes.", 1.2, 1.5), ("and", 2.1, 2.3), ("ran", 2.3, 2.6)]
    said = speakers(tokens, segment("a", 0, 0.7), segment("b", 1.1, 1.6), segment("a", 2.0, 3))
    assert said == ["a", "a", "b", "a", "a"]


def test_a_backchannel_inside_another_turn_belongs_to_who_says_no_more():
    tokens = [("we", 0, 0.3), ("left.", 0.3, 1.1), ("Yeah.", 1.1, 1.4), ("And", 1.4, 1.7), ("then", 1.7, 2)]
    assert speakers(tokens, segment("a", 0, 3), segment("b", 1.05, 1.45)) == ["a", "a", "b", "a", "a"]


def test_while_both_talk_the_choice_is_marked_as_uncertain():
    tokens = [(text, at * 0.4, at * 0.4 + 0.4) for at, text in enumerate(["one", "two", "three"])]
    assert all(word.uncertain for word in merged(tokens, segment("a", 0, 2), segment("b", 0, 2)))


def test_a_stretched_word_belongs_to_where_it_begins():
    said = speakers([("think", 3.99, 7.77), ("Yes.", 7.8, 8.1)], segment("a", 0, 4.6), segment("b", 5, 8.5))
    assert said == ["a", "b"]


def test_a_word_without_length_has_an_owner():
    said = speakers([("ok", 1, 1), ("ok", 2.5, 2.5)], segment("a", 0, 2), segment("b", 2, 3))
    assert said == ["a", "b"]


def test_punctuation_and_parts_of_words_stay_with_their_word():
    tokens = [(" I", 1.8, 1.9), ("'m", 1.9, 2.4), (" fine", 2.5, 2.9), (".", 3.0, 3.1)]
    assert speakers(tokens, segment("a", 0, 1.95), segment("b", 1.95, 3)) == ["b", "b", "b", "b"]


def test_more_than_four_speakers_pass_through():
    tokens = [("word", at, at + 0.3) for at in range(7)]
    said = speakers(tokens, *(segment(f"s{at}", at - 0.1, at + 0.4) for at in range(7)))
    assert said == [f"s{at}" for at in range(7)]


def test_without_diarization_the_words_are_kept_and_nobody_is_named():
    told = merged([("a", 0, 0.2), ("b", 0.3, 0.5)])
    assert [(word.word.text, word.speaker, word.confidence) for word in told] == [
        ("a", None, None),
        ("b", None, None),
    ]


def test_without_words_there_is_nothing_to_tell():
    assert merged([], segment("a", 0, 2)) == []


def test_clear_words_are_surer_than_those_at_a_boundary():
    clear, split = merged([("one", 0.5, 0.8), ("two", 1.9, 2.1)], segment("a", 0, 2), segment("b", 2, 4))
    assert clear.confidence == pytest.approx(1)
    assert split.confidence < clear.confidence


@given(RAW, SEGMENTS)
def test_no_word_is_lost_or_added_and_all_confidences_are_shares(raw, segments):
    told = with_speakers(clean_words(raw), segments)
    assert sorted(word.word.text for word in told) == sorted(word.text for word in raw if word.text.strip())
    real = {each.speaker for each in segments if each.start != each.end and each.end < float("inf")}
    assert all((word.speaker in real) if real else word.speaker is None for word in told)
    assert all(0 <= word.confidence <= 1 for word in told if word.confidence is not None)


@given(RAW)
def test_cleaned_words_are_in_order_and_do_not_run_into_each_other(raw):
    cleaned = clean_words(raw)
    assert all(word.start <= word.end for word in cleaned)
    assert all(before.end <= max(before.start, after.start) for before, after in pairwise(cleaned))
    assert all(before.start <= after.start for before, after in pairwise(cleaned))
