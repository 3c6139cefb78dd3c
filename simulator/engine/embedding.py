"""/v1/embeddings in OpenAI's shape, for vLLM with an embedding model and for the embeddings service."""

import base64
import struct
from typing import Any

from simulator.engine.hashing import dense
from simulator.engine.text import pieces


class InputRefused(ValueError):
    """The body has no input that can be embedded."""


def embeddings(body: dict[str, Any], model: str, size: int) -> dict[str, Any]:
    """The answer to an embeddings request; `dimensions` shortens, `encoding_format` may be base64.

    Raises:
        InputRefused: `input` is missing or not text, or `dimensions` is out of range.
    """
    texts = texts_of(body.get("input"))
    wanted = body.get("dimensions") or size
    if not isinstance(wanted, int) or not 0 < wanted <= size:
        raise InputRefused(f"dimensions must be between 1 and {size}, got {wanted}")
    packed = body.get("encoding_format") == "base64"
    data = [
        {"object": "embedding", "index": place, "embedding": _form(dense(text, wanted), packed)}
        for place, text in enumerate(texts)
    ]
    count = sum(len(pieces(text)) for text in texts)
    usage = {"prompt_tokens": count, "total_tokens": count}
    return {"object": "list", "model": model, "data": data, "usage": usage}


def texts_of(given: Any) -> list[str]:
    """A text, a list of texts, or lists of token ids, as texts."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, list) and given:
        if isinstance(given[0], int):
            return [" ".join(map(str, given))]
        return [part if isinstance(part, str) else " ".join(map(str, part)) for part in given]
    raise InputRefused("input must be a text or a list of texts")


def _form(vector: list[float], packed: bool) -> list[float] | str:
    if not packed:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
