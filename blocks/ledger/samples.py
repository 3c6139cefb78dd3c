"""The history of numbers: an hour as measured, a day and a month as least, mean and greatest; bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import samples

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Span:
    """How far back samples go, and how many seconds each stands for."""

    name: str
    step: int
    seconds: int

    @property
    def most(self) -> int:
        """More rows than this of one subject are not kept, whatever the clock did."""
        return self.seconds // self.step


HOUR, DAY, MONTH = Span("hour", 10, 3600), Span("day", 300, 86_400), Span("month", 3600, 30 * 86_400)
SPANS = {span.name: span for span in (HOUR, DAY, MONTH)}
MOST_ROWS = sum(span.most + DAY.step // span.step + 1 for span in SPANS.values())
"""Rows that one subject can have: what is too old goes when five minutes are added up."""


@dataclass(frozen=True)
class History:
    """
    Samples as columns, oldest first.

    Attributes:
        at: Where each sample begins, in seconds since 1970.
        columns: By name: `min`, `mean`, `max`, each as long as `at`; None where a sample lacks the number.
    """

    span: Span
    at: list[float]
    columns: dict[str, dict[str, list[float | None]]]


def add_sample(ledger: Ledger, subject: str, numbers: Numbers) -> None:
    """
    Keep what was measured just now: one sample in ten seconds.

    With the first one of every five minutes those before are summed up, and what is too old goes.
    """
    now = clock.now()
    data = {name: [value, value, value] for name, value in numbers.items()}
    try:
        with ledger.write() as connection:
            newest = _newest(connection, subject, HOUR)
            if newest == _begin(now, HOUR):
                return
            _put(connection, subject, HOUR, _begin(now, HOUR), data)
            if newest is not None and _begin(newest, DAY) != _begin(now, DAY):
                _sum_up(connection, subject, HOUR, DAY, now)
                _sum_up(connection, subject, DAY, MONTH, now)
                _forget(connection, subject, now)
    except IntegrityError:  # the clock was set back: there is a sample of that time already
        return


def read_history(ledger: Ledger, subject: str, span: Span) -> History:
    """The samples of a subject over a span; those of another time (a clock that was wrong) are not shown."""
    now = clock.now()
    mine = _mine(subject, span).where(samples.c.at > now - span.seconds, samples.c.at <= now)
    with ledger.read() as connection:
        rows = [(row.at, row.data) for row in connection.execute(mine.order_by(samples.c.at))]
    names = sorted({name for _, data in rows for name in data})
    columns = {
        name: {
            kind: [data[name][place] if name in data else None for _, data in rows]
            for place, kind in enumerate(("min", "mean", "max"))
        }
        for name in names
    }
    return History(span, [at for at, _ in rows], columns)


def summary(rows: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, list[float]]:
    """Least, mean and greatest of rows that each hold these three by name (pure)."""
    names = {name for row in rows for name in row}
    found = {}
    for name in sorted(names):
        least, mean, most = zip(*(row[name] for row in rows if name in row), strict=True)
        found[name] = [min(least), round(sum(mean) / len(mean), 2), max(most)]
    return found


def _sum_up(connection: Connection, subject: str, fine: Span, coarse: Span, now: float) -> None:
    """Make the coarse samples that are whole and not yet there, from the fine ones."""
    last = _newest(connection, subject, coarse)
    query = _mine(subject, fine).where(samples.c.at < _begin(now, coarse))
    if last is not None and last < now:
        query = query.where(samples.c.at >= last + coarse.step)
    rows = connection.execute(query.order_by(samples.c.at)).all()
    for at, group in groupby(rows, key=lambda row: _begin(row.at, coarse)):
        there = connection.execute(_mine(subject, coarse).where(samples.c.at == at)).first()
        if there is None:
            _put(connection, subject, coarse, at, summary([row.data for row in group]))


def _forget(connection: Connection, subject: str, now: float) -> None:
    """Remove what is too old, and what is too much: a clock that jumped can make everything look young."""
    connection.execute(
        delete(samples).where(samples.c.at < now - MONTH.seconds)
    )  # of subjects that are gone, too
    for span in SPANS.values():
        mine = (samples.c.subject == subject, samples.c.step == span.step)
        connection.execute(delete(samples).where(*mine, samples.c.at < now - span.seconds))
        by_age = select(samples.c.at).where(*mine).order_by(samples.c.at.desc())
        oldest_kept = connection.execute(by_age.offset(span.most - 1).limit(1)).scalar()
        if oldest_kept is not None:
            connection.execute(delete(samples).where(*mine, samples.c.at < oldest_kept))


def _mine(subject: str, span: Span) -> Any:
    return select(samples).where(samples.c.subject == subject, samples.c.step == span.step)


def _newest(connection: Connection, subject: str, span: Span) -> float | None:
    query = select(func.max(samples.c.at)).where(samples.c.subject == subject, samples.c.step == span.step)
    at: float | None = connection.execute(query).scalar()
    return at


def _put(connection: Connection, subject: str, span: Span, at: float, data: Mapping[str, Any]) -> None:
    connection.execute(insert(samples).values(subject=subject, step=span.step, at=at, data=data))


def _begin(at: float, span: Span) -> float:
    """Where the sample of that time begins."""
    return at - at % span.step
