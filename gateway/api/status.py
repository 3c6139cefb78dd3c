"""/health, /ready, /api/status, /api/endpoints, /api/config: the cluster at a glance."""

import time
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency

from blocks.cluster import Service
from blocks.endpoints import endpoints_document
from blocks.ledger.seen import Sight
from blocks.menu import DISK
from gateway.api.hardware import facts_age
from gateway.api.models import loaded_now
from gateway.lock_view import lock_view
from gateway.models import HOST, Models
from gateway.options import Options
from gateway.problem import Problem
from gateway.swaps import Swaps
from gateway.turns import Turns
from gateway.watch import Watch

_HOST_FACTS = (
    "error", "hostname", "uptime_seconds", "load", "memory_total", "memory_available", "gpu", "containers",
)  # fmt: skip


class StatusApi(Controller):
    """What is going on."""

    tags = ("status",)

    @get("/health")
    async def health(self) -> dict[str, str]:
        """This process is up."""
        return {"status": "up"}

    @get("/ready")
    async def ready(self, watch: NamedDependency[Watch]) -> Response[dict[str, Any]]:
        """200 once the settings are read and every upstream has been looked at; 503 before."""
        if not watch.ready:
            raise Problem(503, "the gateway has not looked at every service yet", "not_ready")
        return Response({"status": "ready"})

    @get("/api/status")
    async def status(
        self,
        watch: NamedDependency[Watch],
        models: NamedDependency[Models],
        swaps: NamedDependency[Swaps],
        turns: NamedDependency[Turns],
    ) -> dict[str, Any]:
        """
        The cluster at a glance.

        `hosts`, `services`, `loaded`, `swap`, `queued`, `lock`, `settings`, `prefect`; what the ledger
        cannot say is empty, and `ledger.reachable` false.
        """
        try:
            known = await _of_ledger(models, swaps)
        except Problem as problem:
            known = {"hosts": {}, "disks": {}, "swap": None, "queued": [], "lock": None, "gone": str(problem)}
        return {
            "at": time.time(),
            "hosts": _hosts(watch, known["hosts"], known["disks"]),
            "services": _services(watch, turns),
            "loaded": loaded_now(models, watch),
            "swap": known["swap"],
            "queued": known["queued"],
            "lock": known["lock"],
            "settings": {"problems": list(watch.settings.problems), "read": watch.read},
            "prefect": {"reachable": watch.read and not watch.settings.from_memory},
            "ledger": {"reachable": "gone" not in known},
        }

    @get("/api/endpoints")
    async def endpoints(
        self, request: Request[Any, Any, Any], watch: NamedDependency[Watch], models: NamedDependency[Models]
    ) -> dict[str, Any]:
        """Every URL other services need, the model behind it and whether it is ready; no field ever goes."""
        loaded = loaded_now(models, watch)
        ready: dict[str, bool | None] = {name: look.up for name, look in watch.looks.items()}
        base = str(request.base_url).rstrip("/")
        return endpoints_document(base, watch.settings.cluster, ready, loaded["served"] if loaded else None)

    @get("/api/config")
    async def config(self, options: NamedDependency[Options]) -> dict[str, Any]:
        """What the browser needs to know."""
        return {"prefect_ui_url": options.prefect_ui_url, "hold_seconds": options.hold_seconds}


async def _of_ledger(models: Models, swaps: Swaps) -> dict[str, Any]:
    lock = await swaps.lock()
    return {
        "hosts": await models.hosts(),
        "disks": await models.disks(),
        "swap": await swaps.under_way(),
        "queued": await swaps.queued(),
        "lock": lock_view(lock) if lock else None,
    }


def _hosts(watch: Watch, hosts: dict[str, Sight], disks: dict[str, Sight]) -> list[dict[str, Any]]:
    """One entry for each host; `reachable` and `age_seconds` null where nobody has looked yet."""
    found = []
    for host in watch.settings.cluster.hosts:
        sight, disk = hosts.get(HOST + host.name), disks.get(DISK + host.name)
        data = sight.data if sight else {}
        found.append(
            {
                "name": host.name,
                "address": host.address,
                "reachable": data.get("reachable"),
                "state": data.get("state") or "unknown",
                "age_seconds": round(sight.age_seconds, 1) if sight else None,
                "facts_age_seconds": facts_age(data),
                "disk_free_bytes": disk.data.get("free_bytes") if disk else None,
                **{fact: data.get(fact) for fact in _HOST_FACTS},
            }
        )
    return found


def _services(watch: Watch, turns: Turns) -> list[dict[str, Any]]:
    """One entry for each service that is not hidden; `up` null before the first look."""
    found = []
    for service in _shown(watch):
        look, counts = watch.looks.get(service.name), turns.counts(service.name)
        found.append(
            {
                "name": service.name,
                "kind": service.kind,
                "host": service.host,
                "port": service.port,
                "up": look.up if look else None,
                "for_seconds": round(time.time() - look.since, 1) if look else None,
                "why": look.why if look else "not looked at yet",
                "in_flight": counts.in_flight,
                "waiting": counts.waiting,
                "oldest_wait_seconds": round(counts.oldest_seconds, 1),
                "at_once": service.limit,
            }
        )
    return found


def _shown(watch: Watch) -> list[Service]:
    return [service for service in watch.settings.cluster.services if not service.hidden]


def _is_up(watch: Watch, service: Service) -> bool | None:
    look = watch.looks.get(service.name)
    return look.up if look else None
