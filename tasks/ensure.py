"""Asking and acting: look at a host, fix what is wrong, look again; each step a task that Prefect shows."""

import time
from typing import Any, TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from tasks.check import Check, CheckFailed, Finding, Unreadable
from tasks.ssh import Unreachable, run

Seen = TypeVar("Seen")


def worth_another_look(_task: Any, _run: Any, state: Any) -> bool:
    """Looking again is safe, and helps when the line was down; a wrong answer stays wrong."""
    return isinstance(state.result(raise_on_failure=False), Unreachable)


@task(
    name="check",
    task_run_name="check: {check} on {host.name}",
    cache_policy=NO_CACHE,
    retries=2,
    retry_delay_seconds=2,
    retry_condition_fn=worth_another_look,
)
def check_host(host: Host, check: Check[Any]) -> Finding[Any]:
    """Look whether a check holds on a host; changes nothing."""
    return look(host, check)


@task(name="fix", task_run_name="fix: {check} on {host.name}", cache_policy=NO_CACHE)
def fix_host(host: Host, check: Check[Any], finding: Finding[Any]) -> None:
    """Run what a check's fix consists of, and look until it holds; `CheckFailed` when it never does."""
    fix_and_confirm(host, check, finding)


def look(host: Host, check: Check[Seen]) -> Finding[Seen]:
    """One look; `Unreachable` and `Unreadable` name the host."""
    try:
        return check.find(run(host, check.probe()))
    except Unreadable as error:
        raise Unreadable(f"{host.name}: {error}") from error


def fix_and_confirm(host: Host, check: Check[Seen], finding: Finding[Seen]) -> None:
    """Fix and look again; the second look decides, not the exit codes of the fix."""
    for act in check.fix(finding.seen):
        run(host, act)
    for attempt in range(check.tries):
        finding = look(host, check)
        if finding.verdict.ok:
            return
        if attempt + 1 < check.tries:
            time.sleep(check.pause)
    raise CheckFailed(f"{host.name}: {'; '.join(finding.verdict.faults)}")


def ensure(host: Host, check: Check[Any]) -> None:
    """Make a check hold on a host, or raise `CheckFailed`; each step is a task run."""
    finding = check_host(host, check)
    if not finding.verdict.ok:
        fix_host(host, check, finding)


def ensure_without_prefect(host: Host, check: Check[Any]) -> None:
    """The same outside of any run: for cleaning up after a run that is being cancelled."""
    finding = look(host, check)
    if not finding.verdict.ok:
        fix_and_confirm(host, check, finding)
