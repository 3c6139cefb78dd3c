"""The shadow of a view: of the same length in plain ASCII, so that patterns are small and places stay."""

import unicodedata
from typing import Any

import re2  # type: ignore[import-untyped]

_OTHER = "\x1a"
"""Stands for each sign beyond ASCII that is no letter."""

_OWN = {
    "ß": "s",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "æ": "a",
    "œ": "o",
    "þ": "t",
    "\u0131": "i",
    "ħ": "h",
}


class _Table(dict[int, str]):
    def __missing__(self, code: int) -> str:
        shown = self[code] = _ascii(chr(code))
        return shown


def _ascii(one: str) -> str:
    """The base letter; x or X for letters of other scripts."""
    lower = one.lower()
    if lower in _OWN:
        return _OWN[lower] if one == lower else _OWN[lower].upper()
    base = unicodedata.normalize("NFD", one)[0]
    if base.isascii():
        return base
    if one.isalpha():
        return "X" if one.isupper() else "x"
    return _OTHER


_TABLE = _Table({code: chr(code) for code in range(128)})


def shadow(text: str) -> str:
    """The text with every letter as its ASCII base letter."""
    return text if text.isascii() else text.translate(_TABLE)


def pattern(source: str) -> Any:
    """An RE2 pattern over the bytes of shadows; accents in it are dropped as they are in the text."""
    return re2.compile(shadow(source).encode())
