"""Many chunks' voiceprints as a client sends them, and their speakers as the answer (pure)."""

import math
from typing import Any

import msgspec

from gateway.audio.clustering import LocalVoice, cluster
from gateway.problem import Problem

MOST_VOICES = 1000
_MOST_NUMBERS = 2048
_USUAL_SECONDS = 5.0


class ChunkSegment(msgspec.Struct):
    """A segment as `diarize-chunk` answers it; only how long it lasts is read."""

    speaker: str
    start_s: float
    end_s: float


class Chunk(msgspec.Struct):
    """
    The voices of one chunk: an answer of `diarize-chunk` with a name for the chunk.

    Attributes:
        chunk: Its name or number.
        fingerprints: A voiceprint for each speaker of the chunk.
        segments: How long each of them speaks.
        seconds: The same by speaker, in place of segments; without both all count alike.
    """

    chunk: str | int
    fingerprints: dict[str, list[float]]
    segments: list[ChunkSegment] = []
    seconds: dict[str, float] = {}


class Chunks(msgspec.Struct, forbid_unknown_fields=True):
    """
    Chunks whose speakers are to be found.

    Attributes:
        similarity: Cosine similarity, not distance, from which on two voices are one; none: as configured.
        speakers: How many there are, when that is known.
    """

    chunks: list[Chunk]
    similarity: float | None = None
    speakers: int | None = None


def clustered(asked: Chunks, similarity: float) -> dict[str, Any]:
    """
    A speaker of the whole for each speaker of each chunk.

    Args:
        asked: With at most `MOST_VOICES` voices.
        similarity: Used when the client names none.

    Raises:
        Problem: 422, something in it does not fit.
    """
    _require_fit(asked)
    places = [(at, label) for at, chunk in enumerate(asked.chunks) for label in chunk.fingerprints]
    numbers = _numbers(asked)
    voices = [
        LocalVoice(
            numbers[asked.chunks[at].chunk],
            asked.chunks[at].fingerprints[label],
            _seconds(asked.chunks[at], label),
        )
        for at, label in places
    ]
    chosen = similarity if asked.similarity is None else asked.similarity
    found = cluster(voices, similarity=chosen, speakers=asked.speakers)
    told = [
        {"chunk": asked.chunks[at].chunk, "speaker": label, "global_speaker": f"speaker_{number}"}
        for (at, label), number in zip(places, found, strict=True)
    ]
    return {"speakers": told, "speakers_detected": len(set(found)), "similarity": chosen}


def _numbers(asked: Chunks) -> dict[str | int, int]:
    numbers: dict[str | int, int] = {}
    for chunk in asked.chunks:
        numbers.setdefault(chunk.chunk, len(numbers))
    return numbers


def _seconds(chunk: Chunk, label: str) -> float:
    spoken = sum(max(0.0, each.end_s - each.start_s) for each in chunk.segments if each.speaker == label)
    return chunk.seconds.get(label, spoken or _USUAL_SECONDS)


def _require_fit(asked: Chunks) -> None:
    prints = [each for chunk in asked.chunks for each in chunk.fingerprints.values()]
    if len(prints) > MOST_VOICES:
        raise _unfit("chunks", f"there are {len(prints)} voices: send at most {MOST_VOICES} at once")
    if asked.similarity is not None and not -1 <= asked.similarity <= 1:
        raise _unfit("similarity", "'similarity' is a cosine similarity, from -1 to 1")
    if asked.speakers is not None and not 1 <= asked.speakers <= MOST_VOICES:
        raise _unfit("speakers", f"'speakers' is a whole number from 1 to {MOST_VOICES}")
    lengths = {len(each) for each in prints}
    if len(lengths) > 1 or not all(0 < length <= _MOST_NUMBERS for length in lengths):
        raise _unfit("chunks", "all fingerprints have to be of one length")
    if not all(all(map(math.isfinite, each)) and any(each) for each in prints):
        raise _unfit("chunks", "a fingerprint holds no numbers but zeros, or one that is not finite")


def _unfit(param: str, message: str) -> Problem:
    return Problem(422, message, "unfit_value", param=param)
