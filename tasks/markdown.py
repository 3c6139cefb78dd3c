"""Text from hosts and people in Markdown, shown letter by letter (pure)."""

import re
from collections.abc import Sequence

_MARKUP = re.compile(r"([\\`*_\[\]<>#|&~!])")
_LINK = re.compile(r"(?i)\b(https?|ftp|mailto|www)([:.])")


def plain(text: str) -> str:
    """Any text as one line of Markdown that shows just these letters: no markup, link or end of a cell."""
    return _LINK.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", " ".join(text.split())))


def code(lines: Sequence[str], longest: int) -> str:
    """Lines, each cut to `longest` letters, as a block of code: indented, so that no line can end it."""
    return "\n".join(f"    {line[:longest]}" for text in lines for line in text.splitlines() or [""])
