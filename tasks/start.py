"""Starting a model on its hosts, and stopping whatever runs there: the two halves of a swap."""

import time
from collections.abc import Iterable
from pathlib import Path

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from blocks.ledger.launches import Launch, mark_ended, mark_ready, record_launch
from blocks.ledger.store import Ledger
from tasks.check import TIMED_OUT, command
from tasks.checks.containers import ContainerGone
from tasks.checks.memory import MemoryFree
from tasks.drain import Drain
from tasks.engine import without_secrets
from tasks.ensure import ensure, ensure_without_prefect
from tasks.follow import Follower, StartFailed
from tasks.launch import LaunchPlan, launch_command, serve_arguments
from tasks.ssh import Unreachable, run
from tasks.vllm_log import split_timestamp

KEPT_LINES = 5000


@task(name="launch", task_run_name="launch {plan.recipe.key} on {plan.head.name}", cache_policy=NO_CACHE)
def dispatch(plan: LaunchPlan) -> None:
    """Have the launcher dispatch the engine; never retried, since it may have run."""
    answer = run(plan.head, launch_command(plan))
    if answer.code == TIMED_OUT:
        raise StartFailed("the launcher did not come to an end within its time limit")
    if not answer.ok:
        raise StartFailed(
            f"the launcher refused: {without_secrets((answer.stdout + answer.stderr).strip()[-600:])}"
        )
    if "Cluster containers are already running" in answer.stdout:
        raise StartFailed("a container of that name was already running: the launcher kept the old one")


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
        argv=["vllm", "serve", *serve_arguments(plan)],
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


def stop(hosts: Iterable[Host], container: str, ledger: Ledger, why: str) -> None:
    """Stop the engine on these hosts; returns when the container is gone from every one."""
    for host in hosts:
        ensure(host, ContainerGone(container))
    mark_ended(ledger, why)


def stop_without_prefect(hosts: Iterable[Host], container: str, ledger: Ledger, why: str) -> list[str]:
    """The same while a run is being cancelled; returns what could not be made sure of."""
    doubts = []
    for host in hosts:
        try:
            ensure_without_prefect(host, ContainerGone(container))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other host still has to be stopped
            doubts.append(str(error))
    if not doubts:
        mark_ended(ledger, why)
    return doubts


@task(name="save logs", task_run_name="save the logs of {container}", cache_policy=NO_CACHE)
def save_logs(hosts: list[Host], container: str, folder: Path) -> dict[str, list[tuple[str, str]]]:
    """
    Keep the engine's log of every host before the container goes: with `--rm` it goes too.

    Returns:
        By host, pairs of timestamp and line; a host that cannot be asked has none.
    """
    logs: dict[str, list[tuple[str, str]]] = {}
    folder.mkdir(parents=True, exist_ok=True)
    for host in hosts:
        ask = command("docker", "logs", "--timestamps", "--tail", str(KEPT_LINES), container, timeout=60)
        try:
            answer = run(host, ask)
        except Unreachable:
            continue
        if not answer.ok:
            continue
        merged = sorted((answer.stdout + answer.stderr).splitlines())
        logs[host.name] = [split_timestamp(without_secrets(line)) for line in merged]
        text = "".join(f"{stamp} {line}\n" for stamp, line in logs[host.name])
        (folder / f"{host.name}.log").write_text(text, encoding="utf-8")
    return logs
