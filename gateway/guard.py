"""The guard of the browser: which Host a request may name, and which pages may ask for what (pure)."""

from collections.abc import Iterable
from urllib.parse import urlsplit

from gateway.cors import Cors
from gateway.heads import header
from gateway.problem import Problem

_READING = frozenset(("GET", "HEAD", "OPTIONS"))


def require_host(headers: Iterable[tuple[bytes, bytes]], allowed: frozenset[str]) -> None:
    """403 for a Host that is not ours, when we know ours: a page elsewhere may have rebound its name."""
    if not allowed:
        return
    host = (header(headers, b"host") or b"").decode("latin-1")
    name = (urlsplit(f"//{host}").hostname or "") if _is_authority(host) else ""
    if name.lower() not in allowed:
        raise Problem(403, f"this gateway does not answer to the host name {name or host!r}", "unknown_host")


def require_same_origin(method: str, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """403 for a change that a page of another origin asks for; programs that name no origin are welcome."""
    if _only_reads(method, headers):
        return
    named = header(headers, b"origin") or header(headers, b"referer")
    if named is not None and not _is_own(named, headers):
        raise Problem(403, "this change was asked for by a page of another origin", "other_origin")


def require_known_origin(method: str, headers: Iterable[tuple[bytes, bytes]], cors: Cors) -> None:
    """
    403 on the hot path for a page of an origin that is not allowed; programs that name none are welcome.

    What only reads is harmless: without CORS headers the page cannot see the answer.
    """
    origin = header(headers, b"origin")
    if not origin or _only_reads(method, headers):
        return
    if not cors.is_allowed(origin) and not _is_own(origin, headers):
        named = origin.decode("latin-1")[:200]
        raise Problem(
            403, f"pages of {named!r} may not use this gateway (SPARK_CORS_ORIGINS)", "other_origin"
        )


def _only_reads(method: str, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """A WebSocket begins with GET as well, but browsers let a page of any origin write to it and read."""
    return method in _READING and header(headers, b"upgrade") is None


def _is_own(url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """The URL names the very host and port that the request was sent to."""
    host = (header(headers, b"host") or b"").decode("latin-1").lower()
    return _is_authority(host) and _authority(url.decode("latin-1").lower()) == host


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _is_authority(host: str) -> bool:
    return bool(host) and not set(host) & set("/?#@\\ ")
