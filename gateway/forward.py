"""One request on its way through: bytes to the upstream, bytes back, and an eye on the client."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import cast

import msgspec
from litestar.types import HTTPRequestEvent, HTTPScope, Receive, Send

from gateway.heads import end_to_end, header
from gateway.problem import ClientLeft, Problem
from gateway.upstream_connection import Connection, UpstreamBroke

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 0.05
"""Most answers begin sooner: only after this time is a task spent on watching the client."""

LONGEST_SECONDS = 30 * 60.0


class Forward:
    """
    One exchange between a client and an upstream that already has the request's head.

    Args:
        connection: With the exchange begun.
        who: The upstream in words: "vllm on spark-1 (model m)".
        receive, send: The client's ASGI channel.
        upload_limit: With a body still to come: how large it may get, in bytes; None: nothing is to come.
    """

    def __init__(
        self, connection: Connection, who: str, receive: Receive, send: Send, upload_limit: int | None = None
    ) -> None:
        self._connection = connection
        self._who = who
        self._receive = receive
        self._send = send
        self._upload_limit = upload_limit
        self._gone = False
        self._refusal: Problem | None = None
        self._side_task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """
        Pass the answer on.

        `UpstreamBroke` when there is none; that one broke off in the middle is told to the client.
        """
        timer: asyncio.TimerHandle | None = None
        if self._upload_limit is None:
            timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._start, self._watch)
        else:
            self._start(self._upload)
        try:
            await self._pass_on()
        finally:
            if timer is not None:
                timer.cancel()
            if self._side_task is not None:
                self._side_task.cancel()

    def _start(self, side: Callable[[], Coroutine[None, None, None]]) -> None:
        self._side_task = asyncio.get_running_loop().create_task(side())

    async def _pass_on(self) -> None:
        connection = self._connection
        try:
            await connection.answer()
        except UpstreamBroke:
            if self._refusal:
                raise self._refusal from None
            if self._gone:
                raise ClientLeft from None
            raise
        headers = end_to_end(connection.headers)
        await self._send({"type": "http.response.start", "status": connection.status, "headers": headers})
        try:
            while data := await connection.read():
                await self._send(
                    {"type": "http.response.body", "body": data, "more_body": not connection.whole}
                )
                if connection.whole:
                    return
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
        except UpstreamBroke as error:
            await self._tell_of_break(error)

    async def _tell_of_break(self, error: UpstreamBroke) -> None:
        """
        Say in an event stream what happened.

        The answer stays unfinished in every case: the server then drops the connection without the final
        chunk, so that nobody takes the torso for a whole answer.
        """
        if self._gone:
            return
        log.warning("%s broke off in the middle of an answer: %s", self._who, error)
        kind = header(self._connection.headers, b"content-type") or b""
        if not kind.startswith(b"text/event-stream"):
            return
        problem = Problem(
            502, f"{self._who} broke off in the middle of its answer: {error}", "upstream_broke"
        )
        data = b"\n\nevent: error\ndata: " + msgspec.json.encode(problem.body) + b"\n\n"
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    # Beside the answer

    async def _watch(self) -> None:
        """Wait for the client to leave, and free the upstream at once when it does."""
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await until_left(self._receive)
        except TimeoutError:
            self._connection.close(f"it took longer than {LONGEST_SECONDS / 60:.0f} minutes")
            return
        self._leave()

    async def _upload(self) -> None:
        """Send the body on as it comes, in chunks when the client named no length."""
        connection, sent = self._connection, 0
        while True:
            try:
                message = await next_part(self._receive)
            except ClientLeft:
                self._leave()
                return
            data = message["body"]
            sent += len(data)
            if self._upload_limit is not None and sent > self._upload_limit:
                self._refusal = too_large(self._upload_limit)
                connection.close("the upload is too large")
                return
            connection.write_body(data)
            await connection.drain()
            if not message["more_body"]:
                connection.end_body()
                break
        await self._watch()

    def _leave(self) -> None:
        self._gone = True
        self._connection.close("the client left")


async def until_left(receive: Receive) -> None:
    """Wait until the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def next_part(receive: Receive) -> HTTPRequestEvent:
    """The next part of a request's body; `ClientLeft` when there is nobody to send it."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientLeft
    return cast(HTTPRequestEvent, message)


async def read_body(scope: HTTPScope, receive: Receive, limit: int) -> bytes:
    """A whole body; 413 before reading what is too large."""
    refuse_too_large(scope, limit)
    message = await next_part(receive)
    if not message["more_body"] and len(message["body"]) <= limit:
        return message["body"]
    parts = bytearray(message["body"])
    while message["more_body"] and len(parts) <= limit:
        message = await next_part(receive)
        parts += message["body"]
    if len(parts) > limit:
        raise too_large(limit)
    return bytes(parts)


def refuse_too_large(scope: HTTPScope, limit: int) -> None:
    """Raise 413 when the request names a length beyond the limit."""
    length = header(scope["headers"], b"content-length")
    if length and int(length) > limit:
        raise too_large(limit)


def too_large(limit: int) -> Problem:
    """The problem of a body beyond the limit."""
    size = f"{limit / 1024 / 1024:.0f} MiB" if limit >= 1024 * 1024 else f"{limit} bytes"
    return Problem(413, f"the body is larger than {size}", "body_too_large")
