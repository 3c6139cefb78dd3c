"""A run of another deployment, asked for and followed to its end over Prefect's HTTP API."""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from blocks.ledger.runs import Run, get_run
from blocks.ledger.store import Ledger
from blocks.prefect_http import ask
from blocks.run_names import run_name
from blocks.settings import prefect_client

POLL_SECONDS = 0.5
WORD_SECONDS = 3.0
"""How long a run that Prefect calls ended may still take to write its own end down."""

ENDED = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")


class RunNotStarted(Exception):
    """Prefect did not take the run."""


class RunTooLong(Exception):
    """The run has not ended within the time that was given."""


@dataclass(frozen=True)
class Ended:
    """How a run ended: `state` in lower case, `message` its own word for it."""

    state: str
    message: str


def start_run(
    deployment: str, parameters: dict[str, Any], *, key: str = "", at: datetime | None = None
) -> str:
    """
    Ask for a run; returns its id.

    Args:
        deployment: By flow and name, 'swap-model/cluster'.
        parameters: What its flow takes.
        key: Whoever asks with the same key again gets the same run; blank: one of its own.
        at: When it shall begin; None: now.

    Raises:
        RunNotStarted: Prefect is out of reach, or has no such deployment.
    """
    name = run_name(deployment, parameters)
    # The key makes one run of a call that has to be made twice.
    body: dict[str, Any] = {
        "parameters": parameters,
        "name": name,
        "idempotency_key": key or str(uuid.uuid4()),
    }
    if at is not None:
        body["state"] = {"type": "SCHEDULED", "state_details": {"scheduled_time": at.isoformat()}}
    try:
        with prefect_client() as prefect:
            found = ask(prefect, "GET", f"/deployments/name/{deployment}")
            if found.status_code == httpx.codes.NOT_FOUND:
                raise RunNotStarted(
                    f"Prefect has no deployment {deployment!r}: publish it with 'make deploy'"
                )
            path = f"/deployments/{found.json()['id']}/create_flow_run"
            return str(ask(prefect, "POST", path, body).json()["id"])
    except (httpx.HTTPError, ValueError, KeyError) as error:
        raise RunNotStarted(f"Prefect did not take the run '{name}': {error}") from error


def follow(ledger: Ledger, run_id: str, tell: Callable[[Run], None], most_seconds: float) -> Ended:
    """
    Wait until a run has ended; `tell` is called with its record whenever that has changed.

    While Prefect is away the run's own record counts.  If this is broken off, the run is cancelled.
    """
    until = time.monotonic() + most_seconds
    over_since, told = 0.0, 0.0
    try:
        while time.monotonic() < until:
            record = get_run(ledger, run_id)
            if record is not None and record.ended:
                return Ended(record.state, record.message)
            if record is not None and record.updated != told:
                told = record.updated
                tell(record)
            state = _state(run_id)
            over_since = (over_since or time.monotonic()) if state in ENDED else 0.0
            if over_since and time.monotonic() - over_since > WORD_SECONDS:
                return Ended(state.lower(), f"it ended without a word: its state in Prefect is {state}")
            time.sleep(POLL_SECONDS)
    except BaseException:
        cancel(run_id)
        raise
    raise RunTooLong(f"run {run_id} has not ended within {most_seconds / 3600:.1f} hours; it goes on")


def cancel(run_id: str) -> None:
    """Ask a run to stop; with Prefect away it goes on."""
    state = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    with suppress(httpx.HTTPError), prefect_client() as prefect:
        ask(prefect, "POST", f"/flow_runs/{run_id}/set_state", state)


def _state(run_id: str) -> str:
    """Prefect's word for the state of a run; blank while it cannot be asked."""
    try:
        with prefect_client() as prefect:
            state = prefect.get(f"/flow_runs/{run_id}").raise_for_status().json()["state"]
        return str(state["type"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ""
