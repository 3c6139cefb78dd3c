"""The guard of the browser: which Host a request may name, and that changes come from our own page (pure)."""

from collections.abc import Iterable
from urllib.parse import urlsplit

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
    if method in _READING:
        return
    named = header(headers, b"origin") or header(headers, b"referer")
    if named is None:
        return
    host = (header(headers, b"host") or b"").decode("latin-1").lower()
    origin = named.decode("latin-1").lower()
    if _is_authority(host) and _authority(origin) != host:
        raise Problem(403, "this change was asked for by a page of another origin", "other_origin")


def _authority(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _is_authority(host: str) -> bool:
    return bool(host) and not set(host) & set("/?#@\\ ")
