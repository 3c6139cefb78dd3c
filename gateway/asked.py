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


_decode = msgspec.json.Decoder(_Asked).decode


def model_asked_for(body: bytes) -> str | None:
    """The model a JSON body names; None when it names none.  Everything else in it is skipped unread."""
    try:
        return _decode(body).model
    except msgspec.ValidationError:
        raise Problem(400, "the body has to be a JSON object, its 'model' a string", "bad_body") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _model_of_loose_json(body)


def rename_model(body: bytes, new: str) -> bytes:
    """
    The body with the value of its 'model' replaced, and not one other byte.

    The name may also stand deeper in the body: the place that counts changes what is asked for.
    """
    if model_asked_for(body) == new:
        return body
    value = msgspec.json.encode(new)
    for match in re.finditer(rb'"model"\s*:\s*("(?:[^"\\]|\\.)*")', body):
        changed = body[: match.start(1)] + value + body[match.end(1) :]
        if model_asked_for(changed) == new:
            return changed
    return body


def rename_query(query: bytes, rename: Callable[[str], str]) -> bytes | None:
    """A query with the model it names replaced, and not one other byte; None when nothing changes."""
    found = re.search(rb"(?:^|&)model=([^&]*)", query)
    if found is None:
        return None
    old = unquote_plus(found[1].decode("latin-1"))
    new = rename(old)
    if new == old:
        return None
    return query[: found.start(1)] + quote(new, safe="").encode() + query[found.end(1) :]


def _model_of_loose_json(body: bytes) -> str | None:
    """Python's own reader takes NaN and Infinity, as vLLM's does."""
    try:
        data: Any = json.loads(body)
    except ValueError:
        raise Problem(400, "the body is not valid JSON", "bad_json") from None
    model = data.get("model") if isinstance(data, dict) else None
    return model if isinstance(model, str) else None
