"""One request on the hot path, with what belongs to it."""

from dataclasses import dataclass, field

from gateway.edge.exchange import Exchange
from gateway.heads import Header
from gateway.telemetry.record import Record


@dataclass(slots=True)
class Visit:
    """
    One request on the hot path.

    Attributes:
        exchange: With the client.
        record: What is counted and logged of it.
        more: Headers of ours for its answer.
    """

    exchange: Exchange
    record: Record
    more: list[Header] = field(default_factory=list)

    @property
    def client(self) -> str:
        """Who asks, for taking turns: the name of the key, else the address."""
        return self.record.key or self.exchange.client

    def queued(self, position: int, seconds: float) -> None:
        """It waited for its turn that long, at that place."""
        self.record.queued_seconds += seconds
        self.more += (
            (b"x-queue-position", b"%d" % position),
            (b"x-queue-ms", b"%d" % (seconds * 1000)),
        )
