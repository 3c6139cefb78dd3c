"""A run as the API shows it: what Prefect says of it merged with what the run itself wrote down (pure)."""

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from blocks.ledger.runs import Run
from gateway.prefect_api import ENDED, FlowRun

OVER = frozenset(("completed", "failed", "cancelled", "crashed"))

_WORDS = {
    "SCHEDULED": "queued",
    "PENDING": "queued",
    "RUNNING": "running",
    "PAUSED": "waiting",
    "CANCELLING": "cancelling",
    "COMPLETED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "CRASHED": "crashed",
}

_SUBJECTS = ("model", "repo", "service", "host", "nim", "container")
_WITHOUT_SUBJECT = {"update": "launcher", "bot": "bot", "logs": "bot"}
"""What the runs of these kinds are about when no parameter says it."""

_ENDED_WITHOUT_WORD = {
    "crashed": "The run stopped without a word: its process or machine ended. Look at what is loaded now.",
    "failed": "The run failed before it could say why. Its page in Prefect has the details.",
    "cancelled": "The run was cancelled.",
    "completed": "The run is complete.",
}


class RunView(msgspec.Struct):
    """
    One run.

    Attributes:
        kind: `swap`, or what else was run.
        model: What it is about: a model, a service, a host, the launcher, the bot.
        state: queued, running, waiting (for a go), cancelling, completed, failed, cancelled, crashed.
        phase: A word for what it does now; `queued` before it begins.
        progress: 0 to 1.
        started, ended: Seconds since 1970; 0 and null until then.
        elapsed_seconds, expected_seconds, eta_seconds: So far, usually, and still to go.
        plan: Sentences of what it will do.
        result: `message`; for a failure `cause`, `advice`, `host`, `now_loaded`.
        previous: Key of the model that was loaded before.
        url: Its page in Prefect's UI.
        name: What Prefect calls it, a sentence; blank where Prefect was not asked.
    """

    id: str
    kind: str
    model: str
    state: str
    phase: str
    progress: float
    message: str
    url: str
    started: float = 0.0
    ended: float | None = None
    elapsed_seconds: float = 0.0
    expected_seconds: float | None = None
    eta_seconds: float | None = None
    plan: list[str] | None = None
    result: dict[str, Any] | None = None
    previous: str | None = None
    name: str = ""

    @property
    def over(self) -> bool:
        """It has ended."""
        return self.state in OVER


def merge(
    record: Run | None, flow_run: FlowRun | None, url: str, *, kind: str = "run", behind: str = ""
) -> RunView:
    """
    One view of a run from what the ledger and Prefect have of it; at least one must have it.

    Args:
        record: The run's own record; None before it begins.
        flow_run: Prefect's; None when it cannot be asked or has forgotten.
        url: The run's page.
        kind: What it is, when only Prefect knows it.
        behind: The model of the run that is under way, when this one waits for its turn.
    """
    if record is None:
        if flow_run is None:
            raise ValueError("neither the ledger nor Prefect has this run")
        return _of_prefect(flow_run, url, kind, behind)
    view = _of_record(record, url)
    view.name = flow_run.name if flow_run else ""
    if flow_run is None or view.over:
        return view
    if flow_run.state_type == "CANCELLING":
        view.state = "cancelling"
    elif flow_run.state_type in ENDED:
        view.state = _WORDS[flow_run.state_type]
        view.message = _ENDED_WITHOUT_WORD[view.state]
        view.eta_seconds = None
        view.result = view.result or {"message": view.message}
        view.ended = _seconds(flow_run.end_time) or record.updated
        view.elapsed_seconds = round(max(0.0, view.ended - view.started), 1)
    elif view.state == "waiting" and flow_run.state_type != "PAUSED":
        view.state = "running"  # it is about to ask, or has just had its answer
    return view


def _of_record(record: Run, url: str) -> RunView:
    now = time.time()
    eta = record.eta_seconds
    if eta is not None:
        eta = None if record.ended else max(0.0, eta - (now - record.updated))
    return RunView(
        id=record.id,
        kind=record.kind,
        model=record.model,
        state=record.state,
        phase=record.phase,
        progress=record.progress,
        message=record.message,
        url=url,
        started=record.started,
        ended=record.ended,
        elapsed_seconds=round((record.ended or now) - record.started, 1),
        expected_seconds=record.expected_seconds,
        eta_seconds=eta,
        plan=record.plan,
        result=record.result,
        previous=record.previous,
    )


def _of_prefect(flow_run: FlowRun, url: str, kind: str, behind: str) -> RunView:
    state = _WORDS.get(flow_run.state_type, "queued")
    message = ""
    if state == "queued":
        message = f"It waits until the swap to {behind} has ended." if behind else "It is about to begin."
    elif state in OVER:
        message = _ENDED_WITHOUT_WORD[state]
    return RunView(
        id=flow_run.id,
        kind=kind,
        model=_subject(flow_run.parameters, kind),
        state=state,
        phase="queued" if state == "queued" else "looking",
        progress=1.0 if state == "completed" else 0.0,
        message=message,
        url=url,
        elapsed_seconds=_elapsed(flow_run),
        result={"message": message} if state in OVER else None,
        name=flow_run.name,
    )


def _subject(parameters: Mapping[str, Any], kind: str) -> str:
    """What a run is about that has not written itself down: what its flow will say."""
    for name in _SUBJECTS:
        if (value := parameters.get(name)) and isinstance(value, str):
            return value
    return _WITHOUT_SUBJECT.get(kind, "")


def _elapsed(flow_run: FlowRun) -> float:
    begun = flow_run.start_time or flow_run.created
    if not begun:
        return 0.0
    end = _seconds(flow_run.end_time) or time.time()
    return round(max(0.0, end - datetime.fromisoformat(begun).timestamp()), 1)


def _seconds(stamp: str | None) -> float | None:
    """Seconds since 1970."""
    return datetime.fromisoformat(stamp).timestamp() if stamp else None
