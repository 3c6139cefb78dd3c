"""The names a request goes by: its own id, and that of the trace it is part of."""

import os
import re
from collections.abc import Iterable, Iterator

Headers = Iterable[tuple[bytes, bytes]]

_ID = re.compile(rb"[A-Za-z0-9._:@=+/-]{1,128}")

# W3C Trace Context, section 3.2: no version ff, no ids of zeros; versions after 00 may say more.
_TRACEPARENT = re.compile(
    rb"(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"
)


def _new_ids() -> Iterator[str]:
    while True:
        # One look at the system's randomness for 256 ids: it costs more than all else here.
        digits = os.urandom(16 * 256).hex()
        for start in range(0, len(digits), 32):
            yield digits[start : start + 32]


_new = _new_ids()


def request_id(headers: Headers) -> str:
    """The client's `x-request-id` when it is a plain word of at most 128 characters, else 32 hex digits."""
    for name, value in headers:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return value.decode()
    return next(_new)


def trace_id(headers: Headers) -> str:
    """The trace of the client's `traceparent`; blank without a valid one."""
    for name, value in headers:
        if name == b"traceparent":
            match = _TRACEPARENT.fullmatch(value)
            return match[1].decode() if match else ""
    return ""
