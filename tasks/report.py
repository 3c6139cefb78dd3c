"""Saying how a run goes: phase, progress and log to the ledger, and a progress bar to Prefect's UI."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from blocks.ledger.runs import RunState, report, start_run
from blocks.ledger.store import Ledger

ARTIFACT_SECONDS = 3.0
"""Prefect's bar moves at most this often: every update is a write to its database."""


@dataclass
class Report:
    """The voice of one run."""

    ledger: Ledger
    run_id: str
    model: str
    kind: str = "swap"
    progress: float = 0.0
    _artifact: UUID | None = None
    _artifact_at: float = 0.0
    _last: tuple[str, str] = field(default=("", ""))

    def start(self, expected_seconds: float | None) -> None:
        """Open the record of the run."""
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
        self._show_bar(phase, force=phase != self._last[0])
        self._last = (phase, message)

    def log(self, host: str, lines: Sequence[str]) -> None:
        """Pass log lines of a host on."""
        if lines:
            data = {"lines": [{"host": host, "line": line} for line in lines]}
            report(self.ledger, self.run_id, "log", data)

    def state(self, state: RunState, **data: Any) -> None:
        """Say that the run waits, or goes on; `plan` is kept with the run."""
        kept = {"plan": data["plan"]} if "plan" in data else {}
        report(self.ledger, self.run_id, "state", {"state": state, **data}, state=state, **kept)

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
        if state in ("completed", "failed"):
            self._show_bar("done", force=True)

    def _show_bar(self, phase: str, *, force: bool) -> None:
        """Move the bar in Prefect's UI, not too often."""
        now = time.monotonic()
        if not force and now - self._artifact_at < ARTIFACT_SECONDS:
            return
        self._artifact_at = now
        percent = round(self.progress * 100, 1)
        doing = "swap to" if self.kind == "swap" else self.kind
        description = f"{doing} {self.model}: {phase}"
        if self._artifact is None:
            made: Any = create_progress_artifact(percent, description=description)
            self._artifact = made
        else:
            update_progress_artifact(self._artifact, percent, description=description)
