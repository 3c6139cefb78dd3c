"""What has been counted can be read by Prometheus, and clients cannot make it grow without bound."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.telemetry.exposition import CONTENT_TYPE, Gauges, ServiceNow, exposition
from gateway.telemetry.metrics import BOUNDS, MOST_MODELS, Metrics
from gateway.telemetry.record import Outcome, Record

CHAT = "/v1/chat/completions"
PAGE = Path(__file__).parents[3] / "docs/reference/metrics.md"


def ended(outcome: Outcome = "ok", status: int = 200, model: str = "alpha", stream: bool = False) -> Record:
    record = Record("POST", CHAT, "192.0.2.7", "id-1")
    record.service, record.route, record.model = "vllm", CHAT, model
    record.bytes_in = 10
    usage = {"prompt_tokens": 7, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4}}
    body = json.dumps({"usage": usage}).encode()
    record.answer_begins(status, [(b"content-type", b"text/event-stream" if stream else b"application/json")])
    for part in (b"data: {}\n\n", b"data: " + body + b"\n\n") if stream else (body,):
        record.passes(part)
    record.ends(outcome)
    return record


def scraped(metrics: Metrics, gauges: Gauges | None = None, dropped: int = 0) -> dict:
    """Each sample's value by its name and the values of its labels."""
    text = exposition(metrics, gauges or Gauges(), dropped).decode()
    families = text_string_to_metric_families(text)
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_requests_are_counted_by_service_route_status_and_outcome():
    metrics = Metrics()
    for record in (ended(), ended(), ended(status=500), ended("client_left")):
        metrics.count(record)

    seen = scraped(metrics)

    # Labels come in the order of their names: outcome, route, service, status.
    assert seen["spark_requests_total", "ok", CHAT, "vllm", "200"] == 2
    assert seen["spark_requests_total", "ok", CHAT, "vllm", "500"] == 1
    assert seen["spark_requests_total", "client_left", CHAT, "vllm", "200"] == 1
    assert seen["spark_bytes_total", "in", CHAT, "vllm"] == 40
    assert seen["spark_bytes_total", "out", CHAT, "vllm"] == sum(ended().bytes_out for _ in range(4))


def test_tokens_are_counted_by_model_and_kind():
    metrics = Metrics()
    metrics.count(ended())
    metrics.count(ended(stream=True))

    seen = scraped(metrics)

    assert seen["spark_tokens_total", "prompt", "alpha", "vllm"] == 14
    assert seen["spark_tokens_total", "completion", "alpha", "vllm"] == 10
    assert seen["spark_tokens_total", "cached", "alpha", "vllm"] == 8
    assert seen["spark_stream_events_total", CHAT, "vllm"] == 2
    assert seen["spark_inter_token_seconds_count", CHAT, "vllm"] == 1


def test_times_fall_into_bins_that_only_grow():
    metrics = Metrics()
    for seconds in (0.0, 0.005, 0.006, 1800.0, 1801.0):
        record = ended()
        record.seconds = seconds
        metrics.count(record)

    seen = scraped(metrics)
    bins = [seen["spark_request_seconds_bucket", str(bound), CHAT, "vllm"] for bound in (*BOUNDS, "+Inf")]

    assert bins == [2, 3, *[3] * (len(BOUNDS) - 3), 4, 5]
    assert seen["spark_request_seconds_count", CHAT, "vllm"] == 5
    assert seen["spark_request_seconds_sum", CHAT, "vllm"] == pytest.approx(3601.011)


def test_what_we_refused_at_once_does_not_make_an_upstream_look_fast():
    metrics = Metrics()
    metrics.count(ended("refused", 413))
    metrics.count(ended("busy", 429))

    seen = scraped(metrics)

    assert seen["spark_requests_total", "busy", CHAT, "vllm", "429"] == 1
    assert ("spark_request_seconds_count", CHAT, "vllm") not in seen


def test_clients_cannot_make_labels_without_bound():
    metrics = Metrics()
    for number in range(MOST_MODELS + 30):
        metrics.count(ended(model=f"model-{number}"))
    metrics.count(ended(model="x" * 10_000))
    metrics.count(ended(model="model-3"))

    seen = scraped(metrics)
    models = {key[2] for key in seen if key[0] == "spark_tokens_total"}

    assert len(models) == MOST_MODELS + 1
    assert seen["spark_tokens_total", "prompt", "other", "vllm"] == 7 * 31
    assert seen["spark_tokens_total", "prompt", "model-3", "vllm"] == 14


def test_a_strange_name_of_a_model_does_not_spoil_the_page():
    metrics = Metrics()
    for model in ('a"b\\c\nd', "\ud800", ""):
        metrics.count(ended(model=model))

    seen = scraped(metrics)

    assert {key[2] for key in seen if key[0] == "spark_tokens_total"} == {'a"b\\c\nd', "?", "other"}


def test_the_moment_is_shown_beside_the_counts():
    now = ServiceNow(up=True, in_flight=3, waiting=2, oldest_wait_seconds=1.5, model="alpha")
    seen = scraped(Metrics(), Gauges({"vllm": now, "kokoro": ServiceNow(up=False)}, connections=9), dropped=4)

    assert seen["spark_upstream_up", "vllm"] == 1
    assert seen["spark_upstream_up", "kokoro"] == 0
    assert seen["spark_requests_in_flight", "vllm"] == 3
    assert seen["spark_requests_waiting", "vllm"] == 2
    assert seen["spark_oldest_wait_seconds", "vllm"] == 1.5
    assert seen["spark_loaded_model_info", "alpha", "vllm"] == 1
    assert seen["spark_connections_open",] == 9
    assert seen["spark_access_log_dropped_total",] == 4
    assert seen["process_resident_memory_bytes",] > 0
    assert CONTENT_TYPE.startswith("text/plain; version=0.0.4")


def test_every_series_is_in_the_reference():
    text = exposition(Metrics(), Gauges()).decode()
    names = set(re.findall(r"^# TYPE (spark_\w+)", text, re.MULTILINE))
    documented = set(re.findall(r"^\| `(spark_\w+)`", PAGE.read_text(encoding="utf-8"), re.MULTILINE))

    assert len(names) > 10
    assert names == documented
