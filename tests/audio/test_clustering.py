"""Voiceprints of one person find each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.audio.clustering import LocalVoice, cluster


def voices(people, pieces, spread=0.8, seed=1, seconds=8.0):
    """Everybody in every piece, with prints that differ from piece to piece."""
    rng = np.random.default_rng(seed)
    means = rng.standard_normal((people, 192)) / np.sqrt(192)
    noise = rng.standard_normal((pieces, people, 192)) / np.sqrt(192)
    return [
        LocalVoice(piece, (means[who] + spread * noise[piece, who]).tolist(), seconds)
        for piece in range(pieces)
        for who in range(people)
    ]


@pytest.mark.parametrize("people", [1, 2, 4, 8])
def test_each_person_is_one_speaker(people):
    assert cluster(voices(people, pieces=6)) == [at % people for at in range(6 * people)]


def test_the_number_of_speakers_can_be_given():
    assert len(set(cluster(voices(4, pieces=5), speakers=3))) == 3
    assert len(set(cluster(voices(4, pieces=5), speakers=6))) == 6


def test_more_speakers_than_voices_are_as_many_as_there_are_voices():
    assert cluster(voices(2, pieces=1), speakers=9) == [0, 1]


def test_two_alike_voices_of_one_piece_stay_apart():
    one = [1.0, 0.0]
    alike = [0.45, 0.9]
    assert cluster([LocalVoice(0, one, 5), LocalVoice(0, alike, 5)]) == [0, 1]
    assert cluster([LocalVoice(0, one, 5), LocalVoice(1, alike, 5)]) == [0, 0]


def test_one_voice_that_the_diarizer_heard_as_two_becomes_one_again():
    same = [1.0, 0.2]
    assert cluster([LocalVoice(0, same, 5), LocalVoice(0, [1.0, 0.21], 5)]) == [0, 0]


def test_short_speech_weighs_less_than_long():
    told = cluster(
        [
            LocalVoice(0, [1, 0, 0], 20),
            LocalVoice(1, [0, 1, 0], 20),
            LocalVoice(2, [0.65, 0.6, 0.3], 0.5),
            LocalVoice(3, [1, 0.1, 0], 20),
        ],
        speakers=2,
    )
    assert told == [0, 1, 0, 0]


def test_nobody_is_nobody():
    assert cluster([]) == []


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_labels_count_from_0_in_the_order_of_first_appearance(seed, count):
    rng = np.random.default_rng(seed)
    told = cluster([LocalVoice(at // 3, rng.standard_normal(8).tolist(), 2) for at in range(count)])
    seen = list(dict.fromkeys(told))
    assert seen == list(range(len(seen)))


def test_the_scale_of_a_print_does_not_matter():
    given_ = voices(3, pieces=4)
    scaled = [
        LocalVoice(v.piece, [x * (at + 1) for x in v.voiceprint], v.seconds) for at, v in enumerate(given_)
    ]
    assert cluster(scaled) == cluster(given_)
