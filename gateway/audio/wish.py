"""What a client wants of a recording, read from its form (pure)."""

import re
from dataclasses import dataclass
from typing import cast

from gateway.audio.form import Form
from gateway.audio.formats import FORMATS, Format, Words
from gateway.audio.speech_service import Fields
from gateway.problem import Problem

FILES = frozenset(("file", "remote_file"))
_MOST_SPEAKERS = 32
_PASSED_ON = ("prompt", "temperature")
_TRUE = frozenset(("true", "1", "yes", "on"))


@dataclass(frozen=True)
class Wish:
    """
    How a recording is to be answered.

    Attributes:
        form: The shape of the answer.
        dual: The remote side has a channel of its own: the second of `file`, or `remote_file`.
        words: Where words are told.
        stream: With news of its progress.
        speakers: How many there are, when the client knows.
        fields: For the recogniser.
    """

    form: Format
    dual: bool
    words: Words
    stream: bool
    speakers: int | None
    fields: Fields


def read_wish(form: Form, model: str) -> Wish:
    """
    The wish of a form; `Problem` 400 names the field that cannot be followed.

    Args:
        form: With its files.
        model: Asked for when the form names none.
    """
    if "file" not in form.files:
        raise _refusal("file", "'file' is missing: send the recording as a file of that name")
    shape = form.one("response_format") or "json"
    if shape not in FORMATS:
        raise _refusal("response_format", f"'response_format' is one of {', '.join(FORMATS)}, not {shape!r}")
    channels = form.one("channels")
    if channels not in {"", "mono", "dual"}:
        raise _refusal("channels", f"'channels' is 'mono' or 'dual', not {channels!r}")
    dual = channels == "dual" or "remote_file" in form.files
    speakers = _speakers(form.one("speakers"))
    if dual and speakers is not None:
        raise _refusal("speakers", "'speakers' cannot be given with two channels")
    known = cast("Format", shape)
    return Wish(known, dual, _words(form), _is_true(form, "stream"), speakers, _fields(form, model))


def _words(form: Form) -> Words:
    if _is_true(form, "words") or "word" in form.many("timestamp_granularities"):
        return "also_listed"
    return "left_out" if form.one("words") else "in_segments"


def _fields(form: Form, model: str) -> Fields:
    """Upstreams know languages by two letters: clients send en-US as well."""
    fields: dict[str, str | list[str]] = {
        "model": form.one("model") or model,
        "response_format": "verbose_json",
        "timestamp_granularities[]": ["word", "segment"],
    }
    language = re.split(r"[-_]", form.one("language"))[0].lower()
    passed = {name: value for name in _PASSED_ON if (value := form.one(name))}
    return fields | passed | ({"language": language} if language else {})


def _speakers(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:3]) <= _MOST_SPEAKERS):
        raise _refusal(
            "speakers", f"'speakers' is a whole number from 1 to {_MOST_SPEAKERS}, not {text[:20]!r}"
        )
    return int(text)


def _is_true(form: Form, name: str) -> bool:
    return form.one(name).lower() in _TRUE


def _refusal(param: str, message: str) -> Problem:
    return Problem(400, message, "bad_request", param=param)
