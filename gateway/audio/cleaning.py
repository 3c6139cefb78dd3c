"""Words and segments as upstreams send them, made fit to be merged (pure)."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from gateway.audio.transcript import Segment, Word


@dataclass(frozen=True, slots=True)
class RawWord:
    """A token as it came: times may be missing, swapped or in no order; in seconds."""

    text: str
    start: float | None = None
    end: float | None = None


def clean_words(raw: Iterable[RawWord]) -> list[Word]:
    """
    All words that have letters or signs, by their starts, each ending no later than the next begins.

    Swapped times are put right; one that has no times takes them from its neighbours, and says so.  A word
    that seems to last into the next one has a stretched end: recognisers that align by attention do that.
    """
    kept = [word for word in raw if word.text.strip()]
    timed = _with_all_times([_times(word) for word in kept])
    words = [
        Word(word.text, start, end, estimated)
        for word, (start, end, estimated) in zip(kept, timed, strict=True)
    ]
    words.sort(key=lambda word: word.start)
    return [
        Word(word.text, word.start, max(word.start, min(word.end, after.start)), word.estimated)
        for word, after in zip(words, [*words[1:], Word("", math.inf, math.inf)], strict=False)
    ]


def spread_words(text: str, start: float, end: float) -> list[RawWord]:
    """The words of a sentence that has times only as a whole, by their lengths in letters."""
    words = text.split()
    total = sum(len(word) + 1 for word in words) or 1
    each = (end - start) / total
    spread: list[RawWord] = []
    for word in words:
        length = (len(word) + 1) * each
        spread.append(RawWord(word, start, start + length))
        start += length
    return spread


def clean_segments(segments: Iterable[Segment]) -> list[Segment]:
    """Those that last, by their starts; swapped times are put right, what are no times is left out."""
    real = [
        replace(each, start=min(each.start, each.end), end=max(each.start, each.end))
        for each in segments
        if math.isfinite(each.start) and math.isfinite(each.end) and each.end != each.start
    ]
    return sorted(real, key=lambda each: (each.start, each.end))


_Times = tuple[float, float, bool]


def _times(word: RawWord) -> tuple[float, float] | None:
    known = [time for time in (word.start, word.end) if time is not None and math.isfinite(time)]
    return (max(0.0, min(known)), max(0.0, *known)) if known else None


def _with_all_times(times: Sequence[tuple[float, float] | None]) -> list[_Times]:
    """A word without times stands where the last one that has some ends, or where the first one begins."""
    begins = next((known[0] for known in times if known is not None), 0.0)
    filled: list[_Times] = []
    for known in times:
        if known is None:
            filled.append((begins, begins, True))
        else:
            filled.append((*known, False))
            begins = known[1]
    return filled
