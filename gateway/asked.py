"""The little we read of a request's body: which model it asks for (pure)."""

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote_plus

import msgspec

from gateway.problem import Problem


class _Asked(msgspec.Struct):
    model: str | None = None


_NAMED = re.compile(
    rb'"(?:model|(?:m|\\u006[dD])(?:o|\\u006[fF])(?:d|\\u0064)(?:e|\\u0065)(?:l|\\u006[cC]))"'
    rb'\s*:\s*("[^"\\]*(?:\\.[^"\\]*)*")'
)
"""A member named "model" whose value is a string, also one that is written with escapes."""

_IN_QUERY = re.compile(rb"(?:(?<=^model=)|(?<=&model=))[^&]*")

_decode = msgspec.json.Decoder(_Asked).decode


def model_asked_for(body: bytes) -> str | None:
    """The model a JSON body names; None when it names none.  Everything else in it is skipped unread."""
    try:
        return _decode(body).model
    except msgspec.ValidationError:
        raise Problem(400, "the body has to be a JSON object, its 'model' a string", "bad_body") from None
    except RecursionError:
        raise Problem(400, "the body is nested too deeply", "bad_json") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _model_of_loose_json(body)


def rename_model(body: bytes, new: str) -> bytes:
    """
    The body with the value of its 'model' replaced, and not one other byte.

    The name may also stand deeper in the body, or twice: the place that counts is the one whose change
    changes what is asked for.  It is found by halves, as a body may name a million models.
    """
    if model_asked_for(body) == new:
        return body
    places = [found.span(1) for found in _NAMED.finditer(body)]
    value = msgspec.json.encode(new)
    while places:
        half = places[: (len(places) + 1) // 2]
        changed = _replaced(body, half, value)
        if model_asked_for(changed) != new:
            places = places[len(half) :]
        elif len(half) == 1:
            return changed
        else:
            places = half
    return body


def _replaced(body: bytes, places: list[tuple[int, int]], value: bytes) -> bytes:
    parts: list[bytes] = []
    at = 0
    for start, end in places:
        parts += (body[at:start], value)
        at = end
    return b"".join((*parts, body[at:]))


def rename_query(query: bytes, rename: Callable[[str], str]) -> bytes | None:
    """A query with the model it names replaced, and not one other byte; None when nothing changes."""

    def renamed(found: re.Match[bytes]) -> bytes:
        old = unquote_plus(found[0].decode("latin-1"))
        new = rename(old)
        return found[0] if new == old else quote(new, safe="").encode()

    changed = _IN_QUERY.sub(renamed, query)
    return None if changed == query else changed


def _model_of_loose_json(body: bytes) -> str | None:
    """Python's own reader takes NaN and Infinity, as vLLM's does."""
    try:
        data: Any = json.loads(body)
    except (ValueError, RecursionError):
        raise Problem(400, "the body is not valid JSON", "bad_json") from None
    model = data.get("model") if isinstance(data, dict) else None
    return model if isinstance(model, str) else None
