"""The last look at what is about to leave the house: no number, address or key of a known form is left."""

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.redaction.detect import STRUCTURED
from gateway.redaction.protect import protected
from gateway.redaction.rule import found_by
from gateway.redaction.shadow import shadow
from gateway.redaction.tokens import tokens
from gateway.redaction.view import View
from gateway.redaction.wordset import words

_SURE = tuple(rule for rule in STRUCTURED if rule.score >= 0.9 and rule.type != "ADDRESS")
_OPAQUE = words("id tool_call_id call_id tool_use_id previous_response_id signature encrypted_content")
"""Fields that the outside model filled itself."""


def leaves(value: Any, field: str = "") -> Iterator[str]:
    """Every text of a JSON value but those that the outside model made itself."""
    if isinstance(value, str):
        if field not in _OPAQUE:
            yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from leaves(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one, field)


def left_in(texts: Iterable[str], off: frozenset[str]) -> str:
    """
    The type of a sensitive value that scrubbed texts still hold; blank when there is none.

    Args:
        texts: As they are to be sent.
        off: Types that may stay.
    """
    for text in texts:
        seen = shadow(View(_blanked(text)).text)
        kept = protected(seen.encode())
        for found in found_by(_SURE, seen):
            says = any(map(str.isalnum, seen[found.start : found.end]))
            if says and found.type not in off and not kept.covers(found):
                return found.type
    return ""


def _blanked(text: str) -> str:
    """The text with spaces in place of its tokens: `password: [SECRET_1]` holds nothing any more."""
    pieces: list[str] = []
    end = 0
    for token in tokens(text):
        pieces += (text[end : token.start], " " * (token.end - token.start))
        end = token.end
    return "".join((*pieces, text[end:]))
