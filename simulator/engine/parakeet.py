"""The speech-to-text service: transcription, diarization and voice prints over HTTP.

Diarization answers at speaches' route and, for single chunks with voice prints, at the overlay's.
"""

import json
from collections.abc import AsyncGenerator
from typing import Any

from simulator.engine.forms import Form, read_form
from simulator.engine.http import Answer, Request, as_json
from simulator.engine.patched import patch_of
from simulator.engine.service import Refusal, Service, openai_error
from simulator.engine.sound import NotSound, Sound, read_sound
from simulator.engine.speech import segments, subtitles, turns, voice_print, words
from simulator.engine.world import World, from_environment

MODELS = ("nvidia/parakeet-tdt-0.6b-v3", "nvidia/diar_streaming_sortformer_4spk-v2")
FORMS = ("json", "text", "srt", "verbose_json", "vtt")
PLAIN = "text/plain; charset=utf-8"
REAL_TIME_FACTOR = 0.02


class Parakeet:
    """Handlers of the service."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._patch = patch_of(world)

    async def health(self, _: Request) -> Answer:
        return as_json({"status": "ok", "model_loaded": True, "patch": self._patch})

    async def models(self, _: Request) -> Answer:
        data = [{"id": name, "object": "model", "owned_by": "nvidia"} for name in MODELS]
        return as_json({"object": "list", "data": data})

    async def transcribe(self, request: Request) -> Answer:
        """Speech to text in the same language."""
        return await self._write(request, "transcribe")

    async def translate(self, request: Request) -> Answer:
        """Speech to English text."""
        return await self._write(request, "translate")

    async def diarize(self, request: Request) -> Answer:
        """Who speaks when; `response_format` json or rttm."""
        form, sound = await self._listen(request)
        if form.get("response_format", "json") != "rttm":
            return as_json(_diarized(sound))
        name = form.filename.rpartition(".")[0] or "audio"
        lines = [
            f"SPEAKER {name} 1 {t['start']:.3f} {t['end'] - t['start']:.3f} <NA> <NA> "
            f"{t['speaker']} <NA> <NA>\n"
            for t in turns(sound)
        ]
        return Answer("".join(lines).encode(), content_type=PLAIN)

    async def diarize_chunk(self, request: Request) -> Answer:
        """Who speaks when in one chunk, and a voice print of each."""
        _, sound = await self._listen(request)
        found = _diarized(sound)
        names = sorted({turn["speaker"] for turn in found["segments"]})
        found["fingerprints"] = {name: voice_print(name, sound.seconds) for name in names}
        return as_json(found)

    async def embed(self, request: Request) -> Answer:
        """The voice print of a sound with one speaker, as an OpenAI embedding."""
        form, sound = await self._listen(request)
        vector = voice_print("speaker_0", sound.seconds)
        item = {"object": "embedding", "index": 0, "embedding": vector}
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        model = form.get("model", "nvidia/speakerverification_en_titanet_large")
        return as_json({"object": "list", "data": [item], "model": model, "usage": usage})

    async def _listen(self, request: Request) -> tuple[Form, Sound]:
        """The form and its sound, after the time the GPU takes; raises Refusal."""
        form = read_form(request)
        try:
            sound = read_sound(form.file or b"")
        except NotSound as reason:
            raise Refusal(400, openai_error(str(reason))) from None
        await self._world.pause(0.05 + sound.seconds * REAL_TIME_FACTOR)
        return form, sound

    async def _write(self, request: Request, task: str) -> Answer:
        form, sound = await self._listen(request)
        wanted = form.get("response_format", "json")
        if wanted not in FORMS:
            raise Refusal(400, openai_error(f"response_format must be one of {', '.join(FORMS)}"))
        heard = words(sound)
        text = " ".join(word["word"] for word in heard)
        if form.get("stream").lower() == "true":
            return Answer(_deltas(heard, text), content_type="text/event-stream; charset=utf-8")
        if wanted == "json":
            return as_json({"text": text})
        if wanted == "text":
            return Answer(f"{text}\n".encode(), content_type=PLAIN)
        if wanted in {"srt", "vtt"}:
            return Answer(subtitles(segments(heard), wanted).encode(), content_type=PLAIN)
        return as_json(_verbose(form, sound, heard, task))


def _verbose(form: Form, sound: Sound, heard: list[dict[str, Any]], task: str) -> dict[str, Any]:
    """verbose_json; no granularity asked for means segments, only `word` leaves them out."""
    asked = form.every("timestamp_granularities") or ["segment"]
    answer: dict[str, Any] = {
        "task": task,
        "language": form.get("language") or "en",
        "duration": round(sound.seconds, 3),
        "text": " ".join(word["word"] for word in heard),
    }
    if "segment" in asked:
        answer["segments"] = segments(heard)
    if "word" in asked:
        answer["words"] = heard
    return answer


def _diarized(sound: Sound) -> dict[str, Any]:
    found = turns(sound)
    count = len({turn["speaker"] for turn in found})
    return {"duration": round(sound.seconds, 3), "segments": found, "num_speakers": count}


async def _deltas(heard: list[dict[str, Any]], text: str) -> AsyncGenerator[bytes, None]:
    """Server-sent events, one word each, then the whole."""
    for place, word in enumerate(heard):
        delta = ("" if place == 0 else " ") + word["word"]
        yield _event({"type": "transcript.text.delta", "delta": delta})
    yield _event({"type": "transcript.text.done", "text": text})
    yield b"data: [DONE]\n\n"


def _event(value: dict[str, str]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def service() -> Service:
    """The service, ready to run."""
    world = from_environment()
    handlers = Parakeet(world)
    routes = {
        "GET /health": handlers.health,
        "GET /v1/models": handlers.models,
        "POST /v1/audio/transcriptions": handlers.transcribe,
        "POST /v1/audio/translations": handlers.translate,
        "POST /v1/audio/diarization": handlers.diarize,
        "POST /v1/audio/diarize": handlers.diarize,
        "POST /v1/audio/diarize-chunk": handlers.diarize_chunk,
        "POST /v1/audio/speech/embedding": handlers.embed,
    }
    return Service("parakeet", routes, starting=20, gib=4.0, world=world)
