"""Starting a model on its hosts, and stopping whatever runs there: the two halves of a swap."""

import itertools
import time
from collections.abc import Iterable
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from blocks.ledger.launches import Launch, mark_ended, mark_ready, record_launch
from blocks.ledger.store import Ledger
from tasks.check import TIMED_OUT, Check
from tasks.checks.memory import MemoryFree
from tasks.drain import Drain
from tasks.engine import without_secrets
from tasks.ensure import ensure, ensure_without_prefect
from tasks.follow import Follower, StartFailed
from tasks.launch import LaunchPlan
from tasks.launchers.kinds import FORMS, launcher_of
from tasks.ssh import Unreachable, run
from tasks.vllm_log import split_timestamp

KEPT_LINES = 5000


@task(name="launch", task_run_name="launch {plan.recipe.key} on {plan.head.name}", cache_policy=NO_CACHE)
def dispatch(plan: LaunchPlan) -> None:
    """Have the launcher dispatch the engine; never retried, since it may have run."""
    launcher = launcher_of(plan.recipe)
    for step in launcher.start(plan):
        answer = run(step.host, step.command)
        if answer.code == TIMED_OUT:
            raise StartFailed(
                f"the launcher on {step.host.name} did not come to an end within its time limit"
            )
        if refusal := launcher.refusal(answer):
            raise StartFailed(f"the launcher on {step.host.name} refused: {refusal}")


@task(name="follow", task_run_name="wait until {follower.plan.recipe.key} answers", cache_policy=NO_CACHE)
def follow(follower: Follower) -> None:
    """Wait until the model answers."""
    follower.follow()


def start(follower: Follower, ledger: Ledger, image_id: str, revision: str, memory_gib: float) -> None:
    """Free memory, launch, wait for an answer; written down before it begins."""
    plan = follower.plan
    for host in plan.hosts:
        ensure(host, MemoryFree(memory_gib))
    launch = Launch(
        id=plan.id,
        run_id=follower.report.run_id,
        model=plan.recipe.key,
        recipe=plan.recipe.model_dump(mode="json"),
        argv=list(plan.argv),
        hosts=[host.name for host in plan.hosts],
        image_id=image_id,
        revision=revision,
        launched=time.time(),
    )
    record_launch(ledger, launch)
    dispatch(plan)
    follow(follower)
    mark_ready(ledger, plan.id)


@task(name="drain", task_run_name="let the answers under way end", cache_policy=NO_CACHE)
def let_end(drain: Drain) -> str:
    """Wait for the answers under way; returns, in words, why it waits no more."""
    said = drain.wait()
    get_run_logger().info(said)
    return said


def stop(hosts: Iterable[Host], name: str, ledger: Ledger, why: str) -> None:
    """Stop the engine on these hosts, container or process; returns when it is gone from every one."""
    for host in hosts:
        for check in _gone(name):
            ensure(host, check)
    mark_ended(ledger, why)


def stop_without_prefect(hosts: Iterable[Host], name: str, ledger: Ledger, why: str) -> list[str]:
    """The same while a run is being cancelled; returns what could not be made sure of."""
    doubts = []
    for host, check in itertools.product(hosts, _gone(name)):
        try:
            ensure_without_prefect(host, check)
        except Exception as error:  # noqa: BLE001 - whatever it is, the rest still has to be stopped
            doubts.append(str(error))
    if not doubts:
        mark_ended(ledger, why)
    return doubts


@task(name="save logs", task_run_name="save the logs of {name}", cache_policy=NO_CACHE)
def save_logs(hosts: list[Host], name: str, folder: Path) -> dict[str, list[tuple[str, str]]]:
    """
    Keep the engine's log of every host before the engine goes: a container's goes with it.

    Returns:
        By host, pairs of timestamp and line; a host that cannot be asked has none.
    """
    logs: dict[str, list[tuple[str, str]]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for host in hosts:
        said = _log_of(host, name)
        if said is not None:  # an engine that said nothing has a log as well: an empty one
            logs[host.name] = [split_timestamp(without_secrets(line)) for line in sorted(said)]
            text = "".join(f"{stamp} {line}\n" for stamp, line in logs[host.name])
            (folder / f"{host.name}.log").write_text(text, encoding="utf-8")
    return logs


def _gone(name: str) -> list[Check[str]]:
    """What is to be made sure of after a stop, whoever started the engine."""
    return [form.gone(name) for form in FORMS]


def _log_of(host: Host, name: str) -> list[str] | None:
    """The lines of its container or process on a host; None when there is neither, or nobody can be asked."""
    for form in FORMS:
        try:
            answer = run(host, form.logs(name, KEPT_LINES))
        except Unreachable:
            return None
        if answer.ok:
            # A bar of progress is one line with carriage returns in it.
            return [line for said in (answer.stdout, answer.stderr) for line in said.split("\n") if line]
    return None
