"""The text-to-speech service: Kokoro-FastAPI's routes, with WAV and PCM really made."""

import re
from collections.abc import AsyncGenerator
from typing import Any

from simulator.engine.http import Answer, Request, as_json
from simulator.engine.service import Refusal, Service
from simulator.engine.sound import wav_head
from simulator.engine.voice import RATE, pitch, sentences, speak
from simulator.engine.world import World, from_environment

MODELS = ("kokoro", "tts-1", "tts-1-hd", "gpt-4o-mini-tts")
VOICES = (
    "af_bella af_heart af_nicole af_sarah af_sky am_adam am_michael bf_emma bf_isabella bm_george "
    "bm_lewis df_anna dm_bernd ef_dora ff_siwis if_sara"
)
TYPES = {"wav": "audio/wav", "pcm": "audio/pcm"}
SECONDS_PER_LETTER = 0.004


class Kokoro:
    """Handlers of the service."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def health(self, _: Request) -> Answer:
        return as_json({"status": "healthy"})

    async def models(self, _: Request) -> Answer:
        data = [{"id": name, "object": "model", "owned_by": "kokoro"} for name in MODELS]
        return as_json({"object": "list", "data": data})

    async def voices(self, request: Request) -> Answer:
        """Objects, or with `legacy=true` bare names as older releases gave them."""
        names = VOICES.split()
        if request.query.get("legacy") == "true":
            return as_json({"voices": names})
        return as_json({"voices": [{"id": name, "name": name} for name in names]})

    async def speech(self, request: Request) -> Answer:
        """Text to sound, sentence by sentence unless `stream` is false."""
        body = _body(request)
        form = str(body.get("response_format") or "mp3")
        if form not in TYPES:
            raise _refused("validation_error", f"Unsupported format: {form}; use wav or pcm")
        hertz = pitch(_voice(str(body.get("voice") or "af_heart")))
        speed = float(body.get("speed") or 1)
        if not 0.25 <= speed <= 4:
            raise _refused("validation_error", f"speed must be between 0.25 and 4, got {speed}")
        stream = self._stream(str(body["input"]), hertz, speed)
        if body.get("stream", True):
            return Answer(_with_head(stream, form), content_type=TYPES[form])
        sound = b"".join([piece async for piece in stream])
        head = wav_head(RATE, len(sound)) if form == "wav" else b""
        return Answer(head + sound, content_type=TYPES[form])

    async def _stream(self, text: str, hertz: float, speed: float) -> AsyncGenerator[bytes, None]:
        for sentence in sentences(text):
            await self._world.pause(0.05 + len(sentence) * SECONDS_PER_LETTER)
            yield speak(sentence, hertz, speed)


async def _with_head(stream: AsyncGenerator[bytes, None], form: str) -> AsyncGenerator[bytes, None]:
    if form == "wav":
        yield wav_head(RATE)
    async for piece in stream:
        yield piece


def _body(request: Request) -> dict[str, Any]:
    """The JSON of a speech request with the model and text checked; raises Refusal."""
    try:
        body = request.json()
    except ValueError:
        raise Refusal(422, {"detail": [{"type": "json_invalid", "loc": ["body"]}]}) from None
    if not isinstance(body, dict) or not isinstance(body.get("input"), str):
        raise Refusal(422, {"detail": [{"type": "missing", "loc": ["body", "input"]}]})
    if body.get("model", "kokoro") not in MODELS:
        raise _refused("invalid_model", f"Unsupported model: {body['model']}")
    if not body["input"].strip():
        raise _refused("validation_error", "Input text is empty")
    return body


def _voice(wanted: str) -> str:
    """The first voice of a mix like `af_bella(2)+af_sky`; every part must be known."""
    parts = [re.sub(r"\([\d.]+\)$", "", part.strip()) for part in re.split(r"[+-]", wanted)]
    for part in parts:
        if part not in VOICES.split():
            raise _refused("validation_error", f"Voice '{part}' not found. Available voices: {VOICES}")
    return parts[0]


def _refused(error: str, message: str) -> Refusal:
    detail = {"error": error, "message": message, "type": "invalid_request_error"}
    return Refusal(400, {"detail": detail})


def service() -> Service:
    """The service, ready to run."""
    world = from_environment()
    handlers = Kokoro(world)
    routes = {
        "GET /health": handlers.health,
        "GET /v1/models": handlers.models,
        "GET /v1/audio/voices": handlers.voices,
        "POST /v1/audio/speech": handlers.speech,
    }
    return Service("kokoro", routes, starting=8, gib=1.5, world=world)
