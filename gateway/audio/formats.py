"""A transcript with speakers in the shapes that clients ask for (pure)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gateway.audio.captions import named, srt, vtt
from gateway.audio.joining import is_spaced, join
from gateway.audio.transcript import Block, SpokenWord

Format = Literal["json", "srt", "vtt", "text", "diarized_json"]
Words = Literal["in_segments", "also_listed", "left_out"]
FORMATS: tuple[str, ...] = get_args(Format)

UNKNOWN = "unknown"
"""Who spoke, in a shape that has to have a name."""

_TYPES = {"srt": "application/x-subrip", "vtt": "text/vtt", "text": "text/plain"}


@dataclass(frozen=True)
class Transcript:
    """
    What was said, by whom.

    Attributes:
        duration: Of the recording, in seconds.
        language: As the recogniser names it; blank: it does not.
        blocks: In their order.
        models: What recognised and who told the speakers apart.
        warnings: What a reader has to know, in sentences: such as that nobody could tell the speakers apart.
    """

    duration: float
    language: str
    blocks: Sequence[Block]
    models: dict[str, str] = field(default_factory=dict)
    warnings: Sequence[str] = ()

    @property
    def words(self) -> list[SpokenWord]:
        """All of them, in their order."""
        return [word for block in self.blocks for word in block.words]

    @property
    def spaced(self) -> bool:
        """Its tokens say where words begin."""
        return is_spaced([word.word.text for word in self.words])

    @property
    def speakers(self) -> list[str]:
        """In the order in which they first speak."""
        return list(dict.fromkeys(block.speaker for block in self.blocks if block.speaker is not None))


def content_type(form: Format) -> str:
    """Of a shape."""
    return f"{_TYPES[form]}; charset=utf-8" if form in _TYPES else "application/json"


def as_text(transcript: Transcript, form: Literal["srt", "vtt", "text"]) -> str:
    """Captions, or a line for each block."""
    if form == "srt":
        return srt(transcript.blocks, spaced=transcript.spaced)
    if form == "vtt":
        return vtt(transcript.blocks, spaced=transcript.spaced)
    return "".join(f"{named(block.speaker, block.text)}\n" for block in transcript.blocks)


def as_json(transcript: Transcript, words: Words = "in_segments") -> dict[str, Any]:
    """
    Our own shape; times both in seconds and in whole milliseconds.

    Args:
        transcript: Of a recording.
        words: Where they are told, with what is uncertain of them: in their segments, also as a list, or not.
    """
    told: dict[str, Any] = {
        "duration": round(transcript.duration, 3),
        "language": transcript.language or None,
        "text": _text(transcript),
        "speakers_detected": len(transcript.speakers),
        "segments": [_segment(block, words) for block in transcript.blocks],
        "models": transcript.models,
        "warnings": list(transcript.warnings),
    }
    return {**told, "words": [_word(word) for word in transcript.words]} if words == "also_listed" else told


def as_diarized_json(transcript: Transcript) -> dict[str, Any]:
    """OpenAI's `diarized_json`: speakers are called A, B and so on, as they first speak."""
    names: dict[str | None, str] = {None: UNKNOWN}
    names |= {speaker: _letter(at) for at, speaker in enumerate(transcript.speakers)}
    return {
        "task": "transcribe",
        "duration": round(transcript.duration, 3),
        "text": _text(transcript),
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{at}",
                "start": round(block.start, 3),
                "end": round(block.end, 3),
                "speaker": names[block.speaker],
                "text": block.text,
            }
            for at, block in enumerate(transcript.blocks)
        ],
        "usage": {"type": "duration", "seconds": round(transcript.duration)},
    }


def _text(transcript: Transcript) -> str:
    return join([f" {block.text}" for block in transcript.blocks], spaced=True)


def _segment(block: Block, words: Words) -> dict[str, Any]:
    told = {
        "start": round(block.start, 3),
        "end": round(block.end, 3),
        "start_ms": round(block.start * 1000),
        "end_ms": round(block.end * 1000),
        "speaker": block.speaker,
        "text": block.text,
        "confidence": _rounded(block.confidence),
    }
    return told if words == "left_out" else {**told, "words": [_word(word) for word in block.words]}


def _word(word: SpokenWord) -> dict[str, Any]:
    return {
        "word": word.word.text.strip(),
        "start": round(word.word.start, 3),
        "end": round(word.word.end, 3),
        "speaker": word.speaker,
        "confidence": _rounded(word.confidence),
        "uncertain": word.uncertain,
    }


def _rounded(confidence: float | None) -> float | None:
    return None if confidence is None else round(confidence, 3)


def _letter(at: int) -> str:
    """A to Z, then AA, AB and so on."""
    return (_letter(at // 26 - 1) if at >= 26 else "") + chr(ord("A") + at % 26)
