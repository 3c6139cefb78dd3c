"""A WebSocket on its way: bytes both ways, as they are."""

from gateway.forward import Forward
from gateway.heads import end_to_end


class Tunnel(Forward):
    """Passes a WebSocket's bytes both ways once the upstream has agreed; a refusal is an ordinary answer."""

    def switch(self) -> None:
        """From here on frames pass as they are."""
        connection, exchange = self.connection, self.exchange
        agreed = [pair for pair in connection.headers if pair[0] in (b"upgrade", b"connection")]
        self.record.answer_begins(101, connection.headers)
        exchange.begin(101, end_to_end(connection.headers) + agreed + self._more, connection.reason)
        exchange.flush()
        self.heed_client()
        connection.tunnel(exchange.tunnel(self._to_upstream, self._left))

    def _to_upstream(self, data: bytes) -> None:
        self._parts += 1
        self.connection.write_body(data)

    def room(self, *, free: bool) -> None:
        """The upstream takes more frames, or for the moment does not."""
        if free:
            self.exchange.go_on()
        else:
            self.exchange.hold_back()

    def broke(self, why: str) -> None:
        """The upstream has closed the WebSocket, or never opened it."""
        if self.connection.status == 101:
            self.exchange.break_off()
            self._finish("ok")
        else:
            super().broke(why)

    def tick(self, now: float, *, longest: float, idle: float, heartbeat: float) -> bool:
        """A conversation may be silent, and as long as it likes."""
        return False

    def _left(self) -> None:
        self.connection.finish()
        self._finish("ok")
