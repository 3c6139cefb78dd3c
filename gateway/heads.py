"""Heads of requests and answers as they pass through: what is kept, what is dropped (pure)."""

from collections.abc import Iterable

Header = tuple[bytes, bytes]
Headers = Iterable[Header]

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te "
    b"transfer-encoding upgrade".split()
)
"""RFC 9110 section 7.6.1: they speak of one connection only."""

# Keys open the gateway, not an upstream.  Expect was answered here, and the request's id is ours to say.
_OURS = frozenset((b"host", b"content-length", b"expect", b"authorization", b"x-api-key", b"x-request-id"))

_DROPPED = _HOP_BY_HOP | _OURS
_PLAIN_CONNECTION = frozenset((b"keep-alive", b"close", b"Keep-Alive", b"Close"))


def request_head(
    method: str, target: bytes, host: bytes, headers: Headers, length: int | None, more: Headers = ()
) -> bytes:
    """
    The head of the request an upstream gets.

    Args:
        method: As the client sent it.
        target: Path and query, their bytes unchanged.
        host: The upstream's own.
        headers: The client's, names in lower case.
        length: Of the body; None: it is sent in chunks.
        more: Headers of ours.
    """
    lines = [method.encode(), b" ", target, b" HTTP/1.1\r\nhost: ", host]
    named = frozenset[bytes]()
    for name, value in headers:
        if name not in _DROPPED:
            lines += (b"\r\n", name, b": ", value)
        elif name == b"connection" and value not in _PLAIN_CONNECTION:
            named |= _tokens(value)
    if named:
        kept = [(name, value) for name, value in headers if name not in named and name != b"connection"]
        return request_head(method, target, host, kept, length, more)
    for name, value in more:
        lines += (b"\r\n", name, b": ", value)
    if length is None:
        lines.append(b"\r\ntransfer-encoding: chunked\r\n\r\n")
    elif length or method not in ("GET", "HEAD"):
        lines.append(b"\r\ncontent-length: %d\r\n\r\n" % length)
    else:
        lines.append(b"\r\n\r\n")
    return b"".join(lines)


_CORS = frozenset(
    b"access-control-" + name
    for name in b"allow-origin allow-credentials allow-methods allow-headers expose-headers max-age".split()
)
"""The gateway alone says which pages may read an answer: two opinions in one answer are none to a browser."""

_NOT_ANSWERED = _HOP_BY_HOP | _CORS | {b"x-request-id"}


def end_to_end(headers: Headers) -> list[Header]:
    """The headers of an upstream's answer that are meant for the client; names in lower case."""
    kept: list[Header] = []
    named = frozenset[bytes]()
    for name, value in headers:
        if name not in _NOT_ANSWERED:
            kept.append((name, value))
        elif name == b"connection" and value not in _PLAIN_CONNECTION:
            named |= _tokens(value)
    return [pair for pair in kept if pair[0] not in named] if named else kept


def header(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header; None when absent."""
    for key, value in headers:
        if key == name:
            return value
    return None


def takes_events(headers: Headers) -> bool:
    """An answer is a stream of events to which one of ours can be added; names in lower case."""
    given = dict(headers)
    return (
        given.get(b"content-type", b"").lower().startswith(b"text/event-stream")
        and given.get(b"content-encoding", b"identity").lower() == b"identity"
        and b"content-length" not in given
    )


def _tokens(value: bytes) -> frozenset[bytes]:
    return frozenset(token.strip().lower() for token in value.split(b",") if token.strip())
