"""Which path of the hot path goes to which kind of service (pure)."""

from dataclasses import dataclass
from typing import Literal

from blocks.cluster import ServiceKind

Body = Literal["json", "stream", "none"]


@dataclass(frozen=True)
class Route:
    """
    Where a path leads.

    Attributes:
        kind: The kind of service that answers.
        body: `json` is buffered to read the model, `stream` goes through as it comes.
    """

    kind: ServiceKind
    body: Body
    method: str = "POST"


_CHAT = Route("vllm", "json")
_VECTORS = Route("embeddings", "json")
_HEARING = Route("stt", "stream")

ROUTES: dict[str, Route] = {
    "/v1/chat/completions": _CHAT,
    "/v1/completions": _CHAT,
    "/v1/responses": _CHAT,
    "/v1/messages": _CHAT,
    "/v1/messages/count_tokens": _CHAT,
    "/tokenize": _CHAT,
    "/detokenize": _CHAT,
    "/v1/embeddings": _VECTORS,
    "/v1/rerank": _VECTORS,
    "/rerank": _VECTORS,
    "/v2/rerank": _VECTORS,
    "/v1/score": _VECTORS,
    "/v1/audio/transcriptions": _HEARING,
    "/v1/audio/translations": _HEARING,
    "/v1/audio/speech": Route("tts", "stream"),
    "/v1/audio/voices": Route("tts", "none", "GET"),
}

UPSTREAM = "/upstream/"
"""`/upstream/{service}/{path}` leads to that service as it is."""


def split_upstream(raw_path: bytes) -> tuple[str, bytes]:
    """The service's name and the path it gets, bytes unchanged: b'/upstream/x/a%2Fb' to ('x', b'/a%2Fb')."""
    name, _slash, rest = raw_path.removeprefix(UPSTREAM.encode()).partition(b"/")
    return name.decode("ascii", "replace"), b"/" + rest
