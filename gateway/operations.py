"""What is being done, what was done and what failed, over all kinds of runs."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from blocks.ledger.operations import (
    MOST_ENDED,
    MOST_FAILURES,
    Operations,
    operations,
    recorded_ids,
)
from blocks.ledger.runs import Run
from gateway.fresh import Fresh
from gateway.prefect_api import FlowRun, PrefectApi
from gateway.prefect_runs import PrefectRuns
from gateway.problem import Problem
from gateway.records import Records
from gateway.runs import RunView, merge

LOOK_SECONDS = 0.5
PREFECT_SECONDS = 1.5
"""How long Prefect is waited for: without its word the ledger's has to do."""

_WORDS = ("message", "cause", "advice", "host", "now_loaded")
"""What is told of a result in a list; all of it stands with the run."""

FORGOTTEN = "Prefect does not know this run any more, and it never wrote down its end. Look at what is there."


class OperationsView(msgspec.Struct):
    """
    Runs of every kind.

    Attributes:
        at: When this was so, in seconds since 1970.
        active: Under way, waiting for a go, or queued; in that order what began first.
        ended: The newest first; without those that only looked (logs, deep checks) and ended well, and
            without plans and what only belongs to one kind of run.
        failures: The newest of those that failed, crashed or were rolled back.
    """

    at: float
    active: list[RunView]
    ended: list[RunView]
    failures: list[RunView]


class RunList:
    """The runs of every kind, looked up once for all who ask."""

    def __init__(self, records: Records, prefect: PrefectApi) -> None:
        self._records = records
        self._prefect = prefect
        self._runs = PrefectRuns(prefect)
        self._view = Fresh(LOOK_SECONDS, self._look)

    async def view(self) -> OperationsView:
        """The runs as they are now; without Prefect as the ledger knows them."""
        return await self._view.get()

    async def _look(self) -> OperationsView:
        known = await self._records.ask(operations)
        active: list[tuple[str, FlowRun]] = []
        words: dict[str, FlowRun | None] = dict(self._runs.ended)
        with suppress(Problem, TimeoutError):
            async with asyncio.timeout(PREFECT_SECONDS):
                active = await self._runs.active()
                words |= {run.id: run for _, run in active}
                words |= await self._runs.of(_unsaid(known, words))
        unwritten = await self._unwritten(known, active)
        return self._arranged(known, unwritten, words)

    async def _unwritten(
        self, known: Operations, active: Sequence[tuple[str, FlowRun]]
    ) -> list[tuple[str, FlowRun]]:
        """Runs of which only Prefect knows; not those that have ended since it was asked."""
        written = {run.id for run in (*known.open, *known.ended)}
        new = [(kind, run) for kind, run in active if run.id not in written and not _is_routine(kind, run)]
        if not new:
            return []
        written = await self._records.ask(recorded_ids, [run.id for _, run in new])
        return [(kind, run) for kind, run in new if run.id not in written]

    def _arranged(
        self,
        known: Operations,
        unwritten: Sequence[tuple[str, FlowRun]],
        words: Mapping[str, FlowRun | None],
    ) -> OperationsView:
        opened = [self._seen(run, words) for run in known.open]
        gone = [run for run in opened if run.over]
        active = sorted((run for run in opened if not run.over), key=lambda run: run.started)
        behind = next((run.model for run in active if run.kind == "swap"), "")
        for kind, run in unwritten:
            is_behind = behind if kind == "swap" else ""
            active.append(merge(None, run, self._prefect.page(run.id), kind=kind, behind=is_behind))
        ended = _newest([*gone, *(self._seen(run, words) for run in known.ended)], MOST_ENDED)
        failed = [run for run in gone if run.state in ("failed", "crashed")]
        failures = _newest([*failed, *(self._seen(run, words) for run in known.failures)], MOST_FAILURES)
        return OperationsView(time.time(), active, ended, failures)

    def _seen(self, run: Run, words: Mapping[str, FlowRun | None]) -> RunView:
        """A run as it wrote itself down, with Prefect's word on it."""
        view = merge(run, words.get(run.id), self._prefect.page(run.id))
        if not view.over and run.id in words and words[run.id] is None:
            view.state, view.message, view.ended, view.eta_seconds = "crashed", FORGOTTEN, run.updated, None
            view.elapsed_seconds = round(run.updated - run.started, 1)
            view.result = {"message": FORGOTTEN}
        return view


def _unsaid(known: Operations, words: Mapping[str, FlowRun | None]) -> list[str]:
    """The runs on which Prefect has not given its word: it has their names, and knows who died."""
    runs = (*known.open, *known.failures, *known.ended)
    return list(dict.fromkeys(run.id for run in runs if run.id not in words))


def _is_routine(kind: str, run: FlowRun) -> bool:
    """A check by the clock, which leaves no record while all is well."""
    return kind == "deep-check" and run.auto_scheduled


def _newest(runs: Sequence[RunView], most: int) -> list[RunView]:
    newest = sorted(runs, key=lambda run: -(run.ended or 0.0))[:most]
    for run in newest:
        run.plan, result = None, run.result or {}
        run.result = {word: result[word] for word in _WORDS if word in result}
    return newest
