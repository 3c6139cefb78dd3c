"""A transcript in the forms of OpenAI's transcription route (pure)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

FORMS = ("json", "text", "srt", "verbose_json", "vtt")


@dataclass(frozen=True)
class Wish:
    """What a request asks for, as its form's fields say it."""

    form: str = "json"
    language: str = ""
    granularities: tuple[str, ...] = ("segment",)
    stream: bool = False


def read_wish(fields: Sequence[tuple[str, str]]) -> Wish:
    """The wish in a form's fields; raises ValueError with what is wrong."""
    given = dict(fields)
    form = given.get("response_format") or "json"
    if form not in FORMS:
        raise ValueError(f"response_format must be one of {', '.join(FORMS)}")
    # Clients send the list with brackets and without, repeated and joined by commas.
    named = ("timestamp_granularities", "timestamp_granularities[]")
    asked = tuple(
        part.strip() for name, value in fields if name in named for part in value.split(",") if part.strip()
    )
    if unknown := sorted(set(asked) - {"word", "segment"}):
        raise ValueError(f"timestamp_granularities may be word and segment, not {', '.join(unknown)}")
    stream = given.get("stream", "").lower() in ("true", "1")
    return Wish(form, given.get("language", ""), asked or ("segment",), stream)


def verbose(wish: Wish, heard: Any, seconds: float) -> dict[str, Any]:
    """The answer `verbose_json`, with words and segments as far as they were asked for."""
    answer: dict[str, Any] = {
        "task": "transcribe",
        "language": wish.language,  # Parakeet does not say which of its languages it has heard
        "duration": round(seconds, 3),
        "text": heard.text,
        "usage": {"type": "duration", "seconds": round(seconds)},
    }
    if "segment" in wish.granularities:
        answer["segments"] = [_segment(place, one) for place, one in enumerate(heard.segments)]
    if "word" in wish.granularities:
        answer["words"] = heard.words
    return answer


def subtitles(segments: Sequence[dict[str, Any]], form: str) -> str:
    """Segments as `srt` or `vtt`."""
    comma = "," if form == "srt" else "."
    parts = [] if form == "srt" else ["WEBVTT\n"]
    for number, one in enumerate(segments, 1):
        head = f"{number}\n" if form == "srt" else ""
        times = f"{_clock(one['start'], comma)} --> {_clock(one['end'], comma)}"
        parts.append(f"{head}{times}\n{one['text'].replace('-->', '->')}\n")
    return "\n".join(parts) + ("" if parts else "\n")


def events(heard: Any) -> Iterator[str]:
    """The transcript as server-sent events: a piece for each segment, then the whole."""
    pieces = [one["text"] for one in heard.segments] or [heard.text]
    for place, piece in enumerate(pieces):
        yield _event({"type": "transcript.text.delta", "delta": piece if place == 0 else f" {piece}"})
    yield _event({"type": "transcript.text.done", "text": heard.text})
    yield "data: [DONE]\n\n"


def _event(data: dict[str, str]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def _segment(place: int, one: dict[str, Any]) -> dict[str, Any]:
    measures = {"avg_logprob": 0.0, "compression_ratio": 1.0, "no_speech_prob": 0.0}
    return {"id": place, "seek": 0, **one, "tokens": [], "temperature": 0.0, **measures}


def _clock(seconds: float, comma: str) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{comma}{rest % 1000:03d}"
