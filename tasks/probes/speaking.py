"""The probe of a text-to-speech service: a few words as a file that can be played (pure)."""

from typing import Any

from blocks.cluster import Service
from tasks.probes.probe import Ask, Failing, Probe, Reply, ids_of, require_good
from tasks.probes.sound import LOUD, NotSound, read_sound

TEXT = "Good morning."
SHORTEST_SECONDS = 0.2
MAGPIE_RATE = 22_050
_SPEECH = "/v1/audio/speech"
_SYNTHESIZE = "/v1/audio/synthesize"


def speaking(service: Service) -> Probe:
    """A few words in the service's own dialect, with a voice that it has."""
    return _magpie(service) if service.dialect == "magpie" else _openai(service)


def _openai(service: Service) -> Probe:
    models = ids_of((yield Ask("/v1/models")))
    voices = voices_of((yield Ask("/v1/audio/voices")).data)
    question = {
        "model": next(iter(models), "tts-1"),
        "input": TEXT,
        "voice": _chosen(service.voice, voices) or "alloy",
        "response_format": "wav",
    }
    return _judge((yield Ask(_SPEECH, "POST", json=question)), _SPEECH)


def _magpie(service: Service) -> Probe:
    """Forms only, and the language of the voice (spark-tools.md 4.5)."""
    listed = yield Ask("/v1/audio/list_voices")
    require_good(listed, "/v1/audio/list_voices")
    data = listed.data if isinstance(listed.data, dict) else {}
    locales = [locale.strip() for names in data for locale in names.split(",")]
    voices = [voice for entry in data.values() for voice in voices_of(entry)]
    voice = _chosen(service.voice, voices)
    if not voice:
        raise Failing("it lists no voices")
    form = {
        "text": TEXT,
        "language": _locale(voice, locales),
        "voice": voice,
        "sample_rate_hz": str(MAGPIE_RATE),
        "encoding": "LINEAR_PCM",
    }
    return _judge((yield Ask(_SYNTHESIZE, "POST", form=form)), _SYNTHESIZE)


def voices_of(data: Any) -> list[str]:
    """The names in a list of voices: objects in newer releases, words in older ones."""
    listed = data.get("voices") if isinstance(data, dict) else None
    found = listed if isinstance(listed, list) else []
    names = [item.get("id") or item.get("name") if isinstance(item, dict) else item for item in found]
    return [name for name in names if isinstance(name, str)]


def _chosen(wanted: str, voices: list[str]) -> str:
    """The voice of the settings where the service has it, else the first it has."""
    return wanted if wanted in voices else next(iter(voices), wanted)


def _locale(voice: str, locales: list[str]) -> str:
    """'en-US' of 'Magpie-Multilingual.EN-US.Aria', as the service writes it."""
    named = voice.split(".")[1].lower() if voice.count(".") else ""
    return next((locale for locale in locales if locale.lower() == named), "en-US")


def _judge(reply: Reply, path: str) -> str:
    require_good(reply, path)
    try:
        sound = read_sound(reply.body, reply.kind)
    except NotSound as error:
        raise Failing(f"its answer to {path} cannot be played: {error}") from None
    if sound.seconds < SHORTEST_SECONDS:
        raise Failing(f"its speech lasts {sound.seconds:.2f} s only")
    if sound.peak is not None and sound.peak <= LOUD:
        raise Failing("its speech is silence")
    return f"it spoke for {sound.seconds:.1f} s"
