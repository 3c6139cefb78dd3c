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
        newer: Not every version of the service has it.
    """

    kind: ServiceKind
    body: Body
    method: str = "POST"
    newer: bool = False


_CHAT = Route("vllm", "json")
_NEWER = Route("vllm", "json", newer=True)
_VECTORS = Route("embeddings", "json")
_HEARING = Route("stt", "stream")

ROUTES: dict[bytes, Route] = {
    b"/v1/chat/completions": _CHAT,
    b"/v1/completions": _CHAT,
    b"/v1/responses": _NEWER,
    b"/v1/messages": _NEWER,
    b"/v1/messages/count_tokens": _NEWER,
    b"/tokenize": _CHAT,
    b"/detokenize": _CHAT,
    b"/v1/embeddings": _VECTORS,
    b"/v1/rerank": _VECTORS,
    b"/rerank": _VECTORS,
    b"/v2/rerank": _VECTORS,
    b"/v1/score": _VECTORS,
    b"/v1/audio/transcriptions": _HEARING,
    b"/v1/audio/translations": _HEARING,
    b"/v1/audio/speech": Route("tts", "json"),
    b"/v1/audio/voices": Route("tts", "none", "GET"),
}

UPSTREAM = b"/upstream/"
"""`/upstream/{service}/{path}` leads to that service as it is."""

REALTIME = b"/v1/realtime"


def is_hot(path: bytes) -> bool:
    """The path is one of the hot path's."""
    return path in ROUTES or path.startswith(UPSTREAM) or path == REALTIME


def methods(path: bytes) -> str:
    """The methods a path of the hot path takes, as the Allow header names them."""
    route = ROUTES.get(path)
    if route is not None:
        return route.method
    return "GET, HEAD, POST" if path.startswith(UPSTREAM) else "GET"


def split_upstream(path: bytes) -> tuple[str, bytes]:
    """The service's name and the path it gets, bytes unchanged: b'/upstream/x/a%2Fb' to ('x', b'/a%2Fb')."""
    name, _slash, rest = path.removeprefix(UPSTREAM).partition(b"/")
    return name.decode("ascii", "replace"), b"/" + rest


def label(path: bytes) -> str:
    """The route in a word for counting: one of few, whatever a client asks for."""
    return path.decode("latin-1") if path in ROUTES or path == REALTIME else "/upstream"
