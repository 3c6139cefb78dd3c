"""One answer on its way from an upstream to a client, glued by callbacks: no task stands in between."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping

from gateway.heads import Header, end_to_end, takes_events
from gateway.problem import Problem, retry_after
from gateway.telemetry.record import Outcome
from gateway.upstream_connection import Connection
from gateway.visit import Visit

log = logging.getLogger(__name__)

EXAMINED = 16 * 1024
"""Bytes of an answer that may be held until we know whether it is passed on."""

Examine = Mapping[int, Callable[[bytes], Problem | None]]
"""By status: the body of an answer, or its beginning, to the problem told in its place; None: it passes."""

_BOUNDARIES = (b"\n\n", b"\n\r\n")
"""An event ends with an empty line."""


class Forward:
    """
    Takes an upstream's answer and hands it to the client as it comes.

    What the client does not take stays with the upstream.  An answer that breaks off is told.

    Args:
        visit: The request.
        connection: Where it goes, before its exchange is begun.
        who: The upstream in words.
        examine: Answers of these statuses are held until their beginning has been looked at.
        why: Adds to the reason of a break what else is known, such as the swap that stopped the engine.
    """

    def __init__(
        self,
        visit: Visit,
        connection: Connection,
        who: str,
        examine: Examine,
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
        self._tail = _BOUNDARIES[0]
        self._parts = self._parts_before = 0
        self._silent_since = self._beat_at = time.monotonic()

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

    # The upstream's side

    def head(self) -> None:
        """Status and headers are there."""
        connection = self.connection
        if connection.status == 101:
            self.switch()
        elif connection.status in self._examine:
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
                self._judge()
            return
        self._parts += 1
        self.record.passes(data)
        self.exchange.write(data)
        if self._events:
            self._tail = data[-3:] if len(data) > 2 else (self._tail + data)[-3:]

    def settled(self) -> None:
        """What came at once goes on at once."""
        self.exchange.flush()

    def end(self) -> None:
        """The answer is whole."""
        if self._held is not None:
            self._judge()
        if self._done.done():
            return
        trailers = self.connection.trailers
        self.exchange.end(trailers and end_to_end(trailers))
        self._finish("ok")

    def broke(self, why: str) -> None:
        """There will be no more of it."""
        self._go_on()
        if self._done.done():
            return
        if self.exchange.gone:
            self._finish("client_left")
            return
        if self._held is not None:
            self._release()
        if self.exchange.begun:
            message = f"{self.who} broke off in the middle of its answer: {self._why(why)}"
            self._tell(Problem(502, message, "upstream_broke"))
            self._finish("upstream_broke")
        else:
            message = f"{self.who} gave no answer: {self._why(why)}"
            self._fail(Problem(502, message, "upstream_broke", headers=retry_after(2)))

    def room(self, *, free: bool) -> None:
        """The upstream takes more of the request, or for the moment does not."""
        if free:
            self._go_on()
        else:
            self._room = asyncio.get_running_loop().create_future()

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
            self._parts_before, self._silent_since, self._beat_at = self._parts, now, now
        silent = now - self._silent_since
        if now - self.record.began > longest:
            self._time_out(f"it took longer than {longest:.0f} seconds")
        elif silent > idle:
            self._time_out(f"it said nothing for {idle:.0f} seconds")
            return True
        elif 0 < heartbeat <= now - self._beat_at and self._events and self._tail.endswith(_BOUNDARIES):
            self.exchange.write(b": waiting\n\n")
            self.exchange.flush()
            self._beat_at = now
        return False

    def give_up(self, problem: Problem) -> None:
        """Let the upstream go, and tell the client: in the place of its answer, or in the middle of it."""
        if self._done.done():
            return
        if self.exchange.begun:
            self._tell(problem)
            self._finish("timed_out" if problem.status == 504 else "refused")
        else:
            self._fail(problem)

    def _time_out(self, why: str) -> None:
        self.give_up(Problem(504, f"{self.who}: {why}", "timed_out", headers=retry_after(5)))

    # Within

    def _go_on(self) -> None:
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    def headers(self) -> list[Header]:
        """The headers of the answer that are meant for the client."""
        return end_to_end(self.connection.headers)

    def _begin(self) -> None:
        connection, exchange = self.connection, self.exchange
        headers = self.headers()
        self.record.answer_begins(connection.status, headers)
        self._events = takes_events(headers)
        exchange.begin(connection.status, headers + self._more, connection.reason)
        self.heed_client()

    def heed_client(self) -> None:
        """Let the upstream wait whenever the client takes no more."""
        connection, exchange = self.connection, self.exchange
        exchange.on_pause, exchange.on_room = connection.pause, connection.go_on
        if exchange.blocked:
            connection.pause()

    def _judge(self) -> None:
        """Tell the problem that what was held shows, or let it pass."""
        problem = self._examine[self.connection.status](bytes(self._held or b""))
        if problem is None:
            self._release()
        else:
            self._fail(problem)

    def _release(self) -> None:
        """What was held passes after all."""
        held, self._held = self._held, None
        self._begin()
        if held:
            self.body(bytes(held))

    def _tell(self, problem: Problem) -> None:
        """Say what happened in an event stream; in every case the answer has no clean end."""
        log.warning("%s", problem)
        if self._events:
            self.exchange.write(b"\n\nevent: error\ndata: " + problem.encoded + b"\n\n")
        self.exchange.break_off()

    def _finish(self, outcome: Outcome) -> None:
        self.record.ends(outcome)
        self.done()

    def done(self) -> None:
        """This answer has passed."""
        if not self._done.done():
            self._done.set_result(None)

    def _fail(self, problem: Problem) -> None:
        """There is no answer but this; whatever the upstream may still say, nobody hears it."""
        if not self._done.done():
            self._done.set_exception(problem)
            self.connection.close()
