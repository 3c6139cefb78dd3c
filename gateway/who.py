"""Who asks, for the records that people read later."""

from typing import Any

from litestar import Request

from gateway.keys import Keys


def who_asks(request: Request[Any, Any, Any], keys: Keys) -> str:
    """The name of the key, where there is one, and the address."""
    address = request.client.host if request.client else "an unknown address"
    name = keys.name_in(request.scope["headers"])
    return f"{name} at {address}" if name else address
