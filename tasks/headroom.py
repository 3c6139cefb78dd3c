"""Memory before a start: what a launch will claim, and what each host will have (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.cluster import Host
from blocks.recipe import Recipe
from tasks.arithmetic import (
    MARGIN_GIB,
    MemoryNeed,
    doubts_of_fit,
    faults_of_fit,
    memory_need,
    need_per_host,
    room_of_fit,
)
from tasks.checks.memory import GIB
from tasks.findings import PreflightFinding, bad, good, unseen
from tasks.launch import LaunchPlan
from tasks.situation import Situation

OTHER_ENGINE_FACTOR = 1.15
OTHER_ENGINE_GIB = 2.0
"""What an engine that is not vLLM takes beside its weights, by a rule of thumb (spark-tools.md 2.6)."""


@dataclass(frozen=True)
class Load:
    """What is to be loaded: bytes of the weights, and their config.json where it could be read."""

    weights: int
    config: Mapping[str, Any] | None = None


def needed_gib(plan: LaunchPlan, situation: Situation, load: Load) -> float:
    """GiB that must be free on each host before the start."""
    return max(_need(plan, situation, host, load).budget for host in plan.hosts) + MARGIN_GIB


def memory_findings(plan: LaunchPlan, situation: Situation, load: Load) -> list[PreflightFinding]:
    """Whether each host will have what the launch claims, and whether its cache fits into that."""
    found = []
    for host in plan.hosts:
        need = _need(plan, situation, host, load)
        available = available_after_stop(host, situation)
        faults = faults_of_fit(need, available, host.name)
        found += [bad(host.name, "memory", fault) for fault in faults]
        found += [unseen(host.name, "cache", doubt, "") for doubt in doubts_of_fit(need, host.name)]
        if not faults:
            said = f"{host.name} will have {available:.0f} GiB free, {need.budget:.0f} are claimed"
            found.append(good(host.name, "memory", said))
        if room := room_of_fit(need):
            found.append(good(host.name, "cache", room))
    return found


def available_after_stop(host: Host, situation: Situation) -> float:
    """GiB that will be free once the present engine has gone: what it was launched with comes back."""
    sight = situation.sights[host.name]
    available = sight.memory_available / GIB
    launch = situation.launch
    if launch is None or host.name not in launch.hosts:
        # An engine of unknown share: only its stop will show; the check before the start decides then.
        return sight.memory_total / GIB if host.name in situation.engine_hosts else available
    share = Recipe.model_validate(launch.recipe).memory_share
    return min(available + share * sight.memory_total / GIB, sight.memory_total / GIB)


def _need(plan: LaunchPlan, situation: Situation, host: Host, load: Load) -> MemoryNeed:
    """The claim on one host; an engine that is not vLLM names no share."""
    if plan.recipe.command:
        size = load.weights / GIB
        return MemoryNeed(size * OTHER_ENGINE_FACTOR + OTHER_ENGINE_GIB, size)
    total = situation.sights[host.name].memory_total
    if load.config is None:
        return need_per_host(plan.recipe.memory_share, load.weights, len(plan.hosts), total)
    return memory_need(plan.recipe, load.config, load.weights, total)
