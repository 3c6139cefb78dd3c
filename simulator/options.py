"""Command-line flags of the stand-ins, parsed strictly: what is not known fails loudly."""

from __future__ import annotations

from collections.abc import Iterable


class UnknownFlag(Exception):
    """A flag the stand-in does not know; `str()` is the flag as it was written."""


class Options:
    """Flags found on a command line: repeated values in order, switches as true."""

    def __init__(self) -> None:
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return self._values.get(name, ["false"])[-1] != "false"

    def all(self, name: str) -> list[str]:
        return self._values.get(name, [])

    def get(self, name: str, default: str = "") -> str:
        return self._values.get(name, [default])[-1]


def parse(words: Iterable[str], spec: str, *, until_word: bool = False) -> tuple[Options, list[str]]:
    """Split words into flags and the rest.

    `spec` lists flags as `name`, `name/n` (with a short form) or `name/n=` (taking a value).
    `until_word` ends the flags at the first word that is none, as before a command to run.
    """
    known = _flags(spec)
    rest: list[str] = []
    found, left = Options(), list(words)
    while left:
        word = left.pop(0)
        if word == "--":
            return found, rest + left
        if not word.startswith("-") or word == "-":
            if until_word:
                return found, [word, *left]
            rest.append(word)
        elif word.startswith("--") or word in known:
            _long(word, known, found, left)
        else:
            _short(word, known, found, left)
    return found, rest


def _flags(spec: str) -> dict[str, tuple[str, bool]]:
    """`--name` and `-n` to (name, takes a value)."""
    flags = {}
    for item in spec.split():
        name, _, short = item.rstrip("=").partition("/")
        for form in (f"--{name}", f"-{short}" if short else ""):
            flags[form] = (name, item.endswith("="))
    return flags


def _long(word: str, known: dict[str, tuple[str, bool]], found: Options, left: list[str]) -> None:
    flag, equals, value = word.partition("=")
    if flag not in known:
        raise UnknownFlag(flag)
    name, valued = known[flag]
    if equals:
        found.add(name, value)
    elif not valued:
        found.add(name, "true")
    elif left:
        found.add(name, left.pop(0))
    else:
        raise UnknownFlag(f"{flag} (without its value)")


def _short(word: str, known: dict[str, tuple[str, bool]], found: Options, left: list[str]) -> None:
    """A cluster of short flags: `-it`, or one with its value, `-n5`, `-t=3`."""
    letters = word[1:]
    while letters:
        flag, letters = f"-{letters[0]}", letters[1:]
        if flag not in known:
            raise UnknownFlag(f"{flag} in {word}" if len(word) > 2 else flag)
        name, valued = known[flag]
        if valued and letters:
            found.add(name, letters.removeprefix("="))
            return
        if valued:
            _long(flag, known, found, left)
        else:
            found.add(name, "true")
