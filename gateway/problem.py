"""A problem: what went wrong in plain words, and how it looks on the wire."""

from collections.abc import Mapping
from typing import Any

import msgspec

_TYPES = {401: "authentication_error", 403: "authentication_error", 429: "rate_limit_error"}


class Problem(Exception):
    """
    An answer that is not what was asked for.

    Args:
        status: HTTP status.
        message: Plain words that name the model or service concerned.
        code: A stable word for programs.
        param: The field of the request that is at fault.
        headers: Such as Retry-After.
        beside: What stands beside "error" in the body, such as the lock or the model that is loading.
    """

    def __init__(
        self,
        status: int,
        message: str,
        code: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        **beside: Any,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.param = param
        self.headers = dict(headers or {})
        self.beside = beside

    @property
    def body(self) -> dict[str, Any]:
        """The envelope of every error of our own: OpenAI's shape."""
        kind = _TYPES.get(self.status) or ("server_error" if self.status >= 500 else "invalid_request_error")
        error = {"message": str(self), "type": kind, "code": self.code, "param": self.param}
        return {"error": error, **self.beside}

    @property
    def encoded(self) -> bytes:
        """The envelope as JSON."""
        return msgspec.json.encode(self.body)


def retry_after(seconds: float) -> dict[str, str]:
    """The header that says when to come back, in whole seconds."""
    return {"retry-after": str(max(1, round(seconds)))}
