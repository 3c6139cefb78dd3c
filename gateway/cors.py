"""CORS: which pages of other origins may use the hot path, and how that is said to a browser (pure)."""

import re
from collections.abc import Collection, Iterable

from gateway.heads import header

Headers = Iterable[tuple[bytes, bytes]]

_TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_ORIGIN = re.compile(rb"[!-+\--~]+")
"""Anything a browser may send as an origin: visible, without a comma."""

_ASKED = b"access-control-request-method"
_ASKED_HEADERS = b"access-control-request-headers"
_VARY_PREFLIGHT = (b"vary", b"origin, " + _ASKED + b", " + _ASKED_HEADERS)
_VARY = (b"vary", b"origin")
_METHODS = (b"access-control-allow-methods", b"GET, HEAD, POST")
_MAX_AGE = (b"access-control-max-age", b"600")
_EXPOSED = (b"access-control-expose-headers", b"x-request-id, x-queue-ms, x-queue-position, retry-after")


class Cors:
    """
    What pages of other origins may do.

    Credentials are never allowed: a key is given by the page itself, in a header.

    Args:
        origins: Such as 'https://chat.example'; '*': every one.
    """

    def __init__(self, origins: Collection[str]) -> None:
        self._everyone = "*" in origins
        self._origins = frozenset(origin.lower().encode() for origin in origins)

    def is_allowed(self, origin: bytes) -> bool:
        """Pages of this origin may use the hot path."""
        return (self._everyone and _ORIGIN.fullmatch(origin) is not None) or origin.lower() in self._origins

    def preflight(self, headers: Headers) -> list[tuple[bytes, bytes]]:
        """
        The headers of the 204 to an OPTIONS request by which a browser asks first; empty when it is none.

        A preflight carries no API key: it is answered before one is required.
        """
        origin = header(headers, b"origin")
        if origin is None or header(headers, _ASKED) is None:
            return []
        if not self.is_allowed(origin):
            return [_VARY_PREFLIGHT]
        answer = [(b"access-control-allow-origin", origin), _VARY_PREFLIGHT, _METHODS, _MAX_AGE]
        if asked := _tokens(headers):
            answer.append((b"access-control-allow-headers", b", ".join(asked)))
        return answer

    def headers_for(self, origin: bytes | None) -> list[tuple[bytes, bytes]]:
        """What is added to an answer of the hot path, also to one of our own problems."""
        if not self._origins:
            return []
        if origin is None or not self.is_allowed(origin):
            return [_VARY]
        return [(b"access-control-allow-origin", origin), _VARY, _EXPOSED]


def _tokens(headers: Headers) -> list[bytes]:
    """The header names a browser wants to send; what cannot be one is dropped, as it would be echoed."""
    asked = [word.strip() for name, value in headers if name == _ASKED_HEADERS for word in value.split(b",")]
    return [word for word in asked if _TOKEN.fullmatch(word)]
