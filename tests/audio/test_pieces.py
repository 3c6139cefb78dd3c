"""A long recording in pieces is the recording."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.audio.bands import FRAMES
from gateway.audio.pieces import OVERLAP, plan
from gateway.audio.seams import Heard, joined_segments, joined_words
from gateway.audio.transcript import Segment, Word

LONGEST = 10.0


def heard_in(piece, words, shift=0.0):
    """What a recogniser makes of a piece: the words that lie in it, a little early or late."""
    return [
        Word(w.text, w.start + shift, w.end + shift)
        for w in words
        if piece.start <= w.start and w.end <= piece.end
    ]


def test_a_short_recording_is_one_piece():
    [piece] = plan(np.ones(8 * FRAMES), LONGEST)
    assert (piece.start, piece.end, piece.first, piece.last) == (0, 8, 0, 8)


def test_a_cut_lies_in_the_silence():
    loudness = np.ones(15 * FRAMES)
    loudness[int(6.5 * FRAMES) : int(7.1 * FRAMES)] = 0.001
    first, second = plan(loudness, LONGEST)
    assert 6.6 <= first.last == second.first <= 7.0
    assert (first.end, second.start) == (first.last + OVERLAP, second.first - OVERLAP)


@settings(max_examples=50)
@given(st.integers(1, 20_000), st.integers(0, 2**32 - 1))
def test_pieces_share_the_recording_between_them_and_none_is_too_long(frames, seed):
    pieces = plan(np.random.default_rng(seed).random(frames), LONGEST)
    assert pieces[0].first == 0
    assert pieces[-1].last == frames / FRAMES
    assert all(one.last == other.first for one, other in pairwise(pieces))
    assert all(piece.end - piece.start <= LONGEST + 1e-9 for piece in pieces)
    assert all(piece.start <= piece.first < piece.last <= piece.end for piece in pieces)


@settings(max_examples=100)
@given(
    st.lists(st.sampled_from(["no", "no", "yes", "well"]), min_size=1, max_size=120), st.floats(-0.08, 0.08)
)
def test_no_word_is_doubled_or_lost_where_pieces_meet(texts, shift):
    words = [Word(text, at * 0.4, at * 0.4 + 0.3) for at, text in enumerate(texts)]
    pieces = plan(np.ones(int(words[-1].end * FRAMES) + 1), LONGEST)
    heard = [heard_in(piece, words, shift if at % 2 else 0.0) for at, piece in enumerate(pieces)]
    assert [word.text for word in joined_words(pieces, heard)] == texts


def test_a_word_that_only_one_piece_heard_whole_is_kept():
    first, second = plan(np.ones(15 * FRAMES), LONGEST)
    cut = first.last
    left = [Word("before", cut - 0.6, cut - 0.3)]
    right = [Word("before", cut - 0.6, cut - 0.3), Word("after", cut + 0.1, cut + 0.4)]
    assert [word.text for word in joined_words([first, second], [left, right])] == ["before", "after"]


def test_speakers_keep_their_names_over_pieces():
    ada, bob = [1.0, 0.1], [0.1, 1.0]
    pieces = plan(np.ones(15 * FRAMES), LONGEST)
    cut = pieces[0].last
    heard = [
        Heard(pieces[0], [Segment("0", 0, 3), Segment("1", 3, cut + 1)], {"0": ada, "1": bob}),
        Heard(pieces[1], [Segment("0", cut - 1, cut + 3), Segment("1", cut + 3, 15)], {"0": bob, "1": ada}),
    ]
    told = joined_segments(heard, similarity=0.3)
    assert [(each.speaker, each.start, each.end) for each in told] == [
        ("speaker_0", 0, 3), ("speaker_1", 3, cut), ("speaker_1", cut, cut + 3), ("speaker_0", cut + 3, 15),
    ]  # fmt: skip


def test_a_voice_without_a_print_is_a_speaker_of_its_own():
    pieces = plan(np.ones(15 * FRAMES), LONGEST)
    cut = pieces[0].last
    heard = [
        Heard(pieces[0], [Segment("0", 0, cut)], {"0": [1.0, 0]}),
        Heard(pieces[1], [Segment("0", cut, 15)], {}),
    ]
    assert [each.speaker for each in joined_segments(heard, similarity=0.3)] == ["speaker_0", "speaker_1"]
