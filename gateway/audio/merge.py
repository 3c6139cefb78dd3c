"""
Words and segments as words with speakers (pure).

Each word is scored for each speaker by how much of it the speaker's segments cover and how far they are;
a change of speaker costs something, less where a sentence ends; the best way through the whole recording
decides (Viterbi).  So a diarizer's flicker does not shred a sentence, while a clear "yes" in between stays.
"""

from collections.abc import Sequence
from itertools import pairwise

from gateway.audio.cleaning import clean_segments
from gateway.audio.cues import Cue, Spoken, Voice, scores, switch_cost
from gateway.audio.joining import belongs_left, is_spaced
from gateway.audio.likeliest import likeliest, sureness
from gateway.audio.transcript import Segment, SpokenWord, Word

_CLEAR_SHARE = 0.9
_CLEAR_DISTANCE = 0.25
_CLEAR = 50.0
"""Added to the score of who alone can have said a word: no other word weighs against it."""

_CERTAIN = 0.75
_NEAR = 1.0
"""Seconds: a word further than this from every segment has no certain speaker."""


def with_speakers(words: Sequence[Word], segments: Sequence[Segment]) -> list[SpokenWord]:
    """
    Every word, in the order given, with its speaker; none is lost or added.

    A word outside every segment goes to the nearest edge.  Without segments nobody has a speaker.

    Args:
        words: As `clean_words` returns them.
        segments: In any order, of any number of speakers.
    """
    voices = _voices(segments)
    if not voices or not words:
        return [SpokenWord(word, None) for word in words]
    groups = _groups(words)
    spoken = [_spoken(group) for group in groups]
    weighed, near = _weighed(spoken, list(voices.values()))
    costs = [0.0, *(switch_cost(before, each) for before, each in pairwise(spoken))]
    labels, chosen, sure = list(voices), likeliest(weighed, costs), sureness(weighed, costs)
    return [
        _told(word, labels[chosen[at]], sure[at][chosen[at]], is_near=near[at])
        for at, group in enumerate(groups)
        for word in group
    ]


def _voices(segments: Sequence[Segment]) -> dict[str, Voice]:
    """Each speaker, in the order in which they are first heard."""
    by_speaker: dict[str, list[Segment]] = {}
    for segment in clean_segments(segments):
        by_speaker.setdefault(segment.speaker, []).append(segment)
    return {speaker: Voice(own) for speaker, own in by_speaker.items()}


def _groups(words: Sequence[Word]) -> list[list[Word]]:
    """Tokens that one mouth said: a word with its punctuation and its other parts."""
    spaced = is_spaced([word.text for word in words])
    groups = [[words[0]]]
    for before, word in pairwise(words):
        if belongs_left(before.text, word.text, spaced=spaced):
            groups[-1].append(word)
        else:
            groups.append([word])
    return groups


def _spoken(group: Sequence[Word]) -> Spoken:
    return Spoken("".join(word.text.strip() for word in group), group[0].start, group[-1].end)


def _weighed(spoken: Sequence[Spoken], voices: Sequence[Voice]) -> tuple[list[list[float]], list[bool]]:
    """What speaks for each speaker of each word, and whether any of them is near it."""
    weighed: list[list[float]] = []
    near: list[bool] = []
    for word in spoken:
        cues = [voice.cue(word) for voice in voices]
        weighed.append(_with_the_clear(scores(word, cues), cues))
        near.append(min(cue.distance for cue in cues) <= _NEAR)
    return weighed, near


def _with_the_clear(score: list[float], cues: Sequence[Cue]) -> list[float]:
    alone = max(range(len(cues)), key=lambda at: cues[at].inside)
    others = (cue.distance for at, cue in enumerate(cues) if at != alone)
    if cues[alone].inside > _CLEAR_SHARE and all(distance > _CLEAR_DISTANCE for distance in others):
        score[alone] += _CLEAR
    return score


def _told(word: Word, speaker: str, sure: float, *, is_near: bool) -> SpokenWord:
    uncertain = word.estimated or sure < _CERTAIN or not is_near
    return SpokenWord(word, speaker, sure, uncertain=uncertain)
