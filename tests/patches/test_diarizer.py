"""Who speaks when, from Sortformer's lines and scores, and which sound a voice print is made of."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


@pytest.fixture
def diarizer(module):
    return module("diarizer")


def test_turns_have_the_mean_score_of_their_frames(diarizer):
    scores = [[1.0, 0.0]] * 5 + [[0.5, 0.25]] * 5

    turns = diarizer.read_turns(["0.40 0.80 speaker_1", "0.00 0.80 speaker_0"], scores)

    assert [(t.start, t.end, t.speaker, t.confidence) for t in turns] == [
        (0.0, 0.8, "speaker_0", 0.75),
        (0.4, 0.8, "speaker_1", 0.25),
    ]


@pytest.mark.parametrize("line", ["", "nonsense", "1.0 0.5 speaker_0", "0 1 speaker_x", "0.5 0.5 speaker_0"])
def test_lines_that_are_no_turns_are_left_out(diarizer, line: str):
    assert diarizer.read_turns([line], [[0.5]]) == []


def test_scores_that_are_missing_give_no_confidence_rather_than_a_wrong_one(diarizer):
    assert diarizer.confidence([], 0, (0.0, 1.0)) == 0.0
    assert diarizer.confidence([[0.9]], 3, (0.0, 1.0)) == 0.0
    assert diarizer.confidence([[0.9]], 0, (5.0, 6.0)) == 0.9, "a turn behind the last frame has its score"


def test_a_voice_print_is_made_of_what_a_speaker_says_alone(diarizer):
    turns = diarizer.read_turns(["0 10 speaker_0", "4 6 speaker_1", "8 12 speaker_1"], [])

    assert diarizer.alone(turns, "speaker_0") == [(0.0, 4.0), (6.0, 8.0)]
    assert diarizer.best_spans(turns, "speaker_1") == [(10.0, 12.0)]


def test_who_is_hardly_ever_alone_has_a_print_of_all_that_he_says(diarizer):
    turns = diarizer.read_turns(["0 10 speaker_0", "4 6 speaker_1", "9.5 10.5 speaker_1"], [])

    assert diarizer.best_spans(turns, "speaker_1") == [(4.0, 6.0), (9.5, 10.5)]


def test_more_than_enough_of_a_voice_is_cut_the_longest_first(diarizer):
    turns = diarizer.read_turns(["0 5 speaker_0", "10 35 speaker_0", "40 60 speaker_0"], [])

    spans = diarizer.best_spans(turns, "speaker_0")

    assert spans == [(10.0, 35.0), (40.0, 45.0)]
    assert sum(end - start for start, end in spans) == diarizer.ENOUGH_SECONDS


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.floats(0.1, 20), st.integers(0, 3)).map(
            lambda t: f"{t[0]:.2f} {t[0] + t[1]:.2f} speaker_{t[2]}"
        ),
        max_size=20,
    )
)
def test_alone_is_within_a_turn_and_never_within_anothers(diarizer, lines: list[str]):
    turns = diarizer.read_turns(lines, [])
    for speaker in {turn.speaker for turn in turns}:
        for start, end in diarizer.alone(turns, speaker):
            middle = (start + end) / 2
            assert start < end
            assert any(t.start <= start and end <= t.end for t in turns if t.speaker == speaker)
            assert not any(t.start < middle < t.end for t in turns if t.speaker != speaker)


def test_a_print_has_length_one_or_is_none(diarizer):
    assert math.isclose(sum(v * v for v in diarizer.unit([3.0, 4.0])), 1.0, abs_tol=1e-5)
    assert diarizer.unit([0.0, 0.0]) == []
    assert diarizer.unit([math.nan, 1.0]) == []
