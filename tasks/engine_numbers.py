"""What an engine counts: the answers under way, and whether it moves on with them."""

import math
import re
from dataclasses import dataclass

import httpx

from tasks.check import Unreadable

LOOK_SECONDS = 5.0

_SAMPLE = re.compile(r"^vllm:(\w+)(?:\{.*\})? +(\S+)", re.M)
_UNDER_WAY = ("num_requests_running", "num_requests_waiting")
# A long prefill counts its tokens only at its end; the share of the cache grows with every step of it.
_MARKS = ("prompt_tokens_total", "generation_tokens_total", "kv_cache_usage_perc")


@dataclass(frozen=True)
class EngineNumbers:
    """
    One look at /metrics (spark-tools.md 2.3).

    Attributes:
        under_way: Requests that the engine works on or has queued.
        marks: Numbers of which at least one changes while anything is computed.
    """

    under_way: int
    marks: tuple[float, ...] = ()


def read_numbers(text: str) -> EngineNumbers:
    """The numbers in Prometheus text, summed over a server's engines; `Unreadable` without the requests."""
    sums: dict[str, float] = {}
    for name, value in _SAMPLE.findall(text):
        if name in _UNDER_WAY + _MARKS:
            sums[name] = sums.get(name, 0.0) + _number(name, value)
    if any(name not in sums for name in _UNDER_WAY):
        raise Unreadable("/metrics does not count requests")
    under_way = int(sum(sums[name] for name in _UNDER_WAY))
    return EngineNumbers(under_way, tuple(sums.get(name, 0.0) for name in _MARKS))


def look_at_numbers(base_url: str) -> EngineNumbers:
    """Ask an engine for its numbers; `Unreadable` when it does not tell them."""
    try:
        answer = httpx.get(f"{base_url}/metrics", timeout=LOOK_SECONDS).raise_for_status()
    except httpx.HTTPStatusError as error:
        raise Unreadable(f"/metrics says {error.response.status_code}") from error
    except httpx.HTTPError as error:
        raise Unreadable(f"/metrics does not answer ({type(error).__name__})") from error
    return read_numbers(answer.text)


def _number(name: str, value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 <= number < 1e18:
        raise Unreadable(f"/metrics says {value!r} for {name}")
    return number
