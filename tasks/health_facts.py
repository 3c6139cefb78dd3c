"""What the ledger knows of a service before it is probed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from blocks.cluster import Service
from blocks.ledger import clock
from blocks.ledger.claim import holder
from blocks.ledger.health import Health, in_flight, proven_at, read_health
from blocks.ledger.launches import Launch, last_launch
from blocks.ledger.seen import Sight, read_seen
from blocks.ledger.service_events import ServiceEvent, service_events_of, stopped_on_purpose
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.probes.verdict import Surroundings

PROVEN_SECONDS = 60.0
"""A real request that was answered so recently proves as much as a probe."""

FRESH_SECONDS = 30.0
"""An older look at a host says nothing of now."""

_ALIVE = ("running", "restarting", "paused")
_GONE_HOST = ("unreachable", "wedged", "refused")


@dataclass(frozen=True)
class Facts:
    """
    What is known of a service, all of it from the ledger.

    Attributes:
        now: Seconds since 1970.
        is_engine: It is the service that models are swapped in.
        launch: The launch that the engine should be running; None: no model should be loaded.
        swapping: A run holds the claim on the GPU.
        events: What happened to it, newest first.
        last: What the last check found.
        good_at: When a real request was last answered well.
        surroundings: What tells busy from dead.
        started_at: When it came up last, where the ledger tells.
        exited: Its container has ended, as a fresh look at the host says.
        host_fault: Why its host cannot be acted on now; blank: it can, for all that is known.
    """

    now: float
    is_engine: bool = False
    launch: Launch | None = None
    swapping: bool = False
    events: list[ServiceEvent] = field(default_factory=list)
    last: Health | None = None
    good_at: float | None = None
    surroundings: Surroundings = field(default_factory=Surroundings)
    started_at: float | None = None
    exited: bool = False
    host_fault: str = ""


def facts_of(ledger: Ledger, settings: Settings, service: Service) -> Facts:
    """Everything that is known of a service before it is probed."""
    engine = next((each for each in settings.cluster.services if each.kind == "vllm"), None)
    is_engine = engine is not None and engine.name == service.name
    launch = open_launch(last_launch(ledger)) if is_engine else None
    events = service_events_of(ledger, service.name)
    last, now = read_health(ledger, service.name).get(service.name), clock.now()
    sights = read_seen(ledger, "host/")
    container = _container(_facts_of_host(sights, service.host), service.container)
    return Facts(
        now=now,
        is_engine=is_engine,
        launch=launch,
        swapping=holder(ledger, "gpu") is not None,
        # A swap after a stop has loaded a model: the launch is the later word.
        events=[event for event in events if not (launch and event.kind == "stopped")],
        last=last,
        good_at=proven_at(ledger, service.name),
        surroundings=Surroundings(
            watts=_watts(sights, launch.hosts if launch else [service.host]),
            busy_seconds=max(0.0, now - last.busy_since) if last and last.busy_since else 0.0,
            in_flight=in_flight(ledger, service.name),
        ),
        started_at=launch.ready if launch else _started_at(container),
        exited=bool(container) and container.get("state") not in _ALIVE,
        host_fault=_host_fault(_fresh(sights, service.host), service.host),
    )


def why_skipped(facts: Facts, *, asked: bool) -> str:
    """Why a service is not probed at all, in words; blank when it is (pure)."""
    if stopped_on_purpose(facts.events):
        return "it was stopped on purpose"
    if facts.is_engine and facts.swapping:
        return "a swap is under way"
    if asked or facts.good_at is None or not 0 <= facts.now - facts.good_at < PROVEN_SECONDS:
        return ""
    return f"a request was answered well {facts.now - facts.good_at:.0f} s ago"


def open_launch(launch: Launch | None) -> Launch | None:
    """The launch that came to answer and has not been ended (pure)."""
    return launch if launch is not None and launch.ready and not launch.ended else None


def _fresh(sights: Mapping[str, Sight], host: str) -> dict[str, Any]:
    sight = sights.get(f"host/{host}")
    return sight.data if sight and sight.age_seconds < FRESH_SECONDS else {}


def _facts_of_host(sights: Mapping[str, Sight], host: str) -> dict[str, Any]:
    """What was seen of a host lately: beside failed looks, the facts of the last good one are kept."""
    data = _fresh(sights, host)
    sight = sights.get(f"host/{host}")
    facts_at = data.get("facts_at")
    if sight is None or (isinstance(facts_at, int | float) and sight.at - facts_at > FRESH_SECONDS):
        return {}
    return data


def _watts(sights: Mapping[str, Sight], hosts: list[str]) -> float | None:
    """The most that a GPU of these hosts draws: one that works is enough."""
    gpus = [_facts_of_host(sights, host).get("gpu") for host in hosts]
    drawn = [gpu.get("power") for gpu in gpus if isinstance(gpu, dict)]
    return max((watts for watts in drawn if isinstance(watts, int | float)), default=None)


def _container(data: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The container of that name; empty when none was seen."""
    rows = data.get("containers") or ()
    return next((row for row in rows if isinstance(row, dict) and row.get("name") == name), {})


def _started_at(container: Mapping[str, Any]) -> float | None:
    """Docker's time stamp as seconds since 1970."""
    try:
        return datetime.fromisoformat(str(container.get("started_at"))).timestamp()
    except ValueError:
        return None


def _host_fault(data: Mapping[str, Any], host: str) -> str:
    if data.get("state") in _GONE_HOST or data.get("reachable") is False:
        return f"{host} is out of reach: {data.get('error') or data.get('state') or 'it does not answer'}"
    return ""
