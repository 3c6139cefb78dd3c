"""/api/deep-health: what real work showed of each service, a check now, and a service taken up again."""

from typing import Any

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from blocks.cluster import Service
from blocks.ledger import clock
from blocks.ledger.health import Health, proven_at, read_health
from blocks.ledger.service_events import note_service_event, service_events_of
from blocks.ledger.store import Ledger
from blocks.policies import RestartPolicy
from blocks.restarts import is_exhausted, restarts_used
from gateway.api.runs import Started, started
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch
from gateway.wedge import DEEP_CHECK

ALL = "all"
LONGEST_REASON = 500
BY_HAND = "a person asked"


class Ask(msgspec.Struct, forbid_unknown_fields=True):
    """
    How a check is asked for.

    Attributes:
        reason: Why, for people; blank: "a person asked".
        heal: Restart what fails, within its limits.
        dry_run: Only say what is found.
    """

    reason: str = ""
    heal: bool = True
    dry_run: bool = False


class DeepHealthApi(Controller):
    """Deep health."""

    path = "/api/deep-health"
    tags = ("services",)

    @get("/")
    async def now(self, watch: NamedDependency[Watch], records: NamedDependency[Records]) -> dict[str, Any]:
        """What the last check of each service found, how old that is, and its restarts."""
        cluster = watch.settings.cluster
        shown = [service for service in cluster.services if not service.hidden]
        return {"services": await records.ask(views, shown, cluster.restarts)}

    @post("/{service:str}/run", status_code=202)
    async def run(
        self,
        service: FromPath[str],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Ask | None] = None,
    ) -> Started:
        """Check a service now, or `all`; 404 for an unknown one."""
        if service != ALL:
            known_service(watch, service)
        return await ask_for_check(swaps, service, data or Ask())

    @post("/{service:str}/reset", status_code=202)
    async def reset(
        self,
        service: FromPath[str],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        records: NamedDependency[Records],
        data: JSONBody[Ask | None] = None,
    ) -> Started:
        """Take an exhausted service up again: its restarts are counted anew, and it is checked at once."""
        known_service(watch, service)
        ask = data or Ask()
        await records.ask(note_service_event, service, "reset", _reason(ask))
        return await ask_for_check(swaps, service, ask)


async def ask_for_check(swaps: Swaps, service: str, ask: Ask) -> Started:
    """Ask for a run of the deep check; `Problem` 503 with Prefect out of reach."""
    parameters = {
        "service": service,
        "reason": _reason(ask),
        "heal": ask.heal,
        "dry_run": ask.dry_run,
    }
    return started(await swaps.start_other(DEEP_CHECK, parameters))


def known_service(watch: Watch, name: str) -> Service:
    """The service of that name; `Problem` 404 names those that exist."""
    try:
        return watch.settings.cluster.service(name)
    except LookupError as error:
        raise Problem(404, str(error), "unknown_service", param="service") from None


def views(ledger: Ledger, services: list[Service], policy: RestartPolicy) -> list[dict[str, Any]]:
    """One entry for each service; `verdict` null before its first check."""
    healths, now = read_health(ledger), clock.now()
    return [view(ledger, service, healths.get(service.name), policy, now) for service in services]


def view(
    ledger: Ledger, service: Service, health: Health | None, policy: RestartPolicy, now: float
) -> dict[str, Any]:
    """A service as the API shows it; what is said of restarts is as of now, not of the last check."""
    events = service_events_of(ledger, service.name)
    well = (health.well_at if health else None, proven_at(ledger, service.name))
    return {
        "service": service.name,
        "kind": service.kind,
        "host": service.host,
        "verdict": health.verdict if health else None,
        "why": health.why if health else "it has not been checked yet",
        "wedged": health.wedged if health else False,
        "age_seconds": round(max(0.0, now - health.at), 1) if health else None,
        "latency_seconds": health.latency_seconds if health else None,
        "well_at": max((at for at in well if at is not None), default=None),
        "restarts_used": restarts_used(policy, events, now),
        "restarts_allowed": policy.at_most,
        "window_seconds": policy.window_seconds,
        "exhausted": is_exhausted(events),
        "heal": service.heal,
        "next": health.next if health else "",
    }


def _reason(ask: Ask) -> str:
    return ask.reason.strip()[:LONGEST_REASON] or BY_HAND
