"""Preflight: everything that can be known to fail before anything is stopped."""

import contextlib
from dataclasses import dataclass, replace

from blocks.cluster import Cluster, Host
from blocks.recipe import Recipe
from tasks.arithmetic import MARGIN_GIB, faults_of_fit, need_per_host
from tasks.check import CheckFailed
from tasks.checks.arguments import ArgumentsParse
from tasks.checks.containers import ImageThere
from tasks.checks.memory import GIB, MemoryFree
from tasks.checks.weights import HasWeights
from tasks.ensure import check_host, ensure
from tasks.launch import LaunchPlan, launch_command, serve_arguments
from tasks.situation import Situation, look_at_host

PATIENT_LOOKS = 15
"""Looks of a second and a half each at memory that may still be coming back."""


class PreflightFailed(Exception):
    """The swap would fail; nothing was changed."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class Preflight:
    """What was found: identity of the image and the weights, and the memory each host must have free."""

    image_id: str
    revision: str
    memory_gib: float


def preflight(cluster: Cluster, plan: LaunchPlan, situation: Situation) -> Preflight:
    """Check hosts, image, weights, memory and arguments; `PreflightFailed` lists all that is wrong."""
    faults = [
        f"{host.name} cannot be reached: {situation.unreachable[host.name]}"
        for host in plan.hosts
        if host.name in situation.unreachable
    ]
    if faults:
        raise PreflightFailed(faults)
    launch_command(plan)  # raises CannotLaunch while it is still harmless
    image_id, image_faults = _image(plan)
    revision, weights, weight_faults = _weights(cluster, plan)
    memory_gib, memory_faults = _memory(plan, situation, weights)
    if memory_faults and not any(host.name in situation.engine_hosts for host in plan.hosts):
        situation = _after_a_while(cluster, plan, situation, memory_gib)
        memory_gib, memory_faults = _memory(plan, situation, weights)
    faults = image_faults + weight_faults + memory_faults
    if not image_faults:
        parsed = check_host(plan.head, ArgumentsParse(plan.image, serve_arguments(plan)))
        faults += parsed.verdict.faults
    if faults:
        raise PreflightFailed(faults)
    return Preflight(image_id, revision, memory_gib)


def _image(plan: LaunchPlan) -> tuple[str, list[str]]:
    """The image's id, the same on every host."""
    ids = {host.name: check_host(host, ImageThere(plan.image)).seen for host in plan.hosts}
    lacking = [name for name, image_id in ids.items() if not image_id]
    if lacking:
        return "", [f"image {plan.image} is not on {' and '.join(lacking)}"]
    if len(set(ids.values())) > 1:
        shown = ", ".join(f"{name}: {image_id[:19]}" for name, image_id in ids.items())
        return "", [f"image {plan.image} is not the same on all hosts ({shown}): copy it to the others"]
    return next(iter(ids.values())), []


def _weights(cluster: Cluster, plan: LaunchPlan) -> tuple[str, int, list[str]]:
    """Revision and size of the weights, whole on every host."""
    check = HasWeights(plan.recipe.model, cluster.hf_cache, cluster.models_directory)
    findings = {host.name: check_host(host, check) for host in plan.hosts}
    faults = [f"{name}: {fault}" for name, found in findings.items() for fault in found.verdict.faults]
    copies = [found.seen for found in findings.values() if found.seen]
    if len({copy.revision for copy in copies}) > 1:
        faults.append(f"the hosts hold different revisions of {plan.recipe.model}: download it again on both")
    revision = copies[0].revision if copies else ""
    return revision, max((copy.bytes for copy in copies), default=0), faults


def _memory(plan: LaunchPlan, situation: Situation, weights: int) -> tuple[float, list[str]]:
    """How much must be free on each host, and whether it will be."""
    faults: list[str] = []
    needed = 0.0
    for host in plan.hosts:
        sight = situation.sights[host.name]
        need = need_per_host(plan.recipe.memory_share, weights, len(plan.hosts), sight.memory_total)
        faults += faults_of_fit(need, _available_after_stop(host, situation), host.name)
        needed = max(needed, need.budget)
    return needed + MARGIN_GIB, faults


def _after_a_while(cluster: Cluster, plan: LaunchPlan, situation: Situation, gib: float) -> Situation:
    """An engine that has just ended gives its memory back over seconds: they are waited for before a no."""
    sights = dict(situation.sights)
    for host in plan.hosts:
        with contextlib.suppress(CheckFailed):
            ensure(host, MemoryFree(gib, tries=PATIENT_LOOKS))
        sights[host.name] = look_at_host(host, cluster.hf_cache)
    return replace(situation, sights=sights)


def _available_after_stop(host: Host, situation: Situation) -> float:
    """GiB that will be free once the present engine has gone: what it was launched with comes back."""
    sight = situation.sights[host.name]
    available = sight.memory_available / GIB
    launch = situation.launch
    if launch is None or host.name not in launch.hosts:
        # An engine of unknown share: only its stop will show; the check before the start decides then.
        return sight.memory_total / GIB if host.name in situation.engine_hosts else available
    share = Recipe.model_validate(launch.recipe).memory_share
    return min(available + share * sight.memory_total / GIB, sight.memory_total / GIB)
