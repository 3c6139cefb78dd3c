"""The keys that open the gateway: who asks, and whether that key may be used for this."""

import base64
import binascii
import hashlib
import time
from collections.abc import Iterable, Mapping

from blocks.ledger.keys import ApiKey, Scope, list_keys
from gateway.problem import Problem, retry_after
from gateway.records import Records

# Basic comes first: of several challenges in one line, browsers ask the user for the first they know.
_CHALLENGE = {
    "www-authenticate": 'Basic realm="Spark Control", charset="UTF-8", Bearer realm="Spark Control"'
}


class Keys:
    """
    The keys in force, in memory.

    Without any key the gateway is open.  Only a revoked key counts as none: one that expires opens nothing,
    neither its own door nor, as the last one, everybody's.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._by_digest: Mapping[bytes, ApiKey] | None = None

    async def refresh(self) -> None:
        """Read the keys; with the ledger away those that are known stay in force."""
        try:
            keys = await self._records.ask(list_keys)
        except Problem:
            return
        self._by_digest = {bytes.fromhex(key.hash): key for key in keys}

    def require(self, headers: Iterable[tuple[bytes, bytes]], scope: Scope) -> str:
        """
        The name of the key a request carries; blank while the gateway is open.

        `Problem` 401 without a valid key, 403 for one that lacks the scope, 503 while no key was ever read.

        Args:
            headers: Names in lower case.
            scope: What the request needs.
        """
        keys = self._by_digest
        if not keys:
            if keys is None:
                raise _not_ready()
            return ""
        given = key_of(headers)
        if not given:
            raise _refused("this gateway asks for an API key, and the request has none", "missing_api_key")
        # Looking a digest up tells nothing about the key by the time it takes.
        key = keys.get(hashlib.sha256(given).digest())
        if key is None:
            raise _refused("the API key of this request is not valid", "invalid_api_key")
        if key.expires is not None and key.expires <= time.time():
            raise _refused(f"the API key {key.name!r} has expired", "invalid_api_key")
        if scope not in key.scopes:
            message = f"the API key {key.name!r} may not do this: it lacks the scope {scope!r}"
            raise Problem(403, message, "missing_scope")
        return key.name

    def name_in(self, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """The name of the key of a request that was let in; blank without one."""
        key = (self._by_digest or {}).get(hashlib.sha256(key_of(headers)).digest())
        return key.name if key else ""


def key_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The key in a request's headers: password of Basic, then Bearer, then x-api-key; blank when absent."""
    bearer = own = b""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, credentials = value.strip().partition(b" ")
            kind = scheme.lower()
            if kind == b"basic" and (password := _password(credentials)):
                return password
            if kind == b"bearer":
                bearer = bearer or credentials.strip()
        elif name == b"x-api-key":
            own = own or value.strip()
    return bearer or own


def _password(credentials: bytes) -> bytes:
    """The second half of Basic's 'user:password'; blank when it cannot be read."""
    try:
        pair = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
    return pair.partition(b":")[2]


def _refused(message: str, code: str) -> Problem:
    return Problem(401, message, code, headers=_CHALLENGE)


def _not_ready() -> Problem:
    message = "the gateway does not know its API keys yet: the ledger (the shared records) has not answered"
    return Problem(503, message, "not_ready", headers=retry_after(3))
