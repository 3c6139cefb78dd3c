"""Tokens become text as a person would write it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.blocks import blocks_of
from gateway.audio.joining import is_spaced, join
from gateway.audio.transcript import SpokenWord, Word

TOKENS = st.lists(
    st.sampled_from([" Hello", "there", ",", " .", "'s", "東京", "。", "(", "50", "%", " ", "two  words"])
)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ([" Hello", " there", "."], "Hello there."),
        (["Hello", "there", ",", "friend", "?"], "Hello there, friend?"),
        ([" I", "'m", " fine"], "I'm fine"),
        (["I", "'m", "fine", ",", "it", "is", "n't"], "I'm fine, it isn't"),
        ([" un", "believ", "able", " story"], "unbelievable story"),
        ([" (well", " yes)", " 50", "%"], "(well yes) 50%"),
        (["(", "well", ")", "yes"], "(well) yes"),
        (["Grüße", "дом", "東京", "。"], "Grüße дом 東京。"),
        (["今日", "は", "天気", "が", "いい", "。"], "今日は天気がいい。"),
        (["안녕", "하세요"], "안녕 하세요"),
        ([" two  words", " ,", " "], "two words,"),
        ([], ""),
    ],
)
def test_tokens_are_joined(tokens, text):
    assert join(tokens, spaced=is_spaced(tokens)) == text


@given(TOKENS)
def test_no_text_has_doubled_spaces_spaces_at_its_ends_or_before_punctuation(tokens):
    text = join(tokens, spaced=is_spaced(tokens))
    assert text == text.strip()
    assert not re.search(r"\s{2}|\s[,.%](\s|$)", text)


@given(TOKENS)
def test_joining_loses_no_letter(tokens):
    text = join(tokens, spaced=is_spaced(tokens))
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", "".join(tokens))


def blocks(*words):
    spoken = [SpokenWord(Word(text, start, end), speaker, 0.5) for text, start, end, speaker in words]
    return [(block.speaker, block.text) for block in blocks_of(spoken, spaced=False)]


def test_a_block_ends_with_its_speaker():
    assert blocks(("one", 0, 0.3, "a"), ("two", 0.4, 0.6, "b")) == [("a", "one"), ("b", "two")]


def test_a_pause_of_more_than_one_and_a_half_seconds_ends_a_block():
    assert blocks(("one", 0, 0.3, "a"), ("two", 1.9, 2.2, "a")) == [("a", "one"), ("a", "two")]


def test_a_pause_of_exactly_one_and_a_half_seconds_does_not_also_not_in_floats():
    assert blocks(("one", 0, 0.1, "a"), ("two", 1.6, 1.9, "a")) == [("a", "one two")]


def test_nobody_is_a_speaker_of_its_own():
    assert blocks(("one", 0, 0.3, None), ("two", 0.4, 0.6, "a")) == [(None, "one"), ("a", "two")]
