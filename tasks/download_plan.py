"""Who downloads, who gets a copy over the fast link, and that in plain words (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from blocks.menu import OnDisk
from tasks.hub import HubRepo
from tasks.measure import Measured

Way = Literal["copy", "each"]

RESERVE_BYTES = 10_000_000_000
"""Room that must be left beside the weights: the system and containers write as well."""

LINK_IS_FASTER = 10
"""How many times faster than the Internet the link between the hosts is taken to be, for progress."""


@dataclass(frozen=True)
class HostSeen:
    """One host before a download: its measurement, and its copy if it has one."""

    measured: Measured
    copy: OnDisk | None


@dataclass(frozen=True)
class Leg:
    """One way of the weights: `source` is blank when they come from the Hub; `bytes` None: not known."""

    source: str
    to: str
    bytes: int | None


def whole(seen: HostSeen, hub: HubRepo | None) -> bool:
    """True when the host has all files of the commit; without the Hub's list, when its copy looks whole."""
    there = seen.copy is not None and seen.copy.complete
    return there and (hub is None or seen.measured.arrived >= hub.bytes)


def plan_legs(
    seen: Mapping[str, HostSeen], targets: Sequence[str], hub: HubRepo | None, way: Way
) -> list[Leg]:
    """
    The ways to go, in order; none when every target has all of it.

    Copied, the weights come from the Internet at most once: to the host that has most of them, and from
    there, or from any host that is whole already, over the link to the others.
    """
    lacking = [name for name in targets if not whole(seen[name], hub)]
    if way == "each":
        return [_from_hub(name, seen, hub) for name in lacking]
    have = [name for name in seen if whole(seen[name], hub)]
    legs: list[Leg] = []
    if lacking and not have:
        first = max(lacking, key=lambda name: seen[name].measured.arrived)
        legs.append(_from_hub(first, seen, hub))
        lacking.remove(first)
        have = [first]
    return legs + [_copy(have[0], name, seen, hub) for name in lacking]


def faults_of_room(legs: Sequence[Leg], seen: Mapping[str, HostSeen]) -> list[str]:
    """Why the weights would not fit."""
    return [
        f"{leg.to} has {gigabytes(seen[leg.to].measured.free)} free and needs {gigabytes(leg.bytes)} for it, "
        f"with {gigabytes(RESERVE_BYTES)} to spare: delete weights there first"
        for leg in legs
        if leg.bytes is not None and seen[leg.to].measured.free < leg.bytes + RESERVE_BYTES
    ]


def spans(legs: Sequence[Leg]) -> list[tuple[float, float]]:
    """Which part of the whole progress each way is, by the time it takes."""
    known = [leg.bytes or 1 for leg in legs]
    loads = [size * (1 if leg.source else LINK_IS_FASTER) for leg, size in zip(legs, known, strict=True)]
    total, edges = sum(loads) or 1, [0.0]
    for load in loads:
        edges.append(edges[-1] + load / total)
    return [(0.02 + 0.96 * low, 0.02 + 0.96 * high) for low, high in pairwise(edges)]


def sentences(repo: str, legs: Sequence[Leg], seen: Mapping[str, HostSeen], doubt: str) -> list[str]:
    """What a download will do, one sentence a step."""
    said = [_sentence(repo, leg, seen) for leg in legs]
    if doubt:
        said.append(
            f"The size is not known beforehand ({doubt}); the room on the disk is watched all the same."
        )
    return [*said, "The loaded model goes on answering; a cancel keeps what has arrived."]


def gigabytes(size: int | None) -> str:
    """A size as disks are sold: 10^9 bytes."""
    return "an unknown size" if size is None else f"{size / 1e9:.1f} GB"


def _from_hub(name: str, seen: Mapping[str, HostSeen], hub: HubRepo | None) -> Leg:
    return Leg("", name, None if hub is None else max(0, hub.bytes - seen[name].measured.arrived))


def _copy(source: str, to: str, seen: Mapping[str, HostSeen], hub: HubRepo | None) -> Leg:
    """A copy brings all that the source has of it, older snapshots included."""
    held = seen[source].copy
    size = hub.bytes if hub else None
    if held is not None and held.complete:
        size = held.disk_bytes - held.partial_bytes
    return Leg(source, to, None if size is None else max(0, size - seen[to].measured.arrived))


def _sentence(repo: str, leg: Leg, seen: Mapping[str, HostSeen]) -> str:
    if leg.source:
        return f"Copy {gigabytes(leg.bytes)} of it from {leg.source} to {leg.to} over the link between them."
    arrived = seen[leg.to].measured.arrived
    rest = f"; {gigabytes(arrived)} are there already and are kept" if arrived else ""
    free = gigabytes(seen[leg.to].measured.free)
    return f"Download {gigabytes(leg.bytes)} of {repo} to {leg.to}, which has {free} free{rest}."
