"""The size of uploads: what is too large is refused before it is read, or as soon as it shows."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class TooLarge(Exception):
    """More was sent than is allowed."""


class LimitUploads:
    """An ASGI app that gives another at most `most` bytes of a request's body, then `TooLarge`."""

    def __init__(self, app: App, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Pass it on, its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = dict(scope["headers"]).get(b"content-length", b"")
        got = int(told) if told.isdigit() and int(told) > self._most else 0

        async def counted() -> Message:
            nonlocal got
            if got > self._most:
                raise TooLarge
            message = await receive()
            got += len(message.get("body", b""))
            if got > self._most:
                raise TooLarge
            return message

        await self._app(scope, counted, send)
