"""/api/hardware: what each host is doing, how old that is known, what is wrong, and how it was before."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from blocks.cluster import Cluster, Host
from blocks.ledger import clock
from blocks.ledger.samples import SPANS, History, read_history
from blocks.ledger.seen import Sight, read_seen
from blocks.memory_watch import ALERT
from gateway.models import HOST, Models
from gateway.problem import Problem
from gateway.records import Records
from gateway.watch import Watch

_GIB = 1024**3
_FACTS = (
    "hostname", "kernel", "uptime_seconds", "load", "gpu", "gpu_processes", "lan", "vpn", "mac", "links",
    "containers", "processes", "pressure",
)  # fmt: skip


class MemoryView(msgspec.Struct):
    """
    The memory that processors and GPU share, in bytes; null: not told.

    Attributes:
        available: What could be had now; the page cache gives way for it.
        page_cache: Files the kernel keeps in memory.
        gpu: What processes hold of it for the GPU.
        headroom: What can be had before the guard's floor is reached.
        alert: calm, low or falling, by the memory guard.
        why: In words, when it is not calm.
    """

    total: int | None
    available: int | None
    page_cache: int | None
    swap_total: int | None
    swap_used: int | None
    gpu: int | None
    headroom: int | None
    alert: str
    why: str


class DiskView(msgspec.Struct):
    """Bytes of the file system that holds the Hugging Face cache, and of `/`; null: not told."""

    free: int | None
    total: int | None
    root_free: int | None
    root_total: int | None


class HardwareView(msgspec.Struct):
    """
    One host.

    Attributes:
        state: well, unreachable, wedged (it takes the connection, SSH says nothing), refused (a key), or
            unknown: nobody has looked yet.
        why: In words, when it is not well.
        looked_seconds: How long ago it was looked at, whatever came of it; null: never.
        age_seconds: How old the facts are: those of the last good look; null: there was none.
        findings: What is not as it should be, in sentences.
        facts: As the host told them: GPU, processes on it, network, RoCE links, containers, load, uptime.
    """

    name: str
    address: str
    state: str
    why: str
    looked_seconds: float | None
    age_seconds: float | None
    findings: list[str]
    memory: MemoryView
    disk: DiskView
    facts: dict[str, Any]


class HistoryView(msgspec.Struct):
    """
    How a host was, as columns, oldest first.

    Attributes:
        step_seconds: What one sample stands for.
        at: Where each sample begins, in seconds since 1970; where the host was away there is none.
        columns: By number, such as `memory_available_gib`: `min`, `mean` and `max`, each as long as `at`.
    """

    host: str
    span: str
    step_seconds: int
    at: list[int]
    columns: dict[str, dict[str, list[float | None]]]


class HardwareApi(Controller):
    """Hardware."""

    path = "/api/hardware"
    tags = ("status",)

    @get("/")
    async def hardware(
        self,
        watch: NamedDependency[Watch],
        models: NamedDependency[Models],
        records: NamedDependency[Records],
    ) -> dict[str, list[HardwareView]]:
        """Every host as it was seen last: `{"hosts": […]}`."""
        sights, alerts = await models.hosts(), await records.ask(read_seen, ALERT)
        cluster = watch.settings.cluster
        return {"hosts": [host_view(host, cluster, sights, alerts) for host in cluster.hosts]}

    @get("/{name:str}/history")
    async def history(
        self,
        name: FromPath[str],
        watch: NamedDependency[Watch],
        records: NamedDependency[Records],
        span: FromQuery[Literal["hour", "day", "month"]] = "hour",
    ) -> HistoryView:
        """The last hour by 10 seconds, the last day by 5 minutes, or the last 30 days by hours."""
        try:
            host = watch.settings.cluster.host(name)
        except LookupError as error:
            raise Problem(404, str(error), "unknown_host", param="name") from None
        found: History = await records.ask(read_history, f"{HOST}{host.name}", SPANS[span])
        at = [round(each) for each in found.at]
        return HistoryView(host.name, span, found.span.step, at, found.columns)


def host_view(
    host: Host, cluster: Cluster, sights: Mapping[str, Sight], alerts: Mapping[str, Sight]
) -> HardwareView:
    """One host of the cluster, seen or not."""
    sight, alert = sights.get(f"{HOST}{host.name}"), alerts.get(f"{ALERT}{host.name}")
    data = sight.data if sight else {}
    return HardwareView(
        name=host.name,
        address=host.address,
        state=data.get("state") or "unknown",
        why="" if data.get("state") == "well" else str(data.get("error") or "nobody has looked at it yet"),
        looked_seconds=round(sight.age_seconds, 1) if sight else None,
        age_seconds=facts_age(data),
        findings=list(data.get("findings") or ()),
        memory=_memory(data, cluster.memory_guard.floor_gib, alert.data if alert else {}),
        disk=DiskView(
            data.get("disk_free"), data.get("disk_total"), data.get("root_free"), data.get("root_total")
        ),
        facts={name: data.get(name) for name in _FACTS},
    )


def facts_age(data: Mapping[str, Any]) -> float | None:
    """How old the facts of a host are, in seconds; None: there are none."""
    facts_at = data.get("facts_at")
    return None if facts_at is None else round(max(0.0, clock.now() - facts_at), 1)


def _memory(data: Mapping[str, Any], floor_gib: float, alert: Mapping[str, Any]) -> MemoryView:
    available = data.get("memory_available")
    processes = data.get("gpu_processes")
    held = sum(float(each.get("mib") or 0) for each in processes or ())
    return MemoryView(
        total=data.get("memory_total"),
        available=available,
        page_cache=data.get("page_cache"),
        swap_total=data.get("swap_total"),
        swap_used=data.get("swap_used"),
        gpu=None if processes is None else round(held * 1024**2),
        headroom=None if available is None else max(0, available - round(floor_gib * _GIB)),
        alert=str(alert.get("state") or "calm"),
        why=str(alert.get("why") or ""),
    )
