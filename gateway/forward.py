"""One answer on its way from an upstream to a client, glued by callbacks: no task stands in between."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from gateway.heads import Header, end_to_end, header
from gateway.problem import Problem, retry_after
from gateway.telemetry.record import Outcome
from gateway.upstream_connection import Connection
from gateway.visit import Visit

log = logging.getLogger(__name__)

EXAMINED = 16 * 1024
"""Bytes of an answer that may be held until we know whether it is passed on."""

Examine = Mapping[int, Callable[[bytes], Problem | None]]
"""By status: the whole body of an answer to the problem that is told in its place; None: it passes."""

_EVENT_STREAM = b"text/event-stream"


class Forward:
    """
    Takes an upstream's answer and hands it to the client as it comes.

    What the client does not take stays with the upstream.  An answer that breaks off is told.

    Args:
        visit: The request.
        connection: Where it goes, before its exchange is begun.
        who: The upstream in words.
        examine: Short answers of these statuses are held until they have been looked at.
        why: Adds to the reason of a break what else is known, such as the swap that stopped the engine.
    """

    def __init__(
        self,
        visit: Visit,
        connection: Connection,
        who: str,
        examine: Examine = MappingProxyType({}),
        why: Callable[[str], str] = str,
    ) -> None:
        self.exchange = visit.exchange
        self.record = visit.record
        self.connection = connection
        self.who = who
        self._more = visit.more
        self._examine = examine
        self._why = why
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._room: asyncio.Future[None] | None = None
        self._held: bytearray | None = None
        self._events = False
        self._at_boundary = True
        self._parts = self._parts_before = 0
        self._silent_since = visit.record.began

    async def run(self) -> None:
        """Wait until the answer has passed; `Problem` when there was none."""
        await self._done

    @property
    def is_good(self) -> bool:
        """It passed to its end, and the upstream did not fail."""
        return self.record.outcome == "ok" and self.record.status < 500

    async def drain(self) -> None:
        """Wait until the upstream takes more of the request."""
        if self._room is not None:
            await self._room

    def refuse(self, problem: Problem) -> None:
        """The request cannot be sent on: that is the answer, unless another has begun."""
        if not self.exchange.begun:
            self._fail(problem)

    # The upstream's side

    def head(self) -> None:
        """Status and headers are there."""
        connection = self.connection
        if connection.status == 101:
            self.switch()
        elif connection.status in self._examine and _may_be_short(connection.headers):
            self._held = bytearray()
        else:
            self._begin()

    def switch(self) -> None:
        """The upstream speaks another protocol, which nobody asked for."""
        self.connection.close("it changed the protocol without being asked")

    def body(self, data: bytes) -> None:
        """More of the body."""
        if self._held is not None:
            self._held += data
            if len(self._held) > EXAMINED:
                self._release()
            return
        self._parts += 1
        self.record.passes(data)
        self.exchange.write(data)
        if self._events:
            self._at_boundary = data.endswith((b"\n\n", b"\r\n\r\n"))

    def settled(self) -> None:
        """What came at once goes on at once."""
        self.exchange.flush()

    def end(self) -> None:
        """The answer is whole."""
        if self._held is not None:
            problem = self._examine[self.connection.status](bytes(self._held))
            if problem is not None:
                self._fail(problem)
                return
            self._release()
        trailers = self.connection.trailers
        self.exchange.end(trailers and end_to_end(trailers))
        self._finish("ok")

    def broke(self, why: str) -> None:
        """There will be no more of it."""
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None
        if self._done.done():
            return
        if self.exchange.gone:
            self._finish("client_left")
            return
        if self._held is not None:
            self._release()
        if self.exchange.begun:
            self._tell(
                502, f"{self.who} broke off in the middle of its answer: {self._why(why)}", "upstream_broke"
            )
            self._finish("upstream_broke")
        else:
            message = f"{self.who} gave no answer: {self._why(why)}"
            self._fail(Problem(502, message, "upstream_broke", headers=retry_after(2)))

    def room(self, *, free: bool) -> None:
        """The upstream takes more of the request, or for the moment does not."""
        if not free:
            self._room = asyncio.get_running_loop().create_future()
        elif self._room is not None:
            room, self._room = self._room, None
            if not room.done():
                room.set_result(None)

    # Time

    def tick(self, now: float, *, longest: float, idle: float, heartbeat: float) -> bool:
        """
        Called each second; True when the upstream has been silent for too long.

        Args:
            now: On the monotonic clock.
            longest: Seconds the whole request may take.
            idle: Seconds the upstream may be silent.
            heartbeat: After so many silent seconds an event stream gets a comment; 0: never.
        """
        if self._parts != self._parts_before or self.exchange.blocked or not self.exchange.body.complete:
            self._parts_before, self._silent_since = self._parts, now
        silent = now - self._silent_since
        if now - self.record.began > longest:
            self.give_up(f"it took longer than {longest:.0f} seconds")
        elif silent > idle:
            self.give_up(f"it said nothing for {idle:.0f} seconds")
            return True
        elif 0 < heartbeat <= silent and self._events and self._at_boundary:
            self.exchange.write(b": waiting\n\n")
            self.exchange.flush()
            self._silent_since = now if heartbeat < idle else self._silent_since
        return False

    def give_up(self, why: str) -> None:
        """Let the upstream go, and tell the client why."""
        if self._done.done():
            return
        if self.exchange.begun:
            self._tell(504, f"{self.who}: {why}", "timed_out")
            self._finish("timed_out")
        else:
            self._fail(Problem(504, f"{self.who}: {why}", "timed_out", headers=retry_after(5)))

    # Within

    def headers(self) -> list[Header]:
        """The headers of the answer that are meant for the client."""
        return end_to_end(self.connection.headers)

    def _begin(self) -> None:
        connection, exchange = self.connection, self.exchange
        headers = self.headers()
        self.record.answer_begins(connection.status, headers)
        kind = header(headers, b"content-type") or b""
        self._events = kind.startswith(_EVENT_STREAM)
        exchange.begin(connection.status, headers + self._more, connection.reason)
        self.heed_client()

    def heed_client(self) -> None:
        """Let the upstream wait whenever the client takes no more."""
        connection, exchange = self.connection, self.exchange
        exchange.on_pause, exchange.on_room = connection.pause, connection.go_on
        if exchange.blocked:
            connection.pause()

    def _release(self) -> None:
        """What was held passes after all."""
        held, self._held = self._held, None
        self._begin()
        if held:
            self.body(bytes(held))

    def _tell(self, status: int, message: str, code: str) -> None:
        """Say what happened in an event stream; in every case the answer has no clean end."""
        log.warning("%s", message)
        if self._events:
            error: dict[str, Any] = Problem(status, message, code).body
            self.exchange.write(b"\n\nevent: error\ndata: " + msgspec.json.encode(error) + b"\n\n")
        self.exchange.break_off()

    def _finish(self, outcome: Outcome) -> None:
        self.record.ends(outcome)
        self.done()

    def done(self) -> None:
        """This answer has passed."""
        if not self._done.done():
            self._done.set_result(None)

    def _fail(self, problem: Problem) -> None:
        if not self._done.done():
            self._done.set_exception(problem)


def _may_be_short(headers: list[Header]) -> bool:
    length = header(headers, b"content-length")
    return length is None or int(length) <= EXAMINED
