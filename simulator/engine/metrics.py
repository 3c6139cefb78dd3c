"""Counters of an engine, printed as Prometheus text under vLLM's names."""

from dataclasses import dataclass, field

BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
REASONS = ("stop", "length", "abort", "error")


@dataclass(slots=True)
class Histogram:
    """Seconds seen, in buckets."""

    total: float = 0.0
    count: int = 0
    buckets: list[int] = field(default_factory=lambda: [0] * len(BUCKETS))

    def add(self, seconds: float) -> None:
        self.total += seconds
        self.count += 1
        for place, edge in enumerate(BUCKETS):
            self.buckets[place] += seconds <= edge


@dataclass(slots=True)
class Counters:
    """What an engine has done since it started; running and waiting are now."""

    running: int = 0
    waiting: int = 0
    finished: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    prompt_tokens: int = 0
    generation_tokens: int = 0
    first_token: Histogram = field(default_factory=Histogram)
    between_tokens: Histogram = field(default_factory=Histogram)
    whole: Histogram = field(default_factory=Histogram)
    queue: Histogram = field(default_factory=Histogram)


def prometheus(counters: Counters, name: str, cache_share: float, blocks: int) -> str:
    """The text of /metrics for the model called name."""
    label = f'engine="0",model_name="{name}"'
    lines: list[str] = []
    gauges = {
        "num_requests_running": counters.running,
        "num_requests_waiting": counters.waiting,
        "kv_cache_usage_perc": round(cache_share, 6),
        "engine_sleep_state": 0,
    }
    for metric, value in gauges.items():
        lines += _one(metric, "gauge", label, float(value))
    totals = {
        "prompt_tokens": counters.prompt_tokens,
        "generation_tokens": counters.generation_tokens,
        "prefix_cache_queries": counters.prompt_tokens,
        "prefix_cache_hits": 0,
        "num_preemptions": 0,
    }
    for metric, value in totals.items():
        lines += _one(metric + "_total", "counter", label, float(value))
    lines.append("# TYPE vllm:request_success_total counter")
    for reason, value in counters.finished.items():
        labels = f'{label},finished_reason="{reason}"'
        lines.append(f"vllm:request_success_total{{{labels}}} {float(value)}")
    histograms = {
        "time_to_first_token_seconds": counters.first_token,
        "inter_token_latency_seconds": counters.between_tokens,
        "e2e_request_latency_seconds": counters.whole,
        "request_queue_time_seconds": counters.queue,
    }
    for metric, histogram in histograms.items():
        lines += _histogram(metric, label, histogram)
    config = f'block_size="16",engine="0",num_gpu_blocks="{blocks}"'
    lines += _one("cache_config_info", "gauge", config, 1.0)
    return "\n".join(lines) + "\n"


def _one(metric: str, kind: str, label: str, value: float) -> list[str]:
    return [f"# TYPE vllm:{metric} {kind}", f"vllm:{metric}{{{label}}} {value}"]


def _histogram(metric: str, label: str, histogram: Histogram) -> list[str]:
    lines = [f"# TYPE vllm:{metric} histogram"]
    for edge, count in zip(BUCKETS, histogram.buckets, strict=True):
        lines.append(f'vllm:{metric}_bucket{{{label},le="{edge}"}} {float(count)}')
    lines.append(f'vllm:{metric}_bucket{{{label},le="+Inf"}} {float(histogram.count)}')
    lines.append(f"vllm:{metric}_count{{{label}}} {float(histogram.count)}")
    lines.append(f"vllm:{metric}_sum{{{label}}} {histogram.total}")
    return lines
