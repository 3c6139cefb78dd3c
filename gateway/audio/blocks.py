"""Blocks of a transcript: the words of one speaker up to a pause or to the next speaker (pure)."""

from collections.abc import Sequence

from gateway.audio.joining import join
from gateway.audio.transcript import Block, SpokenWord

PAUSE = 1.5
"""Seconds: a longer silence begins a new block."""

_TOLERANCE = 1e-6
"""Of times that were added up as floats: 1.6 - 0.1 is more than 1.5."""


def blocks_of(words: Sequence[SpokenWord], *, spaced: bool) -> list[Block]:
    """
    The words in their order as blocks.

    Args:
        words: Sorted by their starts.
        spaced: What `is_spaced` says of the whole transcript.
    """
    runs: list[list[SpokenWord]] = []
    for word in words:
        if runs and _continues(runs[-1][-1], word):
            runs[-1].append(word)
        else:
            runs.append([word])
    return [_block(run, spaced=spaced) for run in runs]


def _continues(before: SpokenWord, word: SpokenWord) -> bool:
    silence = word.word.start - before.word.end
    return before.speaker == word.speaker and silence <= PAUSE + _TOLERANCE


def _block(run: list[SpokenWord], *, spaced: bool) -> Block:
    known = [each.confidence for each in run if each.confidence is not None]
    return Block(
        run[0].speaker,
        run[0].word.start,
        max(each.word.end for each in run),
        join([each.word.text for each in run], spaced=spaced),
        sum(known) / len(known) if known else None,
        tuple(run),
    )
