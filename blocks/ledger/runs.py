"""The record of runs: state, phase, progress, log and result, as the dashboard and the API show them."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Row, delete, insert, select, update

from blocks.ledger.store import Ledger
from blocks.ledger.tables import run_events, runs

RunState = Literal["running", "waiting", "completed", "failed", "cancelled", "crashed"]
EventKind = Literal["state", "phase", "log", "result"]

KEPT_RUNS = 100
"""Of each kind, so that none pushes out another."""

KEPT_LOOKS = 20
LOOKS = frozenset({"logs", "deep-check", "validate"})
"""Kinds of runs that only look; there may be one a minute."""


@dataclass(frozen=True)
class Run:
    """
    One run as last reported.

    Attributes:
        state: `waiting` means for a go or no-go.
        progress: 0 to 1.
        started, updated, ended: Seconds since 1970.
        previous: Key of the model that was loaded before, if any.
        plan: Sentences of what the run will do.
        result: What came of it: `message`, and for a failure `cause`, `advice`, `host`, `now_loaded`.
    """

    id: str
    kind: str
    model: str
    state: RunState
    phase: str
    progress: float
    message: str
    started: float
    updated: float
    ended: float | None = None
    expected_seconds: float | None = None
    eta_seconds: float | None = None
    previous: str | None = None
    plan: list[str] | None = None
    result: dict[str, Any] | None = None


@dataclass(frozen=True)
class Event:
    """One thing that happened in a run; `seq` only grows."""

    seq: int
    run_id: str
    at: float
    kind: EventKind
    data: dict[str, Any] = field(default_factory=dict)


def start_run(ledger: Ledger, run_id: str, kind: str, model: str, expected_seconds: float | None) -> None:
    """Open a run's record; a record of the same id is begun anew."""
    now = time.time()
    with ledger.write() as connection:
        connection.execute(delete(runs).where(runs.c.id == run_id))
        connection.execute(
            insert(runs).values(
                id=run_id,
                kind=kind,
                model=model,
                state="running",
                phase="looking",
                progress=0.0,
                message="",
                started=now,
                updated=now,
                expected_seconds=expected_seconds,
            )
        )
        _add_event(connection, run_id, "state", {"state": "running"})
    _forget_old(ledger, kind)


def report(ledger: Ledger, run_id: str, kind: EventKind, data: dict[str, Any], **columns: Any) -> None:
    """Add an event and set columns of the run's record in one transaction."""
    with ledger.write() as connection:
        connection.execute(update(runs).where(runs.c.id == run_id).values(updated=time.time(), **columns))
        _add_event(connection, run_id, kind, data)


def get_run(ledger: Ledger, run_id: str) -> Run | None:
    """The record of one run."""
    with ledger.read() as connection:
        row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    return _run(row) if row else None


def latest_runs(ledger: Ledger, kind: str | None = None, limit: int = 20) -> list[Run]:
    """The newest runs, newest first."""
    query = select(runs).order_by(runs.c.started.desc()).limit(limit)
    if kind:
        query = query.where(runs.c.kind == kind)
    with ledger.read() as connection:
        return [_run(row) for row in connection.execute(query)]


def events_after(ledger: Ledger, run_id: str, seq: int = 0, limit: int = 500) -> list[Event]:
    """A run's events with a number above `seq`, oldest first."""
    query = (
        select(run_events)
        .where(run_events.c.run_id == run_id, run_events.c.seq > seq)
        .order_by(run_events.c.seq)
        .limit(limit)
    )
    with ledger.read() as connection:
        return [Event(r.seq, r.run_id, r.at, r.kind, r.data) for r in connection.execute(query)]


def _run(row: Row[Any]) -> Run:
    return Run(**row._mapping)


def _add_event(connection: Any, run_id: str, kind: EventKind, data: dict[str, Any]) -> None:
    connection.execute(insert(run_events).values(run_id=run_id, at=time.time(), kind=kind, data=data))


def _forget_old(ledger: Ledger, kind: str) -> None:
    """Keep the newest runs of a kind only, with their events."""
    kept = KEPT_LOOKS if kind in LOOKS else KEPT_RUNS
    query = select(runs.c.id).where(runs.c.kind == kind).order_by(runs.c.started.desc()).offset(kept)
    with ledger.write() as connection:
        old: Sequence[str] = connection.execute(query).scalars().all()
        if old:
            connection.execute(delete(run_events).where(run_events.c.run_id.in_(old)))
            connection.execute(delete(runs).where(runs.c.id.in_(old)))
