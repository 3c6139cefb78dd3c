"""The probe of an embeddings service: two texts as vectors of the right size that differ (pure)."""

import math
from typing import Any

from tasks.probes.probe import Ask, Failing, Probe, ids_of, require_good

TEXTS = ("Good morning.", "The invoice is due on Friday.")
KNOWN_SIZES = {"bge-m3": 1024}
"""Numbers of a vector by a part of the model's name (mission.md); other models: any within reason."""

_SMALLEST, _LARGEST = 8, 65_536
_OPENAI, _TEI = "/v1/embeddings", "/embed"


def vectors() -> Probe:
    """Two vectors, by OpenAI's route or by that of text-embeddings-inference."""
    models = ids_of((yield Ask("/v1/models")))
    model = next(iter(models), "embeddings")
    reply = yield Ask(_OPENAI, "POST", json={"model": model, "input": list(TEXTS)})
    path = _OPENAI
    if reply.status in (404, 405):
        path, reply = _TEI, (yield Ask(_TEI, "POST", json={"inputs": list(TEXTS)}))
    require_good(reply, path)
    found = vectors_of(reply.data)
    if len(found) != len(TEXTS):
        raise Failing(f"its answer to {path} has {len(found)} vectors for {len(TEXTS)} texts: {reply.said}")
    size = _judge(found, model)
    return f"it gives vectors of {size} numbers"


def vectors_of(data: Any) -> list[list[Any]]:
    """The vectors of an answer in either shape."""
    listed = data.get("data") if isinstance(data, dict) else data
    items = listed if isinstance(listed, list) else []
    found = [item.get("embedding") if isinstance(item, dict) else item for item in items]
    return [vector for vector in found if isinstance(vector, list)]


def _judge(found: list[list[Any]], model: str) -> int:
    """The size of the vectors; `Failing` says what is wrong with them."""
    numbers = [number for vector in found for number in vector]
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise Failing("its vectors hold something that is no number")
    sizes = {len(vector) for vector in found}
    size = min(sizes)
    wanted = next((size for name, size in KNOWN_SIZES.items() if name in model.lower()), None)
    if len(sizes) != 1 or not _SMALLEST <= size <= _LARGEST or wanted not in (None, size):
        told = f" in place of {wanted}" if wanted else ""
        raise Failing(f"its vectors have {', '.join(map(str, sorted(sizes)))} numbers{told}")
    if any(not any(vector) for vector in found):
        raise Failing("its vectors are all zero")
    if found[0] == found[1]:
        raise Failing("it gives the same vector for different texts")
    return size
