"""What becomes of a record when its request has ended."""

from collections.abc import Callable

from gateway.telemetry.access_log import AccessLog
from gateway.telemetry.exposition import Gauges, exposition
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.record import Record


class Telemetry:
    """
    Counts every finished request and logs it.

    Attributes:
        also: Are told of each as well.
    """

    def __init__(self, metrics: Metrics, access_log: AccessLog) -> None:
        self._metrics = metrics
        self._access_log = access_log
        self.also: tuple[Callable[[Record], None], ...] = ()

    def finished(self, record: Record) -> None:
        """A request has ended (`record.ends` was called): once for each."""
        self._metrics.count(record)
        self._access_log.write(record)
        for tell in self.also:
            tell(record)

    def render(self, gauges: Gauges) -> bytes:
        """The text for Prometheus; takes milliseconds, so call it in a thread."""
        return exposition(self._metrics, gauges, self._access_log.dropped)

    def close(self) -> None:
        """Write the last lines of the access log."""
        self._access_log.close()
