"""What the answers of a preflight mean (pure)."""

from collections.abc import Sequence
from typing import Any

from blocks.cluster import Host
from blocks.menu import OnDisk
from tasks.check import Finding, Unreadable
from tasks.findings import About, PreflightFinding, bad, good, unseen
from tasks.launch import LaunchPlan
from tasks.situation import Situation
from tasks.ssh import Unreachable

Reply = Finding[Any] | Unreachable | Unreadable
"""What came of looking at one thing on one host."""


def software_findings(plan: LaunchPlan, replies: Sequence[Reply]) -> tuple[str, list[PreflightFinding]]:
    """The identity of image or environment, blank unless it is the same on every host."""
    named = f"image {plan.image}" if plan.recipe.launcher != "venv" else f"environment {plan.recipe.venv}"
    identities: dict[str, str] = {}
    found: list[PreflightFinding] = []
    for host, reply in zip(plan.hosts, replies, strict=True):
        if not isinstance(reply, Finding):
            found.append(unseen(host.name, "software", str(reply)))
            continue
        identities[host.name] = str(getattr(reply.seen, "identity", reply.seen))
        found += [bad(host.name, "software", f"{host.name}: {fault}") for fault in reply.verdict.faults]
    if found:
        return "", found
    if len(set(identities.values())) > 1:
        shown = ", ".join(f"{name}: {identity[:19]}" for name, identity in identities.items())
        return "", [
            bad("", "software", f"{named} is not the same on all hosts ({shown}): copy it to the others")
        ]
    return next(iter(identities.values())), [good("", "software", f"{named} is there")]


def weights_findings(plan: LaunchPlan, replies: Sequence[Reply]) -> tuple[str, int, list[PreflightFinding]]:
    """Revision and bytes of the weights, whole on every host."""
    found: list[PreflightFinding] = []
    copies: list[OnDisk] = []
    for host, reply in zip(plan.hosts, replies, strict=True):
        said = f"the weights on {host.name} are whole"
        found += plain_findings(host, "weights", said, reply)
        if isinstance(reply, Finding) and reply.seen:
            copies.append(reply.seen)
    if len({copy.revision for copy in copies}) > 1:
        said = f"the hosts hold different revisions of {plan.recipe.model}: download it again on both"
        found.append(bad("", "weights", said))
    revision = copies[0].revision if copies else ""
    return revision, max((copy.bytes for copy in copies), default=0), found


def port_findings(plan: LaunchPlan, situation: Situation, reply: Reply) -> list[PreflightFinding]:
    """Whether the port is free, or held by the engine that will be stopped."""
    said = f"port {plan.port} is free"
    if plan.head.name in situation.engine_hosts and isinstance(reply, Finding):
        return [good(plan.head.name, "port", f"port {plan.port} will be free once the engine has stopped")]
    return plain_findings(plan.head, "port", said, reply)


def plain_findings(host: Host, about: About, said: str, reply: Reply) -> list[PreflightFinding]:
    """The findings of one check on one host: what is wrong, else that it is well."""
    if not isinstance(reply, Finding):
        return [unseen(host.name, about, str(reply))]
    faults = [bad(host.name, about, f"{host.name}: {fault}") for fault in reply.verdict.faults]
    return faults or [good(host.name, about, said)]


def argument_findings(plan: LaunchPlan, reply: Reply) -> list[PreflightFinding]:
    """What vLLM's own parser says."""
    if not isinstance(reply, Finding):
        return [unseen(plan.head.name, "arguments", str(reply))]
    faults = [bad("", "arguments", fault) for fault in reply.verdict.faults]
    return faults or [good("", "arguments", f"vLLM {reply.seen.version} takes the arguments")]
