"""Tokens of a recogniser as text: spaces where words begin, none before punctuation or in Chinese (pure)."""

import re
from collections.abc import Sequence

_UNSPACED = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u30ff\u31f0-\u31ff"  # radicals, kana; not Korean, which has spaces
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Chinese characters
)
_CLOSING = "!%),.:;?\\]}°…»”’、。〉》」』】〕！），．：；？］｝"  # noqa: RUF001
_OPENING = "(\\[{¿¡«“‘„〈《「『【〔（［｛"  # noqa: RUF001
_WIDE = "、。〈-】〔〕！（），．：；？［］｛｝"  # noqa: RUF001

_TIGHT_LEFT = re.compile(rf"[{_CLOSING}]|['\u2019](?:s|m|d|t|re|ve|ll)\b|n['\u2019]t\b", re.IGNORECASE)
_ONLY_CLOSING = re.compile(rf"[{_CLOSING}]+")
_ONLY_OPENING = re.compile(rf"[{_OPENING}]+")
_TIGHT_RIGHT = re.compile(rf"[{_OPENING}]$")
_ENDS_UNSPACED = re.compile(rf"[{_UNSPACED}{_WIDE}]$")
_BEGINS_UNSPACED = re.compile(rf"[{_UNSPACED}{_WIDE}]")
_STRAY = re.compile(rf"\s+(?=[{_CLOSING}]+(?:\s|$))")
_LETTER = re.compile(r"\w")
_SPACED_SHARE = 0.25
"""Of the tokens with letters: a recogniser that marks its words so marks most of them, any other none."""


def is_spaced(texts: Sequence[str]) -> bool:
    """The tokens say by a leading space where a word begins, as those of Whisper and of NeMo do."""
    lettered = [text for text in texts if _LETTER.search(text) and not _BEGINS_UNSPACED.match(text.strip())]
    marked = sum(text[:1].isspace() for text in lettered)
    return bool(lettered) and marked >= _SPACED_SHARE * len(lettered)


def joins(left: str, right: str, *, spaced: bool) -> bool:
    """
    Whether no space stands between two tokens.

    Args:
        left: A token.
        right: The one that follows it.
        spaced: What `is_spaced` says of the whole transcript.
    """
    text = right.strip()
    if _ONLY_CLOSING.fullmatch(text) or _TIGHT_RIGHT.search(left.rstrip()):
        return True
    if _ENDS_UNSPACED.search(left.rstrip()) and _BEGINS_UNSPACED.match(text):
        return True
    if spaced:
        return not right[:1].isspace() and not left[-1:].isspace()
    return _TIGHT_LEFT.match(text) is not None


def belongs_left(left: str, right: str, *, spaced: bool) -> bool:
    """The right token is a part of the word on its left, so that one speaker said both."""
    if _ENDS_UNSPACED.search(left.rstrip()) and not _ONLY_CLOSING.fullmatch(right.strip()):
        return bool(_ONLY_OPENING.fullmatch(left.strip()))
    return joins(left, right, spaced=spaced)


def join(texts: Sequence[str], *, spaced: bool) -> str:
    """The tokens as one line of text."""
    parts: list[str] = []
    before = ""
    for text in texts:
        if not text.strip():
            continue
        if parts and not joins(before, text, spaced=spaced):
            parts.append(" ")
        parts.append(" ".join(text.split()))
        before = text
    return _STRAY.sub("", "".join(parts))
