"""What recognisers and diarizers answer, in the shapes that are in use (pure)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.audio.cleaning import RawWord, spread_words
from gateway.audio.transcript import Segment


class Unreadable(ValueError):
    """An answer that is none; the message says why in plain words."""


@dataclass(frozen=True)
class Recognised:
    """
    What a recogniser heard; times in seconds from the beginning of what it was sent.

    Attributes:
        language: As it names it; blank: it does not.
        guessed: It gave no times for words: they are spread over its sentences.
    """

    words: list[RawWord]
    language: str = ""
    guessed: bool = False


@dataclass(frozen=True)
class Diarized:
    """What a diarizer heard; voiceprints by its labels."""

    segments: list[Segment]
    voiceprints: dict[str, list[float]]


class _Word(msgspec.Struct):
    word: str
    start: float | None = None
    end: float | None = None


class _Sentence(msgspec.Struct):
    text: str = ""
    start: float | None = None
    end: float | None = None
    words: list[_Word] | None = None


class _Transcription(msgspec.Struct):
    text: str = ""
    language: str | None = None
    words: list[_Word] | None = None
    segments: list[_Sentence] | None = None


class _Segment(msgspec.Struct):
    speaker: str | int
    start: float | None = None
    end: float | None = None
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None


class _Diarization(msgspec.Struct):
    segments: list[_Segment]
    fingerprints: dict[str, list[float]] = {}


def recognised(body: bytes, seconds: float) -> Recognised:
    """
    The words of a transcription.

    Words without times, or sentences, or a text alone are taken too; what has no times of its own is spread
    over the time of its sentence, or over the whole.

    Args:
        body: OpenAI's `verbose_json` or `json`.
        seconds: How long the sound is.
    """
    told = _read(body, _Transcription)
    words = told.words or [word for each in told.segments or () for word in each.words or ()]
    language = told.language or ""
    if words:
        return Recognised([RawWord(word.word, word.start, word.end) for word in words], language)
    spread = list(_spread(told, seconds))
    return Recognised(spread, language, guessed=bool(spread))


def diarized(body: bytes) -> Diarized:
    """The segments of a diarization, those without times left out, and voiceprints where it has some."""
    told = _read(body, _Diarization)
    return Diarized([segment for each in told.segments for segment in _segment(each)], told.fingerprints)


def _segment(told: _Segment) -> Iterable[Segment]:
    start = told.start if told.start is not None else told.start_s
    end = told.end if told.end is not None else told.end_s
    if start is not None and end is not None:
        yield Segment(str(told.speaker), start, end, told.confidence)


def _spread(told: _Transcription, seconds: float) -> Iterable[RawWord]:
    sentences = [each for each in told.segments or () if each.text.strip()]
    for each in sentences or [_Sentence(told.text)]:
        start = 0.0 if each.start is None else each.start
        yield from spread_words(each.text, start, max(start, seconds if each.end is None else each.end))


def _read(body: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise Unreadable(f"its answer has not the shape that is expected ({error})") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Unreadable("its answer is not whole JSON") from None
