"""Saying how a run goes: to the ledger phase, progress and log, to Prefect's UI its plan, bar and result."""

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect.runtime import flow_run

from blocks.ledger.runs import RunState, report, start_run
from blocks.ledger.store import Ledger
from blocks.run_names import run_name
from tasks.artifacts import Artifact, Artifacts, bar
from tasks.run_pages import MOST_LINES, headline, plan_page, result_page

LOGS = "logs"
"""Kind of the runs whose result is the log itself."""


def own_name() -> str:
    """The name of the run that asks for it: what each flow has as its `flow_run_name`."""
    return run_name(flow_run.flow_name or "", flow_run.parameters or {})


@dataclass
class Report:
    """
    The voice of one run.

    Attributes:
        model: What the run is about: a model, a host, a service.
        title: The run's name in Prefect.
    """

    ledger: Ledger
    run_id: str
    model: str
    kind: str = "swap"
    progress: float = 0.0
    title: str = ""
    _artifacts: Artifacts = field(init=False)
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))

    def __post_init__(self) -> None:
        self._artifacts = Artifacts(self.run_id)

    def start(self, expected_seconds: float | None) -> None:
        """Open the record of the run."""
        self.title = flow_run.name or f"{self.kind} {self.model}"
        start_run(self.ledger, self.run_id, self.kind, self.model, expected_seconds)

    def phase(
        self, phase: str, message: str, progress: float, eta_seconds: float | None = None, **figures: Any
    ) -> None:
        """Say where the run is; `progress` (0 to 1) never falls; `figures` go with the event."""
        self.progress = max(self.progress, min(progress, 1.0))
        data = {"phase": phase, "message": message, "progress": self.progress, "eta_seconds": eta_seconds}
        data |= figures
        report(
            self.ledger, self.run_id, "phase", data, phase=phase, message=message, progress=self.progress,
            eta_seconds=eta_seconds,
        )  # fmt: skip
        self.show(bar(self.progress, headline(f"{self.title}: {message}")))

    def log(self, host: str, lines: Sequence[str]) -> None:
        """Pass log lines of a host on."""
        if lines:
            data = {"lines": [{"host": host, "line": line} for line in lines]}
            report(self.ledger, self.run_id, "log", data)
            self._lines.extend(f"{host} {line}" for line in lines)

    def state(self, state: RunState, **data: Any) -> None:
        """Say that the run waits, or goes on; `plan` is kept with the run."""
        kept = {"plan": data["plan"]} if "plan" in data else {}
        report(self.ledger, self.run_id, "state", {"state": state, **data}, state=state, **kept)
        if "plan" in data:
            self.show(plan_page(self.kind, self.title, data["plan"], waiting=state == "waiting"))
        if state == "waiting":  # the process of the run ends, until there is an answer
            self._artifacts.flush()

    def previous(self, key: str | None) -> None:
        """Say what was loaded before."""
        report(self.ledger, self.run_id, "state", {"state": "running", "previous": key}, previous=key)

    def end(self, state: RunState, message: str, **details: Any) -> None:
        """Close the record with what came of it."""
        result = {"state": state, "message": message, **details}
        progress = 1.0 if state == "completed" else self.progress
        report(
            self.ledger, self.run_id, "result", result, state=state, message=message, result=result,
            progress=progress, ended=time.time(), eta_seconds=None, phase="done",
        )  # fmt: skip
        self.progress = progress
        self.show(bar(progress, headline(f"{self.title}: {message}")))
        lines = list(self._lines) if self.kind == LOGS else []
        self.show(result_page(self.kind, self.title, state, result, lines))
        self._artifacts.flush()

    def show(self, artifact: Artifact) -> None:
        """Leave something in Prefect's UI; it may be late or lost, and the run neither waits nor fails."""
        self._artifacts.show(artifact)
