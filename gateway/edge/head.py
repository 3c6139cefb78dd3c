"""What the head of a request has to be before anybody acts on it (pure)."""

import re

from gateway.edge.limits import Limits
from gateway.problem import Problem

Header = tuple[bytes, bytes]

_AUTHORITY = re.compile(rb"^[^/?#]*")


def fault_of_head(version: str, method: bytes, headers: list[Header], limits: Limits) -> Problem | None:
    """
    Why a head cannot be served, beyond what the parser refuses by itself; None when it can.

    Two readers that disagree on where a request ends let one be hidden in another: whatever could be read in
    two ways is refused.
    """
    if version not in ("1.1", "1.0"):
        return Problem(505, f"HTTP/{version} is not spoken here: use HTTP/1.1", "http_version")
    if method == b"CONNECT":
        return Problem(405, "CONNECT is not possible here", "method_not_allowed")
    hosts, size, encoding = 0, 0, b""
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"host":
            hosts += 1
        elif name == b"transfer-encoding":
            encoding += (b", " if encoding else b"") + value.lower()
    if size > limits.head or len(headers) > limits.headers:
        return Problem(431, "the headers of the request are too large", "headers_too_large")
    if hosts > 1 or (not hosts and version == "1.1"):
        return Problem(400, "a request needs one Host header", "bad_request")
    return _fault_of_encoding(version, encoding) if encoding else None


def _fault_of_encoding(version: str, encoding: bytes) -> Problem | None:
    if version == "1.0":
        return Problem(400, "HTTP/1.0 has no transfer encoding", "bad_request")
    if encoding != b"chunked":
        return Problem(501, "the only transfer encoding taken here is 'chunked'", "transfer_encoding")
    return None


def ends_connection(said: bytes, *, http10: bool) -> bool:
    """Whether the connection ends with the answer, by its Connection headers (RFC 9112 section 9.3)."""
    tokens = {token.strip() for token in said.lower().split(b",")} if said else ()
    return b"close" in tokens or (http10 and b"keep-alive" not in tokens)


def split_target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request's target, bytes unchanged; the absolute form gives up scheme and host."""
    if not url.startswith(b"/"):
        scheme, found, rest = url.partition(b"://")
        if found and scheme.lower() in (b"http", b"https"):
            url = _AUTHORITY.sub(b"", rest, count=1)
            url = url if url.startswith(b"/") else b"/" + url
    path, _mark, query = url.partition(b"?")
    return path, query
