"""Who speaks when, how sure that is, and a voice print of each speaker: Sortformer and TitaNet."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from sound import RATE, read_samples

FRAME_SECONDS = 0.08
"""Sortformer gives a score for each of its speakers in each such frame."""

MOST_SPEAKERS = 4
"""Sortformer tells no more apart; a fifth voice is given to one of the four, without a word."""

ENOUGH_SECONDS = 30.0
"""More of a voice does not make its print better."""

CLEAN_SECONDS = 1.5
"""With less than this of a voice alone, what is spoken together with others counts as well."""

LEAST_SECONDS = 0.4
"""A print of less than this says nothing of the voice, and is left out."""

Span = tuple[float, float]


class Ears(Protocol):
    """The two models, as `speech_models` has them."""

    def diarize(self, file: Path) -> tuple[list[str], list[list[float]]]:
        """Sortformer's lines 'start end speaker_0', and its scores: frames by speakers, 0 to 1."""

    def embed(self, samples: array[int]) -> list[float]:
        """TitaNet's vector of a voice."""


@dataclass(frozen=True)
class Turn:
    """A stretch of one speaker, in seconds; `confidence`: the mean of the frames' scores, 0 to 1."""

    start: float
    end: float
    speaker: str
    confidence: float


def read_turns(lines: Sequence[str], scores: Sequence[Sequence[float]]) -> list[Turn]:
    """Turns from Sortformer's lines, in order of time; a line that is none is left out."""
    turns = []
    for line in lines:
        try:
            start, end, speaker = line.split()
            column = int(speaker.rpartition("_")[2])
            span = (max(0.0, float(start)), float(end))
        except ValueError:
            continue
        if span[1] > span[0]:
            turns.append(Turn(*span, f"speaker_{column}", confidence(scores, column, span)))
    return sorted(turns, key=lambda turn: (turn.start, turn.end, turn.speaker))


def confidence(scores: Sequence[Sequence[float]], column: int, span: Span) -> float:
    """How sure it is that a speaker speaks in a span: the mean of its frames' scores, to 3 digits."""
    first = min(int(span[0] / FRAME_SECONDS + 1e-6), max(len(scores) - 1, 0))
    last = max(math.ceil(span[1] / FRAME_SECONDS - 1e-6), first + 1)
    found = [frame[column] for frame in scores[first:last] if column < len(frame)]
    return round(min(max(sum(found) / len(found), 0.0), 1.0), 3) if found else 0.0


def alone(turns: Sequence[Turn], speaker: str) -> list[Span]:
    """Where a speaker speaks and nobody else does."""
    others = sorted((turn.start, turn.end) for turn in turns if turn.speaker != speaker)
    spans = []
    for turn in turns:
        if turn.speaker != speaker:
            continue
        place = turn.start
        for start, end in others:
            if start >= turn.end or end <= place:
                continue
            if start > place:
                spans.append((place, start))
            place = max(place, end)
        if place < turn.end:
            spans.append((place, turn.end))
    return spans


def best_spans(turns: Sequence[Turn], speaker: str) -> list[Span]:
    """The spans a voice print is made of: alone where there is enough of it, the longest first."""
    spans = alone(turns, speaker)
    if _length(spans) < CLEAN_SECONDS:
        spans = [(turn.start, turn.end) for turn in turns if turn.speaker == speaker]
    chosen, left = [], ENOUGH_SECONDS
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        if left <= 0:
            break
        chosen.append((start, min(end, start + left)))
        left -= end - start
    return sorted(chosen)


def unit(vector: Sequence[float]) -> list[float]:
    """The vector with length 1, to 6 digits; empty for one that has no direction."""
    length = math.sqrt(sum(value * value for value in vector))
    return [round(value / length, 6) for value in vector] if 0 < length < math.inf else []


@dataclass(frozen=True)
class Diarizer:
    """Answers of the diarization routes."""

    ears: Ears

    def diarize(self, file: Path, seconds: float) -> dict[str, Any]:
        """`segments` {start, end, speaker, confidence}, `num_speakers`, `duration`."""
        return self._said(self._turns(file, seconds), seconds)

    def diarize_chunk(self, file: Path, seconds: float) -> dict[str, Any]:
        """The same, `fingerprints` {speaker: vector of length 1}, and the seconds that each is made of."""
        turns = self._turns(file, seconds)
        samples, prints, lengths = read_samples(file), {}, {}
        for speaker in sorted({turn.speaker for turn in turns}):
            spans = best_spans(turns, speaker)
            if _length(spans) < LEAST_SECONDS:
                continue
            if vector := unit(self.ears.embed(_cut(samples, spans))):
                prints[speaker], lengths[speaker] = vector, round(_length(spans), 2)
        return {**self._said(turns, seconds), "fingerprints": prints, "fingerprint_seconds": lengths}

    def _turns(self, file: Path, seconds: float) -> list[Turn]:
        found = read_turns(*self.ears.diarize(file))
        # The last frame may reach over the end of the sound.
        return [
            Turn(turn.start, min(turn.end, round(seconds, 3)), turn.speaker, turn.confidence)
            for turn in found
            if turn.start < seconds
        ]

    def _said(self, turns: Sequence[Turn], seconds: float) -> dict[str, Any]:
        return {
            "duration": round(seconds, 3),
            "segments": [
                {"start": turn.start, "end": turn.end, "speaker": turn.speaker, "confidence": turn.confidence}
                for turn in turns
            ],
            "num_speakers": len({turn.speaker for turn in turns}),
            "speaker_limit": MOST_SPEAKERS,
        }


def _length(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in spans)


def _cut(samples: array[int], spans: Sequence[Span]) -> array[int]:
    cut = array("h")
    for start, end in spans:
        cut.extend(samples[int(start * RATE) : int(end * RATE)])
    return cut
