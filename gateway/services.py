"""The services as the API shows them: container, HTTP and last good answer, each for itself (pure)."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from blocks.cluster import Cluster, Service
from blocks.ledger import clock
from blocks.ledger.health import TRAFFIC
from blocks.ledger.launches import Launch, last_good_launch
from blocks.ledger.seen import Sight, read_seen
from blocks.ledger.service_events import ServiceEvent, service_events_of, stopped_on_purpose
from blocks.ledger.store import Ledger
from blocks.policies import RestartPolicy
from blocks.restarts import is_exhausted, restarts_used
from gateway.watch import Look

HOST = "host/"


class ContainerView(msgspec.Struct):
    """
    A container as its host was seen `age_seconds` ago.

    Attributes:
        state: docker's word (running, exited, …); `absent`: there is none; `unknown`: nobody could look.
        status: The same for people, or why nobody could look.
        restarts: How often docker itself restarted it; null: not told.
        started_at: Seconds since 1970; null: not told.
    """

    name: str
    host: str
    state: str
    status: str
    restarts: int | None = None
    started_at: float | None = None
    age_seconds: float | None = None


class HttpView(msgspec.Struct):
    """Whether it answers the gateway: null before the first look; `since` in seconds since 1970."""

    up: bool | None
    since: float | None
    why: str


class LastGoodView(msgspec.Struct):
    """When a real request was last answered well, in seconds since 1970; null: not seen."""

    at: float | None
    age_seconds: float | None


class RestartsView(msgspec.Struct):
    """Restarts within the last `window_seconds`; exhausted: no more of them until a person presses."""

    used: int
    allowed: int
    window_seconds: int
    exhausted: bool


class EventView(msgspec.Struct):
    """What last happened to it: started, stopped, restarted, exhausted, reset."""

    kind: str
    at: float
    reason: str
    run: str


class ServiceView(msgspec.Struct):
    """
    One service.

    Attributes:
        wanted: `running`, or `stopped` when somebody stopped it on purpose.
        gpu: The swap lock holds for it.
        elsewhere: Containers of its name on other hosts, as of a vLLM on two.
    """

    name: str
    kind: str
    host: str
    port: int
    hidden: bool
    gpu: bool
    heal: bool
    wanted: str
    container: ContainerView
    elsewhere: list[ContainerView]
    http: HttpView
    last_good: LastGoodView
    restarts: RestartsView
    last_event: EventView | None


@dataclass(frozen=True)
class Known:
    """What the ledger has of the services: sights of hosts and traffic by subject, events by service."""

    sights: Mapping[str, Sight] = field(default_factory=dict)
    events: Mapping[str, list[ServiceEvent]] = field(default_factory=dict)
    launch: Launch | None = None


def what_is_known(ledger: Ledger, names: list[str]) -> Known:
    """One look at the ledger for all services."""
    sights = {**read_seen(ledger, HOST), **read_seen(ledger, TRAFFIC)}
    return Known(sights, {name: service_events_of(ledger, name) for name in names}, last_good_launch(ledger))


def view(service: Service, cluster: Cluster, look: Look | None, known: Known) -> ServiceView:
    """One service from what is known of it."""
    events = known.events.get(service.name, [])
    others = (host.name for host in cluster.hosts if host.name != service.host)
    seen = (_container(service, host, known.sights.get(HOST + host)) for host in others)
    return ServiceView(
        name=service.name,
        kind=service.kind,
        host=service.host,
        port=service.port,
        hidden=service.hidden,
        gpu=service.uses_gpu,
        heal=service.heal,
        wanted="stopped" if is_wanted_stopped(service, events, known.launch) else "running",
        container=_container(service, service.host, known.sights.get(HOST + service.host)),
        elsewhere=[each for each in seen if each.state not in ("absent", "unknown")],
        http=HttpView(
            look.up if look else None, look.since if look else None, look.why if look else "not looked at yet"
        ),
        last_good=_last_good(known.sights.get(TRAFFIC + service.name)),
        restarts=_restarts(cluster.restarts, events),
        last_event=EventView(events[0].kind, events[0].at, events[0].reason, events[0].run_id)
        if events
        else None,
    )


def is_wanted_stopped(service: Service, events: list[ServiceEvent], launch: Launch | None) -> bool:
    """Somebody stopped it on purpose, and no model has come to answer since."""
    if not stopped_on_purpose(events):
        return False
    stopped_at = next(event.at for event in events if event.kind == "stopped")
    return service.kind != "vllm" or launch is None or (launch.ready or 0.0) < stopped_at


def _container(service: Service, host: str, sight: Sight | None) -> ContainerView:
    shown = ContainerView(service.container, host, "unknown", "the host has not been looked at yet")
    if sight is None:
        return shown
    facts_at = sight.data.get("facts_at")
    at = facts_at if isinstance(facts_at, int | float) else sight.at
    shown.age_seconds = round(max(0.0, time.time() - at), 1)
    rows = [row for row in sight.data.get("containers") or () if isinstance(row, dict)]
    row = next((row for row in rows if row.get("name") == service.container), None)
    if row is not None:
        shown.restarts, shown.started_at = row.get("restarts"), _seconds(row.get("started_at"))
    if not sight.data.get("reachable"):
        shown.status = str(sight.data.get("error") or "the host does not answer")
    elif row is None:
        shown.state, shown.status = "absent", "there is no container of that name"
    else:
        shown.state, shown.status = str(row.get("state") or ""), str(row.get("status") or "")
    return shown


def _seconds(stamp: Any) -> float | None:
    """Docker's time stamp, '2026-11-22T09:00:00.123456789Z', in seconds since 1970."""
    try:
        return datetime.fromisoformat(f"{str(stamp).rstrip('Z')[:26]}+00:00").timestamp()
    except ValueError:
        return None


def _last_good(sight: Sight | None) -> LastGoodView:
    at = sight.data.get("good_at") if sight else None
    if not isinstance(at, int | float):
        return LastGoodView(None, None)
    return LastGoodView(float(at), round(max(0.0, time.time() - at), 1))


def _restarts(policy: RestartPolicy, events: list[ServiceEvent]) -> RestartsView:
    used = restarts_used(policy, events, clock.now())
    return RestartsView(used, policy.at_most, policy.window_seconds, is_exhausted(events))
