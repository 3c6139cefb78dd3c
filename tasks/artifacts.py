"""What a run leaves on its page and on the Artifacts page of Prefect's UI; never in the run's way."""

import json
import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import httpx

from blocks.prefect_http import ask
from blocks.settings import prefect_client
from tasks.markdown import plain

log = logging.getLogger(__name__)

BAR_SECONDS = 2.0
"""The bar moves at most this often, and a shorter run has none: each write costs Prefect's database."""

FLUSH_SECONDS = 2.0
"""How long the end of a run waits for Prefect to take what is left."""

BAR = ""


@dataclass(frozen=True)
class Artifact:
    """
    One thing to show.

    Attributes:
        key: Under which Prefect keeps its history: lower case, digits, dashes; blank: the run's bar.
        description: One line of Markdown.
        data: Markdown, the rows of a table in JSON, or percent.
    """

    key: str
    type: Literal["markdown", "table", "progress"]
    description: str
    data: Any


def bar(progress: float, description: str) -> Artifact:
    """The run's bar; `progress` is 0 to 1."""
    return Artifact(BAR, "progress", description, round(progress * 100, 1))


def table(key: str, rows: Sequence[dict[str, Any]], description: str) -> Artifact:
    """A table; the keys of the first row are its head.  Prefect takes the text of its cells for Markdown."""
    shown = [
        {name: plain(cell) if isinstance(cell, str) else cell for name, cell in row.items()} for row in rows
    ]
    return Artifact(key, "table", description, json.dumps(shown))


class Artifacts:
    """
    The artifacts of one run, written by a thread of their own.

    Of each key the newest state is written, however many there were: what Prefect takes too slowly is left
    out, and what it does not take is lost.  It is no dataclass: Prefect looks into those of a task's
    parameters, and would meet the thread there.

    Args:
        run_id: The flow run that they belong to; blank: there is none, and nothing is written.
    """

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id
        self._changed = threading.Condition()
        self._wanted: dict[str, Artifact] = {}
        self._written: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._writing: str | None = None
        self._next_bar = time.monotonic() + BAR_SECONDS

    def show(self, artifact: Artifact) -> None:
        """Have it written, in the place of what the run showed under that key before; returns at once."""
        if not self._run_id:
            return
        with self._changed:
            self._wanted[artifact.key] = artifact
            if self._thread is None:
                self._thread = threading.Thread(target=self._write_all, name="artifacts", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def flush(self) -> None:
        """Wait until all is written, `FLUSH_SECONDS` at most; a bar that was not shown yet is left out."""
        with self._changed:
            if BAR not in self._written and self._writing != BAR:
                self._wanted.pop(BAR, None)
            self._next_bar = 0.0
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._wanted and self._writing is None, FLUSH_SECONDS)

    def _write_all(self) -> None:
        with prefect_client() as prefect:
            while True:
                artifact = self._next()
                try:
                    self._write(prefect, artifact)
                except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
                    log.debug("artifact %s was not written: %s", artifact.key or "progress", error)
                finally:
                    with self._changed:
                        self._writing = None
                        self._changed.notify_all()

    def _next(self) -> Artifact:
        """Wait until there is something to write; the bar waits for its time."""
        with self._changed:
            while not (due := [key for key in self._wanted if key != BAR or self._bar_in() <= 0]):
                self._changed.wait(self._bar_in() if self._wanted else None)
            if due[0] == BAR:
                self._next_bar = time.monotonic() + BAR_SECONDS
            self._writing = due[0]
            return self._wanted.pop(due[0])

    def _bar_in(self) -> float:
        return self._next_bar - time.monotonic()

    def _write(self, prefect: httpx.Client, artifact: Artifact) -> None:
        shown = {"description": artifact.description, "data": artifact.data}
        if known := self._written.get(artifact.key):
            ask(prefect, "PATCH", f"/artifacts/{known}", shown)
            return
        key = {"key": artifact.key} if artifact.key else {}
        body = {"type": artifact.type, "flow_run_id": self._run_id, **key, **shown}
        self._written[artifact.key] = str(ask(prefect, "POST", "/artifacts/", body).json()["id"])
