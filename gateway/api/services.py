"""/api/services: what every service does, start, stop and restart it, its log, and the list itself."""

import time
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.background_tasks import BackgroundTask
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from litestar.response import Stream

from blocks.cluster import Cluster, Service
from gateway.api.runs import STREAM_HEADERS, Started, started
from gateway.keys import Keys
from gateway.problem import Problem
from gateway.records import Records
from gateway.service_list import ServiceList
from gateway.service_logs import ServiceLogs
from gateway.services import Known, ServiceView, view, what_is_known
from gateway.swaps import Swaps
from gateway.watch import Watch
from gateway.who import who_asks

Verb = Literal["start", "stop", "restart"]
Tail = Annotated[int, QueryParameter(ge=1, le=2000)]
WaitSeconds = Annotated[float, QueryParameter(gt=0, le=60)]


class Act(msgspec.Struct, forbid_unknown_fields=True):
    """
    How to act on a service.

    Attributes:
        reason: Why, for those who look at its history.
        lock_token: Of the swap lock, when the caller holds it.
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
    """

    reason: str = ""
    lock_token: str | None = None
    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"


class ServicesApi(Controller):
    """Services."""

    path = "/api/services"
    tags = ("services",)

    @get("/")
    async def all(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> dict[str, Any]:
        """Every service, hidden ones too, from what the gateway and the ledger know: no host is asked."""
        cluster = watch.settings.cluster
        known = await _known(records, cluster.services)
        shown = [view(each, cluster, watch.looks.get(each.name), known) for each in cluster.services]
        return {"at": time.time(), "services": shown}

    @get("/{name:str}")
    async def one(
        self, name: FromPath[str], records: NamedDependency[Records], watch: NamedDependency[Watch]
    ) -> ServiceView:
        """One service."""
        cluster = watch.settings.cluster
        service = _service(cluster, name)
        return view(service, cluster, watch.looks.get(name), await _known(records, [service]))

    @post("/{name:str}/{verb:str}", status_code=202)
    async def act(
        self,
        name: FromPath[str],
        verb: FromPath[str],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        data: JSONBody[Act | None] = None,
    ) -> Started:
        """Start, stop or restart it; 423 for one that uses the GPU while another holds the swap lock."""
        wish = data or Act()
        if verb not in ("start", "stop", "restart"):
            raise Problem(404, f"a service can be started, stopped and restarted, not {verb!r}", "not_found")
        service = _service(watch.settings.cluster, name)
        deployment = f"{verb}-service/cluster"
        # A service without the GPU need not wait for who holds it.
        lock_pass = await swaps.lock_pass(deployment, wish.lock_token) if _locked(service, wish) else ""
        parameters = {"service": name, "reason": wish.reason.strip()[:500], "dry_run": wish.dry_run}
        more = {"approval": wish.approval, "lock_pass": lock_pass}
        return started(await swaps.start_other(deployment, {**parameters, **more}))

    @get("/{name:str}/logs")
    async def logs(
        self,
        name: FromPath[str],
        service_logs: NamedDependency[ServiceLogs],
        watch: NamedDependency[Watch],
        tail: Tail = 200,
        wait_seconds: WaitSeconds = 20.0,
        *,
        follow: FromQuery[bool] = False,
    ) -> Response[Any]:
        """
        The last lines of its log; `?follow=true`: and those that come, as events of a run.

        504 with the run's id when they were not there after `?wait_seconds=`.
        """
        _service(watch.settings.cluster, name)
        if not follow:
            return Response(await service_logs.last(name, tail, wait_seconds))
        followed = await service_logs.follow(name, tail)
        # A stream that was never begun, because its client had left, ends nothing by itself.
        end = BackgroundTask(followed.close)
        return Stream(
            followed.events(), media_type="text/event-stream", headers=STREAM_HEADERS, background=end
        )

    @post("/{name:str}", status_code=201)
    async def add(
        self,
        request: Request[Any, Any, Any],
        name: FromPath[str],
        data: JSONBody[dict[str, Any]],
        service_list: NamedDependency[ServiceList],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """Add a service: the body is its settings without the name; 409 while there is one of that name."""
        return {"service": await service_list.add(name, data, who_asks(request, keys))}

    @put("/{name:str}")
    async def change(
        self,
        request: Request[Any, Any, Any],
        name: FromPath[str],
        data: JSONBody[dict[str, Any]],
        service_list: NamedDependency[ServiceList],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """Change some of its settings, such as `{"hidden": true}`; null in a place is its default."""
        return {"service": await service_list.change(name, data, who_asks(request, keys))}

    @delete("/{name:str}", status_code=200)
    async def remove(
        self,
        request: Request[Any, Any, Any],
        name: FromPath[str],
        service_list: NamedDependency[ServiceList],
        keys: NamedDependency[Keys],
        *,
        force: FromQuery[bool] = False,
    ) -> dict[str, Any]:
        """Take it off the list; its container stays.  409 for the only vLLM without `?force=true`."""
        await service_list.remove(name, who_asks(request, keys), force=force)
        return {"removed": name}


async def _known(records: Records, services: list[Service]) -> Known:
    try:
        return await records.ask(what_is_known, [service.name for service in services])
    except Problem:  # the gateway's own looks are shown all the same
        return Known()


def _service(cluster: Cluster, name: str) -> Service:
    try:
        return cluster.service(name)
    except LookupError as error:
        raise Problem(404, str(error), "unknown_service", param="name") from None


def _locked(service: Service, wish: Act) -> bool:
    return service.uses_gpu and not wish.dry_run
