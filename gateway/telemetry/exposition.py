"""The metrics as text for Prometheus; every series is explained in docs/reference/metrics.md."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from gateway.telemetry.metrics import Counts, Histogram, Metrics

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_PLACE = ("service", "route")
_process = ProcessCollector(registry=None)


@dataclass(frozen=True, slots=True)
class ServiceNow:
    """
    One service at this moment.

    Attributes:
        up: It answers.
        in_flight, waiting: Requests.
        oldest_wait_seconds: Of those that wait.
        model: The loaded one; blank: none, or the service has no models.
    """

    up: bool
    in_flight: int = 0
    waiting: int = 0
    oldest_wait_seconds: float = 0.0
    model: str = ""


@dataclass(frozen=True, slots=True)
class Gauges:
    """What is true at this moment: the services by name, and the connections of clients that are open."""

    services: Mapping[str, ServiceNow] = field(default_factory=dict)
    connections: int = 0


_GAUGES: tuple[tuple[str, str, Callable[[ServiceNow], float]], ...] = (
    ("spark_upstream_up", "The service answers (1) or not (0).", lambda now: now.up),
    ("spark_requests_in_flight", "Requests the service works on.", lambda now: now.in_flight),
    ("spark_requests_waiting", "Requests that wait for their turn.", lambda now: now.waiting),
    ("spark_oldest_wait_seconds", "How long the first in line waits.", lambda now: now.oldest_wait_seconds),
)

_HISTOGRAMS: tuple[tuple[str, str, Callable[[Counts], Histogram]], ...] = (
    ("spark_request_seconds", "From a request's beginning to its end.", lambda counts: counts.seconds),
    ("spark_first_byte_seconds", "From its beginning to its first word.", lambda counts: counts.first_byte),
    ("spark_inter_token_seconds", "Between two parts of a stream.", lambda counts: counts.gaps),
    ("spark_queue_seconds", "Waited for a turn or for a model.", lambda counts: counts.queue),
)


def exposition(metrics: Metrics, gauges: Gauges, lines_dropped: int = 0) -> bytes:
    """
    All series as text of the content type `CONTENT_TYPE`.

    May be called in another thread than the one that counts: it takes copies.
    """
    return generate_latest(_Scrape(metrics, gauges, lines_dropped))


class _Scrape(Collector):
    def __init__(self, metrics: Metrics, gauges: Gauges, lines_dropped: int) -> None:
        self._routes = list(metrics.routes.items())
        self._tokens = list(metrics.tokens.items())
        self._gauges = gauges
        self._lines_dropped = lines_dropped

    def collect(self) -> Iterator[Metric]:
        yield from self._counters()
        yield from self._token_counters()
        yield from self._histograms()
        yield from self._now()
        yield from _process.collect()

    def _counters(self) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "spark_requests", "Requests that have ended.", labels=[*_PLACE, "status", "outcome"]
        )
        passed = CounterMetricFamily("spark_bytes", "Bytes of bodies.", labels=[*_PLACE, "direction"])
        events = CounterMetricFamily("spark_stream_events", "Events of streams.", labels=_PLACE)
        for place, counts in self._routes:
            for (status, outcome), number in list(counts.requests.items()):
                requests.add_metric([*place, str(status), str(outcome)], number)
            passed.add_metric([*place, "in"], counts.bytes_in)
            passed.add_metric([*place, "out"], counts.bytes_out)
            events.add_metric(place, counts.events)
        yield from (requests, passed, events)
        yield CounterMetricFamily(
            "spark_access_log_dropped", "Lines the access log could not keep.", value=self._lines_dropped
        )

    def _token_counters(self) -> Iterator[Metric]:
        tokens = CounterMetricFamily(
            "spark_tokens", "Tokens that answers reported.", labels=["service", "model", "kind"]
        )
        heard = CounterMetricFamily("spark_audio_seconds", "Audio heard.", labels=["service", "model"])
        for place, known in self._tokens:
            tokens.add_metric([*place, "prompt"], known.prompt)
            tokens.add_metric([*place, "completion"], known.completion)
            tokens.add_metric([*place, "cached"], known.cached)
            if known.audio_seconds:
                heard.add_metric(place, known.audio_seconds)
        yield from (tokens, heard)

    def _histograms(self) -> Iterator[Metric]:
        for name, words, histogram_of in _HISTOGRAMS:
            family = HistogramMetricFamily(name, words, labels=_PLACE)
            for place, counts in self._routes:
                histogram = histogram_of(counts)
                if any(histogram.bins):
                    family.add_metric(place, histogram.up_to(), histogram.total)
            yield family

    def _now(self) -> Iterator[Metric]:
        services = self._gauges.services.items()
        for name, words, value_of in _GAUGES:
            gauge = GaugeMetricFamily(name, words, labels=["service"])
            for service, now in services:
                gauge.add_metric([service], float(value_of(now)))
            yield gauge
        loaded = GaugeMetricFamily(
            "spark_loaded_model_info", "The loaded model.", labels=["service", "model"]
        )
        for service, now in services:
            if now.model:
                loaded.add_metric([service, now.model], 1)
        yield loaded
        yield GaugeMetricFamily(
            "spark_connections_open", "Connections of clients.", value=self._gauges.connections
        )
