"""Magpie's dialect: OpenAI's JSON for speech as forms for a Riva TTS NIM, its voices as our list (pure)."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import msgspec

from gateway.problem import Problem

LIMIT = 2000
"""Characters a NIM takes in one request, counted after it has written numbers out as words."""
LONGEST = 100_000
"""Characters of one request to us: two hours of speech."""
SPOKEN = 12
"""The most characters that one digit or sign becomes when it is written out, blank included."""
RATES = {"wav": 22050, "pcm": 24000}
"""Samples a second: Magpie's own for WAV, whose head says so; for bare PCM what OpenAI's clients expect."""
VOICES_PATH = "/v1/audio/list_voices"

_VOICE = re.compile(r"[\w-]+\.([A-Za-z]{2,3})-([A-Za-z]{2,4})\.[\w-]+(?:\.[\w-]+)?", re.ASCII)
_UNSPEAKABLE = re.compile(r"(?:</?[A-Za-z][^<>]*>|[{}*])+")
_BLANKS = re.compile(r"[^\S\n]+")
_SENTENCE_END = re.compile(r"((?<=[.!?])\s+|(?<=[。！？])\s*|\n+)")  # noqa: RUF001
_WORD_END = re.compile(r"(\s+)")
_LONG_FORM = re.compile(r"[^\w\s.,;:!?'\"()-]|\d")


@dataclass(frozen=True)
class Translated:
    """One request to a NIM, by POST."""

    path: str
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Speech:
    """
    What one request for speech becomes.

    Attributes:
        parts: Requests to make one after the other; the bodies of their answers, joined, are the sound.
        head: Bytes that the client gets before them; the head of a WAV file when it has more than one part.
        content_type: That of the answer to the client.
    """

    parts: tuple[Translated, ...]
    head: bytes
    content_type: str


class _Asked(msgspec.Struct):
    input: str
    voice: str | None = None
    language: str | None = None
    response_format: str | None = None
    speed: float | None = None
    stream_format: str | None = None


class _Voices(msgspec.Struct):
    voices: list[str]


def to_synthesize(body: bytes, default_voice: str = "") -> Speech:
    """
    OpenAI's `{input, voice, response_format, …}` as multipart requests to a NIM.

    A voice of another service (alloy, af_heart) is the default voice, where one is set.  Text longer than a
    NIM takes is cut between sentences.  `Problem` 400 names the field that Magpie cannot follow.
    """
    asked = _read(body)
    form = _form(asked)
    voice = _voice(asked.voice or "", default_voice)
    if len(asked.input) > LONGEST:
        raise _refusal("input", f"'input' has {len(asked.input)} characters: send at most {LONGEST} at once")
    texts = split(speakable(asked.input))
    if not texts:
        raise _refusal("input", "'input' has no text to speak")
    rate = RATES[form]
    one_file = form == "wav" and len(texts) == 1
    path = "/v1/audio/synthesize" if one_file else "/v1/audio/synthesize_online"
    fields = {"language": _locale(voice) or asked.language or "en-US", "voice": voice}
    fields |= {"sample_rate_hz": str(rate), "encoding": "LINEAR_PCM"}
    parts = tuple(Translated(path, *multipart({"text": text} | fields)) for text in texts)
    head = wav_head(rate) if form == "wav" and not one_file else b""
    return Speech(parts, head, f"audio/{form}")


def voices(body: bytes) -> bytes:
    """
    The answer of `list_voices` in the shape of our voices: `{"voices": [{"id", "name", "language"}]}`.

    Raises:
        Problem: 502, it is no such list.
    """
    try:
        found = msgspec.json.decode(body, type=dict[str, _Voices])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Problem(502, "Magpie's list of voices cannot be read", "upstream_broke") from None
    names = dict.fromkeys(name for group in found.values() for name in group.voices)
    return msgspec.json.encode({"voices": [_described(name) for name in names]})


def speakable(text: str) -> str:
    """The text without what Magpie stumbles over: braces, tags and asterisks; lines are kept."""
    return _BLANKS.sub(" ", _UNSPEAKABLE.sub(_gap, text)).strip()


def split(text: str, limit: int = LIMIT) -> list[str]:
    """Pieces of at most `limit` characters when spoken, cut between sentences, else words, else anywhere."""
    pieces: list[str] = []
    room = 0
    for unit in _units(text, limit):
        weight = spoken_length(unit)
        if not pieces or weight > room:
            pieces.append("")
            room = limit
        pieces[-1] += unit
        room -= weight
    return [piece.strip() for piece in pieces if piece.strip()]


def spoken_length(text: str) -> int:
    """The characters of a text once its digits and signs are written out as words, counted generously."""
    return len(text) + (SPOKEN - 1) * len(_LONG_FORM.findall(text))


def multipart(fields: dict[str, str]) -> tuple[str, bytes]:
    """Content type and body of a form whose boundary occurs in no value."""
    whole = "\n".join(fields.values())
    boundary = next(mark for n in count() if (mark := f"spark-control-{n}") not in whole)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return f"multipart/form-data; boundary={boundary}", f"{''.join(parts)}--{boundary}--\r\n".encode()


def wav_head(rate: int) -> bytes:
    """The head of a mono 16-bit WAV file whose length nobody knows yet."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16)
    unknown = 0xFFFFFFFF
    return struct.pack("<4sI4s", b"RIFF", unknown, b"WAVE") + form + struct.pack("<4sI", b"data", unknown)


def _read(body: bytes) -> _Asked:
    try:
        return msgspec.json.decode(body, type=_Asked)
    except msgspec.ValidationError as error:
        raise Problem(400, f"the request for speech cannot be read: {error}", "bad_body") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Problem(400, "the body is not valid JSON", "bad_json") from None


def _form(asked: _Asked) -> str:
    """The format that is wanted, WAV if none is; `Problem` for what Magpie cannot follow."""
    form = asked.response_format or "wav"
    if form not in RATES:
        raise _refusal("response_format", f"Magpie makes {' or '.join(RATES)}, not {form!r}")
    if asked.speed not in {None, 1}:
        raise _refusal("speed", "Magpie speaks at speed 1 only; its '.Calm' voices are slower")
    if asked.stream_format not in {None, "audio"}:
        raise _refusal("stream_format", f"Magpie streams 'audio', not {asked.stream_format!r}")
    return form


def _voice(wanted: str, default: str) -> str:
    if _VOICE.fullmatch(wanted):
        return wanted
    if default:
        return default
    said = f"{wanted!r} is not one of Magpie's voices" if wanted else "'voice' is missing"
    example = "Magpie-Multilingual.EN-US.Aria"
    raise _refusal("voice", f"{said} (such as {example!r}): GET /v1/audio/voices lists them")


def _gap(match: re.Match[str]) -> str:
    """A blank where two words would otherwise become one: '2*3' is no 23."""
    before = match.string[max(0, match.start() - 1) : match.start()]
    after = match.string[match.end() : match.end() + 1]
    return " " if before.isalnum() and after.isalnum() else ""


def _locale(voice: str) -> str:
    """'en-US' of 'Magpie-Multilingual.EN-US.Aria'; blank where a name has none."""
    found = _VOICE.fullmatch(voice)
    return f"{found[1].lower()}-{found[2].upper()}" if found else ""


def _described(name: str) -> dict[str, str]:
    """'Magpie-Multilingual.EN-US.Aria.Calm' is Aria Calm, who speaks en-US."""
    _, _, *words = name.split(".") if _VOICE.fullmatch(name) else ("", "", name)
    return {"id": name, "name": " ".join(words), "language": _locale(name)}


def _units(text: str, limit: int) -> Iterator[str]:
    """The text as sentences; those too long as words; those too long in pieces that fit however spoken."""
    for sentence in _SENTENCE_END.split(text):
        if spoken_length(sentence) <= limit:
            yield sentence
            continue
        for word in _WORD_END.split(sentence):
            size = len(word) if spoken_length(word) <= limit else limit // SPOKEN
            yield from (word[at : at + size] for at in range(0, len(word), size or 1))


def _refusal(param: str, message: str) -> Problem:
    return Problem(400, message, "unsupported_value", param=param)
