"""The probe of a speech-to-text service: a spoken sentence, whose words are expected back (pure)."""

import re
from importlib.resources import files

from tasks.probes.probe import Ask, Failing, Probe, Reply, ids_of, require_good

WORDS = frozenset(("good", "morning", "this", "is", "a", "test"))
ENOUGH = 3
"""So many of the words: recognisers differ, and a wedged one gives none or noise."""

_PATH = "/v1/audio/transcriptions"
_LOOKS = 2
"""The speech NIM sometimes gives an empty transcript (spark-tools.md 4.2): once is no failure."""


def hearing() -> Probe:
    """The sample's words; asked for with the service's own name of its model, if it tells one."""
    listed = yield Ask("/v1/models")
    model = next(iter(ids_of(listed)), "whisper-1")
    form = {"model": model, "response_format": "json"}
    heard = ""
    for _ in range(_LOOKS):
        reply = yield _ask(form)
        if reply.status in (400, 422) and "language" not in form:
            form = {"language": "en-US", "response_format": "json"}  # what the speech NIM wants instead
            reply = yield _ask(form)
        require_good(reply, _PATH)
        heard = text_of(reply)
        if is_understood(heard):
            return f"it heard {heard!r}"
    raise Failing(f"it heard {heard!r} where 'Good morning. This is a test.' was said")


def is_understood(heard: str) -> bool:
    """Enough of the words are there."""
    return len(WORDS & set(re.findall(r"[a-z]+", heard.lower()))) >= ENOUGH


def text_of(reply: Reply) -> str:
    """The text of a transcription; `Failing` for another answer."""
    data = reply.data
    text = data.get("text") if isinstance(data, dict) else None
    if not isinstance(text, str):
        raise Failing(f"its answer to {_PATH} is no transcription: {reply.said}")
    return text.strip()[:200]


def _ask(form: dict[str, str]) -> Ask:
    return Ask(_PATH, "POST", form=form, file=("good_morning.wav", sample()))


def sample() -> bytes:
    """The spoken sentence, WAV."""
    return (files("tasks.probes") / "good_morning.wav").read_bytes()
