"""What is being done and what was done, over all kinds of runs; and the log of one of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, not_, or_, select

from blocks.ledger.runs import Event, Run
from blocks.ledger.store import Ledger
from blocks.ledger.tables import run_events, runs

MOST_OPEN = 50
MOST_ENDED = 30
MOST_FAILURES = 10
MOST_LOG_EVENTS = 500

_QUIET = ("logs", "deep-check")
"""Kinds that only look: one that ended well is no news."""

_IS_QUIET = and_(runs.c.kind.in_(_QUIET), runs.c.state == "completed")


@dataclass(frozen=True)
class Operations:
    """
    Runs as they wrote themselves down.

    Attributes:
        open: Without an end, the newest first; the process of some may have ended without a word.
        ended: What ended last first, without those that only looked and ended well.
        failures: Those of all that ended otherwise than they should have: failed, crashed, rolled back.
    """

    open: list[Run]
    ended: list[Run]
    failures: list[Run]


def operations(ledger: Ledger) -> Operations:
    """The newest of each list, at most `MOST_OPEN`, `MOST_ENDED` and `MOST_FAILURES`."""
    is_over = runs.c.ended.is_not(None)
    return Operations(
        _newest(ledger, not_(is_over), runs.c.started, MOST_OPEN),
        _newest(ledger, and_(is_over, not_(_IS_QUIET)), runs.c.ended, MOST_ENDED),
        _newest(
            ledger,
            and_(is_over, or_(runs.c.state == "failed", runs.c.state == "crashed")),
            runs.c.ended,
            MOST_FAILURES,
        ),
    )


def recorded_ids(ledger: Ledger, run_ids: Sequence[str]) -> set[str]:
    """Those of these runs that have written themselves down."""
    with ledger.read() as connection:
        return set(connection.execute(select(runs.c.id).where(runs.c.id.in_(run_ids))).scalars())


def newest_log(ledger: Ledger, run_id: str, after: int = 0) -> list[Event]:
    """The newest log events of a run with a number above `after`, oldest first."""
    query = (
        select(run_events)
        .where(run_events.c.run_id == run_id, run_events.c.kind == "log", run_events.c.seq > after)
        .order_by(run_events.c.seq.desc())
        .limit(MOST_LOG_EVENTS)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [Event(row.seq, row.run_id, row.at, row.kind, row.data) for row in reversed(rows)]


def _newest(ledger: Ledger, which: ColumnElement[bool], by: ColumnElement[float], most: int) -> list[Run]:
    with ledger.read() as connection:
        rows = connection.execute(select(runs).where(which).order_by(by.desc()).limit(most))
        return [Run(**row._mapping) for row in rows]
