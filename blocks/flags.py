"""vLLM's arguments as flags: one argument list and one mapping, however each flag is spelled (pure)."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from blocks.flag_names import REPEATED, SHORT, canonical, switch

Value = str | bool | tuple[str, ...] | dict[str, Any]
"""What a flag is given: a word, a switch on or off, several words, or a JSON object."""

Flags = dict[str, Value]
"""Canonical flag (`--max-model-len`) to its value, in the order in which they first stood."""

_NEGATIVE_NUMBER = re.compile(r"-(\d+|\d*\.\d+)", re.ASCII)
_HUMAN_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([kmgt])|(\d+)([KMGT])", re.ASCII)
_POWERS = "kmgt"


@dataclass(frozen=True)
class Part:
    """
    One flag of an argument list, as it stands there.

    Attributes:
        flag: Its canonical name; blank for words that belong to no flag.
        value: True for a flag without a value, False for its negation.
        words: How it was written.
        path: The keys behind its dots: `--flag.a.b 1` is one value inside the flag's JSON object.
    """

    flag: str
    value: Value
    words: tuple[str, ...]
    path: tuple[str, ...] = ()


def split(args: Sequence[str]) -> Iterator[Part]:
    """The parts of an argument list in its order; never raises, nothing is left out."""
    at = 0
    while at < len(args):
        word = args[at]
        if not _names_a_flag(word):
            yield Part("", word, (word,))
            at += 1
            continue
        name, equals, value = _unglued(word).partition("=")
        head, dot, inside = name.partition(".")
        end = at + 1
        while not equals and end < len(args) and not _names_a_flag(args[end]) and not (dot and end > at + 1):
            end += 1
        # The key of a JSON object takes the next word whatever it looks like.
        end = min(at + 2, len(args)) if dot and not equals else end
        given = (value,) if equals else tuple(args[at + 1 : end])
        words = tuple(args[at:end])
        yield _dotted(canonical(head), inside, given, words) if dot else _part(canonical(head), given, words)
        at = end


def parse(args: Sequence[str]) -> Flags:
    """
    The flags of an argument list as vLLM would take them.

    Of a flag given twice the last counts; keys behind dots make one JSON object, which stands in the place
    of one given whole (vLLM's FlexibleArgumentParser, utils/argparse_utils.py).

    Raises:
        ValueError: A word belongs to no flag, or a key has no value; it names the word.
    """
    parts = list(split(args))
    for part in parts:
        if not part.flag.strip("-"):
            raise ValueError(f"{part.words[0]!r} belongs to no flag")
        if part.path and part.value is True:
            raise ValueError(f"{part.words[0]} has no value")
    return _gathered(parts)


def render(flags: Mapping[str, Value]) -> list[str]:
    """
    The argument list that gives vLLM exactly these flags.

    Raises:
        ValueError: A list of words holds one that vLLM would take for a flag.
    """
    return [word for flag, value in flags.items() for word in _rendered(flag, value)]


def replaced(args: Sequence[str], changes: Mapping[str, Value | None]) -> list[str]:
    """The same arguments word for word, but for these canonical flags: a new value; None leaves one out."""
    result: list[str] = []
    left = dict(changes)
    for part in split(args):
        if part.flag not in changes:
            result += part.words
        elif (value := left.pop(part.flag, None)) is not None:
            result += _rendered(part.flag, value)
    return result + render({flag: value for flag, value in left.items() if value is not None})


def value_in(args: Sequence[str], flag: str) -> Value | None:
    """The value that vLLM would take of one canonical flag; None when it is absent."""
    return _gathered(part for part in split(args) if part.flag == flag).get(flag)


def text_of(value: Value) -> str:
    """A value as one writes it behind its flag; `true` and `false` for a switch."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return json.dumps(value, separators=(",", ":"))
    return value if isinstance(value, str) else " ".join(value)


def value_of(text: str) -> Value:
    """One word behind a flag: a JSON object as such, anything else as it is."""
    with suppress(ValueError, RecursionError):
        if text.lstrip().startswith("{") and isinstance(found := json.loads(text), dict):
            return found
    return text


def _names_a_flag(word: str) -> bool:
    """As argparse decides it: a dash, but no negative number and no sentence."""
    name = word.partition("=")[0]
    return len(word) > 1 and word[0] == "-" and not _NEGATIVE_NUMBER.fullmatch(word) and " " not in name


def _unglued(word: str) -> str:
    """`-O3`, `-qfp8` as `-O=3`, `-q=fp8`: a short form of one letter may touch its value."""
    touches = len(word) > 2 and word[:2] in SHORT and word[2] not in ".=" and canonical(word) == word
    return f"{word[:2]}={word[2:]}" if touches and word.partition("=")[0] not in SHORT else word


def _part(flag: str, given: tuple[str, ...], words: tuple[str, ...]) -> Part:
    if not given:
        return Part(*switch(flag), words)
    if len(given) > 1:
        return Part(flag, given, words)
    return Part(flag, given[0] if flag in REPEATED else value_of(given[0]), words)


def _dotted(flag: str, inside: str, given: tuple[str, ...], words: tuple[str, ...]) -> Part:
    return Part(flag, given[0] if given else True, words, tuple(inside.split(".")))


def _gathered(parts: Iterable[Part]) -> Flags:
    flags: Flags = {}
    objects: dict[str, dict[str, Any]] = {}
    for part in parts:
        if part.path:
            _merge(objects.setdefault(part.flag, {}), _object(part))
        if part.flag in REPEATED and part.flag in flags:
            flags[part.flag] = (*_words(flags[part.flag]), *_words(part.value))
        else:
            flags[part.flag] = part.value
    return {**flags, **objects}


def _object(part: Part) -> dict[str, Any]:
    """What `--flag.a.b value` puts into the flag's object; `--flag.a+ x,y` adds to a list."""
    *outer, last = part.path
    text = str(part.value)
    found = {last.removesuffix("+"): text.split(",") if last.endswith("+") else _json_or_text(text)}
    for key in reversed(outer):
        found = {key: found}
    return found


def _json_or_text(text: str) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(text)
    number = _HUMAN_NUMBER.fullmatch(text)
    if number is None:
        return text
    if number[2]:
        return int(float(number[1]) * 1000 ** (_POWERS.index(number[2]) + 1))
    return int(number[3]) * 1024 ** (_POWERS.index(number[4].lower()) + 1)


def _merge(whole: dict[str, Any], more: dict[str, Any]) -> None:
    for key, value in more.items():
        present = whole.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            _merge(present, value)
        elif isinstance(value, list) and isinstance(present, list):
            present.extend(value)
        else:
            whole[key] = value


def _words(value: Value) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (text_of(value),)


def _rendered(flag: str, value: Value) -> list[str]:
    if isinstance(value, bool):
        return [flag if value else f"--no-{flag.removeprefix('--')}"]
    if isinstance(value, tuple) and flag not in REPEATED:
        if bad := next((word for word in value if _names_a_flag(word)), None):
            raise ValueError(f"{flag}: {bad!r} would be taken for a flag")
        return [flag, *value]
    return [word for each in _words(value) for word in _with_word(flag, each)]


def _with_word(flag: str, word: str) -> list[str]:
    return [f"{flag}={word}"] if word.startswith("-") else [flag, word]
