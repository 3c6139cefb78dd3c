"""Following a job that a host runs by itself, to its end."""

import time
from collections.abc import Callable

from blocks.cluster import Host
from tasks.check import Unreadable
from tasks.engine import without_secrets
from tasks.job import Job, JobState, read_job
from tasks.outcome import Failed
from tasks.ssh import Unreachable, run

LOOK_SECONDS = 1.0
LOST_SECONDS = 300.0
"""How long the host may be out of reach while it works by itself."""


def follow_job(host: Host, job: Job, tell: Callable[[list[str]], None]) -> JobState:
    """
    Begin a job and follow it; `tell` is given each time the lines that are new, without secrets.

    Raises:
        Failed: One of its name is at work already, or the host was out of reach for too long.
    """
    state = read_job(run(host, job.begin()))
    if not state.begun:
        raise Failed(f"an earlier run is still at work on {host.name}: wait for its end")
    told, seen = "", time.monotonic()
    while True:
        tell([without_secrets(line) for line in fresh_lines(told, state.log)])
        told = state.log
        if not state.running:
            return state
        time.sleep(LOOK_SECONDS)
        try:
            state = read_job(run(host, job.look()))
            seen = time.monotonic()
        except (Unreachable, Unreadable) as error:
            if time.monotonic() - seen > LOST_SECONDS:
                raise Failed(f"{host.name} has been out of reach too long: {error}") from error


def fresh_lines(told: str, log: str) -> list[str]:
    """The lines of a log's end that were not told yet; it may have lost its beginning since."""
    last = told[-200:]
    place = log.rfind(last) if last else -1
    fresh = log[place + len(last) :] if place >= 0 else log
    return [line for line in fresh.replace("\r", "\n").splitlines() if line.strip()]


def last_line(state: JobState) -> str:
    """Why a job failed, in its own words."""
    lines = [line for line in state.log.splitlines() if line.strip()]
    return without_secrets(lines[-1]) if lines else f"it ended with exit code {state.code}"
