"""The other text-to-speech service: a Riva TTS NIM with Magpie's voices, which takes forms and no JSON."""

from array import array
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from simulator.engine.forms import read_parts
from simulator.engine.http import Answer, Request, as_json
from simulator.engine.service import Refusal, Service
from simulator.engine.sound import wav_head
from simulator.engine.voice import RATE, pitch, sentences, speak
from simulator.engine.world import World, from_environment

LOCALES = ("en-US", "es-US", "fr-FR", "de-DE", "zh-CN", "vi-VN", "it-IT", "hi-IN", "ja-JP")
SPEAKERS = ("Aria", "Jason", "Leo")
EMOTIONS = ("", ".Neutral", ".Calm", ".Happy")
VOICES = tuple(
    f"Magpie-Multilingual.{locale.upper()}.{speaker}{emotion}"
    for locale in LOCALES
    for speaker in SPEAKERS
    for emotion in EMOTIONS
)
LIMIT = 2000  # characters of one request
NATIVE_RATE = 22_050
CALM = 0.77  # a calm voice is about 30 % slower
SECONDS_PER_LETTER = 0.006


@dataclass(frozen=True, slots=True)
class Wish:
    """What a form asks for."""

    text: str
    voice: str
    rate: int


class Magpie:
    """Handlers of the service."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def ready(self, _: Request) -> Answer:
        return as_json({"status": "ready"})

    async def live(self, _: Request) -> Answer:
        return as_json({"status": "live"})

    async def voices(self, _: Request) -> Answer:
        """One key of all locales, as the real one has it."""
        return as_json({",".join(LOCALES): {"voices": VOICES}})

    async def whole(self, request: Request) -> Answer:
        """A WAV file."""
        wish = _wish(request)
        sound = b"".join([piece async for piece in self._stream(wish)])
        return Answer(wav_head(wish.rate, len(sound)) + sound, content_type="audio/wav")

    async def online(self, request: Request) -> Answer:
        """Samples without a head, as they are made."""
        return Answer(self._stream(_wish(request)), content_type="application/octet-stream")

    async def _stream(self, wish: Wish) -> AsyncGenerator[bytes, None]:
        speed = CALM if wish.voice.endswith(".Calm") else 1.0
        for sentence in sentences(wish.text):
            await self._world.pause(0.05 + len(sentence) * SECONDS_PER_LETTER)
            yield _at_rate(speak(sentence, pitch(wish.voice), speed), wish.rate)


def _wish(request: Request) -> Wish:
    """The form of a request; raises Refusal."""
    form = read_parts(request)
    text, voice = form.get("text"), form.get("voice", VOICES[0])
    if not text.strip():
        raise _refused("empty text input")
    if len(text) > LIMIT:
        raise _refused(f"text has {len(text)} characters, the limit is {LIMIT}")
    if form.get("language") not in LOCALES:
        raise _refused(f"language {form.get('language')!r} is not supported")
    if voice not in VOICES:
        raise _refused(f"voice {voice!r} is not available")
    if form.get("encoding", "LINEAR_PCM") != "LINEAR_PCM":
        raise _refused("encoding must be LINEAR_PCM")
    rate = form.get("sample_rate_hz", str(NATIVE_RATE))
    if not rate.isdigit() or not 8000 <= int(rate) <= 48_000:
        raise _refused(f"sample_rate_hz {rate!r} is not supported")
    return Wish(text, voice, int(rate))


def _at_rate(sound: bytes, rate: int) -> bytes:
    """Samples of our voice at another rate: each place takes the one nearest before it."""
    samples = array("h", sound)
    count = len(samples) * rate // RATE
    return array("h", (samples[place * RATE // rate] for place in range(count))).tobytes()


def _refused(why: str) -> Refusal:
    return Refusal(400, {"error": f"Bad Request, {why}"})


def service() -> Service:
    """The service, ready to run."""
    world = from_environment()
    handlers = Magpie(world)
    routes = {
        "GET /v1/health/ready": handlers.ready,
        "GET /v1/health/live": handlers.live,
        "GET /v1/audio/list_voices": handlers.voices,
        "POST /v1/audio/synthesize": handlers.whole,
        "POST /v1/audio/synthesize_online": handlers.online,
    }
    health = frozenset({"/v1/health/ready", "/v1/health/live", "/v1/audio/list_voices"})
    return Service("magpie", routes, starting=60, gib=5.9, health=health, world=world)
