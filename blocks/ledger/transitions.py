"""The transitions: when each host and service changed its state, by whose word, and for how long it held."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, text

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import transitions

KEPT = 200
"""The newest so many of each subject are kept."""

MOMENTS = ("restarted",)
"""What happens and is over: it ends no state, and the same again is news unless its words are the same."""

APP, REPORT = "app/", "report/"
"""The beginnings of a subject that only its application knows, and of the source of any outside report."""

MOST_OUTSIDE = 100
"""So many different ones of each are taken."""

_LOCKS = 1953653107
"""Ours among PostgreSQL's advisory locks: whoever notes something of one subject waits for the other."""


class TooMany(Exception):
    """What is told from outside would fill the ledger."""


@dataclass(frozen=True)
class Transition:
    """
    A subject came into a state; `at` is seconds since 1970.

    Attributes:
        subject: `host/NAME`, `service/NAME` or `app/NAME`.
        source: By whose word: 'observer', 'gateway', or 'report/NAME' for an application outside.
        why: Plain words; blank when there is nothing to say.
    """

    seq: int
    subject: str
    at: float
    state: str
    source: str
    why: str


@dataclass(frozen=True)
class Span:
    """
    A transition and how long its state held.

    Attributes:
        until: When the same source saw the next state; None: it holds.  A moment ends as it begins.
        seconds: How long it held, or has held so far; never below 0, also when the clock was set back.
    """

    transition: Transition
    until: float | None
    seconds: float


def note_state(
    ledger: Ledger, subject: str, state: str, source: str, why: str = "", at: float | None = None
) -> Transition | None:
    """
    Write down that a subject is in a state; None when it is the one that this source saw last.

    Those who note the same at once make one row.  Older ones than the newest `KEPT` of the subject go.
    `at` is for one who could not write it down when it came about.
    """
    mine = {"subject": subject, "state": state, "source": source, "why": why}
    values = {**mine, "at": clock.now() if at is None else at}
    with ledger.write() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's writers take turns by themselves
            locked = text("select pg_advisory_xact_lock(:ours, hashtext(:subject))")
            connection.execute(locked, {"ours": _LOCKS, "subject": subject})
        if _is_known(connection, **mine):
            return None
        row = connection.execute(insert(transitions).values(**values).returning(transitions)).one()
        _forget_old(connection, subject)
    return _transition(row)


def note_report(
    ledger: Ledger, subject: str, state: str, source: str, why: str = "", at: float | None = None
) -> Transition | None:
    """The same for the word of an application outside; `TooMany` when there are too many of them already."""
    outside = select(func.count(transitions.c.subject.distinct())).where(
        transitions.c.subject.startswith(APP), transitions.c.subject != subject
    )
    others = select(func.count(transitions.c.source.distinct())).where(
        transitions.c.source.startswith(REPORT), transitions.c.source != source
    )
    with ledger.read() as connection:
        if subject.startswith(APP) and connection.execute(outside).scalar_one() >= MOST_OUTSIDE:
            raise TooMany(f"{MOST_OUTSIDE} applications are written down already")
        if connection.execute(others).scalar_one() >= MOST_OUTSIDE:
            raise TooMany(f"{MOST_OUTSIDE} sources have reported already")
    return note_state(ledger, subject, state, source, why, at)


def history(ledger: Ledger, subject: str = "", limit: int = KEPT) -> list[Span]:
    """The newest transitions, newest first: of one subject, of all that begin so ('host/'), or of all."""
    query = select(transitions).order_by(transitions.c.seq.desc()).limit(limit)
    if subject.endswith("/"):
        query = query.where(transitions.c.subject.startswith(subject, autoescape=True))
    elif subject:
        query = query.where(transitions.c.subject == subject)
    with ledger.read() as connection:
        return spans([_transition(row) for row in connection.execute(query)], clock.now())


def states(ledger: Ledger) -> list[Span]:
    """The state that each subject is in by the word of each source, by subject."""
    kept = transitions.c.state.not_in(MOMENTS)
    newest = (
        select(func.max(transitions.c.seq)).where(kept).group_by(transitions.c.subject, transitions.c.source)
    )
    query = select(transitions).where(transitions.c.seq.in_(newest))
    with ledger.read() as connection:
        found = [_transition(row) for row in connection.execute(query.order_by(transitions.c.subject))]
    return spans(found, clock.now())


def spans(newest_first: Sequence[Transition], now: float) -> list[Span]:
    """How long each state held, by the word of its own source (pure)."""
    ends: dict[tuple[str, str], float] = {}
    found = []
    for each in newest_first:
        whose = (each.subject, each.source)
        until = each.at if each.state in MOMENTS else ends.get(whose)
        if each.state not in MOMENTS:
            ends[whose] = each.at
        found.append(Span(each, until, max(0.0, (now if until is None else until) - each.at)))
    return found


def _is_known(connection: Connection, subject: str, state: str, source: str, why: str) -> bool:
    mine = select(transitions).where(transitions.c.subject == subject, transitions.c.source == source)
    moments = transitions.c.state.in_(MOMENTS)
    alike = mine.where(moments if state in MOMENTS else ~moments)
    last = connection.execute(alike.order_by(transitions.c.seq.desc()).limit(1)).first()
    if last is None:
        return False
    return bool(last.state == state and (state not in MOMENTS or last.why == why))


def _forget_old(connection: Connection, subject: str) -> None:
    mine = transitions.c.subject == subject
    newest = select(transitions.c.seq).where(mine).order_by(transitions.c.seq.desc())
    oldest_kept = connection.execute(newest.offset(KEPT - 1).limit(1)).scalar()
    if oldest_kept is not None:
        connection.execute(delete(transitions).where(mine, transitions.c.seq < oldest_kept))


def _transition(row: Row[Any]) -> Transition:
    return Transition(**row._mapping)
