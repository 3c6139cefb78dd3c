"""Preflight: everything that can be known to fail before anything is stopped."""

import contextlib
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from blocks.cluster import Cluster, Host
from blocks.ledger.store import Ledger
from tasks.check import Check, CheckFailed, Finding, Unreadable
from tasks.checks.config import ModelConfigRead
from tasks.checks.disk import START_GIB, DiskFree
from tasks.checks.files import FilesThere
from tasks.checks.memory import MemoryFree
from tasks.checks.port import PortFree
from tasks.checks.weights import HasWeights
from tasks.ensure import check_host, ensure, look
from tasks.findings import PreflightFinding, bad, good
from tasks.headroom import Load, memory_findings, needed_gib
from tasks.judge import (
    Reply,
    argument_findings,
    plain_findings,
    port_findings,
    software_findings,
    weights_findings,
)
from tasks.launch import CannotLaunch, LaunchPlan, config_path
from tasks.launchers.kinds import launcher_of
from tasks.parsed import parsed_before, remember
from tasks.situation import Situation, look_at_host
from tasks.ssh import Unreachable

PATIENT_LOOKS = 15
"""Looks of a second and a half each at memory that may still be coming back."""

Question = tuple[Host, Check[Any]]


class PreflightFailed(Exception):
    """The swap would fail; nothing was changed."""

    def __init__(self, faults: list[str], findings: Sequence[PreflightFinding] = ()) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults
        self.findings = tuple(findings)


@dataclass(frozen=True)
class Preflight:
    """
    What was found.

    Attributes:
        image_id: Identity of the image, or of the virtual environment's packages.
        revision: Commit of the weights; blank for a folder.
        weights: Their bytes.
        config: What their config.json says; None when it was not read.
        memory_gib: What each host must have free.
    """

    findings: tuple[PreflightFinding, ...]
    image_id: str = ""
    revision: str = ""
    weights: int = 0
    config: Mapping[str, Any] | None = field(default=None, repr=False)
    memory_gib: float = 0

    @property
    def faults(self) -> list[str]:
        """Why it would not start, in sentences."""
        return [finding.sentence for finding in self.findings if finding.prevents]


def ask_hosts(questions: Sequence[Question]) -> list[Reply]:
    """Look at all of these at once, each a task run."""
    asked = [check_host.submit(host, check) for host, check in questions]
    return [_reply(future.result) for future in asked]


def ask_at_once(questions: Sequence[Question]) -> list[Reply]:
    """The same without task runs: each would cost several calls to Prefect."""
    if not questions:
        return []
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = [pool.submit(look, host, check) for host, check in questions]
        return [_reply(future.result) for future in asked]


def preflight(cluster: Cluster, plan: LaunchPlan, situation: Situation, ledger: Ledger) -> Preflight:
    """Look at everything; `PreflightFailed` lists all that is wrong."""
    found = examine(cluster, plan, situation, ledger)
    short = any(one.about == "memory" and one.prevents for one in found.findings)
    if short and not any(host.name in situation.engine_hosts for host in plan.hosts):
        situation = _after_a_while(cluster, plan, situation, found.memory_gib)
        found = _with_memory(found, plan, situation)
    if found.faults:
        raise PreflightFailed(found.faults, found.findings)
    return found


def examine(
    cluster: Cluster,
    plan: LaunchPlan,
    situation: Situation,
    ledger: Ledger,
    ask: Callable[[Sequence[Question]], list[Reply]] = ask_hosts,
) -> Preflight:
    """Everything that can be found out now, by one look at each thing; nothing is changed."""
    away = [
        bad(host.name, "host", f"{host.name} cannot be reached: {situation.unreachable[host.name]}")
        for host in plan.hosts
        if host.name in situation.unreachable
    ]
    if away:
        return Preflight(tuple(away))
    try:
        replies = _ask_all(cluster, plan, ask)
    except CannotLaunch as error:
        return Preflight((bad("", "launch", str(error)),))
    identity, found = software_findings(plan, replies["software"])
    revision, heavy, of_weights = weights_findings(plan, replies["weights"])
    found += of_weights
    for host, there, room in zip(plan.hosts, replies["files"], replies["disk"], strict=True):
        found += plain_findings(host, "files", "the files of the launch are there", there)
        found += plain_findings(host, "disk", "there is room on the disk", room)
    found += port_findings(plan, situation, replies["port"][0])
    result = Preflight(tuple(found), identity, revision, heavy)
    if identity:
        result = _second_look(plan, result, ledger, ask)
    return _with_memory(result, plan, situation)


def _ask_all(
    cluster: Cluster, plan: LaunchPlan, ask: Callable[[Sequence[Question]], list[Reply]]
) -> dict[str, list[Reply]]:
    """The replies by what they are about, host by host; `CannotLaunch` when there is no command to launch."""
    launcher = launcher_of(plan.recipe)
    launcher.start(plan)
    weights = HasWeights(plan.recipe.model, cluster.hf_cache, cluster.models_directory)
    questions: list[tuple[str, Host, Check[Any]]] = [("port", plan.head, PortFree(plan.port))]
    for host in plan.hosts:
        questions += [
            ("software", host, launcher.software(plan, host)),
            ("files", host, FilesThere(launcher.files(plan, host))),
            ("weights", host, weights),
            ("disk", host, DiskFree(plan.on(host).home, START_GIB)),
        ]
    replies = ask([(host, check) for _, host, check in questions])
    by_subject: dict[str, list[Reply]] = {}
    for (about, _, _), reply in zip(questions, replies, strict=True):
        by_subject.setdefault(about, []).append(reply)
    return by_subject


def _second_look(
    plan: LaunchPlan, found: Preflight, ledger: Ledger, ask: Callable[[Sequence[Question]], list[Reply]]
) -> Preflight:
    """What needs the first answers: vLLM's own parser, and the config of the weights; both on the head."""
    identity, revision = found.image_id, found.revision
    check = launcher_of(plan.recipe).parser(plan)
    if check is None:
        said = "the recipe's own command is taken as it is"
        return dataclasses.replace(found, findings=(*found.findings, good(plan.head.name, "arguments", said)))
    known = parsed_before(ledger, plan.recipe.key, identity, check)
    questions: list[Question] = [(plan.head, ModelConfigRead(config_path(plan, revision)))]
    config, *rest = ask([*questions, *(() if known else ((plan.head, check),))])
    reply = Finding(known, check.verdict(known)) if known else rest[0]
    if isinstance(reply, Finding) and not known:
        remember(ledger, plan.recipe.key, identity, check, reply.seen)
    return dataclasses.replace(
        found,
        findings=(*found.findings, *argument_findings(plan, reply)),
        config=config.seen if isinstance(config, Finding) else None,
    )


def _with_memory(found: Preflight, plan: LaunchPlan, situation: Situation) -> Preflight:
    """The same with a fresh judgement of memory."""
    others = tuple(one for one in found.findings if one.about not in ("memory", "cache"))
    load = Load(found.weights, found.config)
    return dataclasses.replace(
        found,
        findings=(*others, *memory_findings(plan, situation, load)),
        memory_gib=needed_gib(plan, situation, load),
    )


def _after_a_while(cluster: Cluster, plan: LaunchPlan, situation: Situation, gib: float) -> Situation:
    """An engine that has just ended gives its memory back over seconds: they are waited for before a no."""
    sights = dict(situation.sights)
    for host in plan.hosts:
        with contextlib.suppress(CheckFailed):
            ensure(host, MemoryFree(gib, tries=PATIENT_LOOKS))
        sights[host.name] = look_at_host(host, cluster.hf_cache)
    return dataclasses.replace(situation, sights=sights)


def _reply(get: Callable[[], Any]) -> Reply:
    try:
        found: Finding[Any] = get()
    except (Unreachable, Unreadable) as error:
        return error
    return found
