"""What is not as it should be on a host, in plain sentences, from one look at it (pure)."""

from collections.abc import Iterator

from tasks.checks.memory import GIB
from tasks.sight import NO_DOCKER, HostSight

DISK_SHARE, DISK_GIB = 0.05, 20
"""A disk with less of it left, and less than so many GiB, is almost full."""

SWAP_SHARE = 0.9
PRESSURE_PERCENT = 20.0
SLOW_MHZ, FULL_PERCENT = 900, 95
"""A GPU that is fully used at so low a clock is stuck until its power is unplugged (spark-tools.md 5.1)."""


def findings_of(sight: HostSight) -> list[str]:
    """One sentence for each thing that is not as it should be; none for a host that is well."""
    return [*_gpu(sight), *_memory(sight), *_disks(sight), *_containers(sight), *_links(sight)]


def _gpu(sight: HostSight) -> Iterator[str]:
    if sight.gpu_fault:
        yield f"{sight.gpu_fault}."
    gpu = sight.gpu
    if gpu is None:
        return
    for reason in gpu.throttling:
        yield f"The GPU is {reason}."
    if (gpu.utilization or 0) >= FULL_PERCENT and gpu.clock is not None and gpu.clock < SLOW_MHZ:
        yield (
            f"The GPU is fully used at {gpu.clock:.0f} MHz only. If it stays so, shut the host down, "
            "unplug its power for a minute and start it again."
        )


def _memory(sight: HostSight) -> Iterator[str]:
    total, used = sight.swap_total or 0, sight.swap_used or 0
    if total and used > SWAP_SHARE * total:
        yield f"Swap is {100 * used / total:.0f} % full: a host in that state often stops answering."
    stalled = (sight.pressure or {}).get("full", 0.0)
    if stalled > PRESSURE_PERCENT:
        yield f"All work waited for memory {stalled:.0f} % of the last 10 seconds."


def _disks(sight: HostSight) -> Iterator[str]:
    if sight.disk_free is None:
        yield f"The disk of {sight.cache} does not answer."
    elif _is_almost_full(sight.disk_free, sight.disk_total):
        yield f"The disk of {sight.cache} is almost full: {sight.disk_free / GIB:.0f} GiB are left."
    same = (sight.root_free, sight.root_total) == (sight.disk_free, sight.disk_total)
    if not same and sight.root_free is not None and _is_almost_full(sight.root_free, sight.root_total):
        yield f"The disk of / is almost full: {sight.root_free / GIB:.0f} GiB are left."


def _is_almost_full(free: int, total: int | None) -> bool:
    return free < DISK_GIB * GIB and (total is None or free < DISK_SHARE * total)


def _containers(sight: HostSight) -> Iterator[str]:
    if sight.docker_fault and sight.docker_fault != NO_DOCKER:
        yield f"{sight.docker_fault[:1].upper()}{sight.docker_fault[1:]}."
    for seen in sight.containers:
        if seen.state == "restarting":
            often = f"docker has restarted it {seen.restarts or 0} times"
            yield f"Container {seen.name} ends again and again: {often}."
        elif seen.health == "unhealthy":
            yield f"Container {seen.name} fails its own health check."


def _links(sight: HostSight) -> Iterator[str]:
    if sight.links and not any(link.state == "ACTIVE" for link in sight.links):
        yield "No port of the fast link between the hosts is up: is the cable plugged in?"
