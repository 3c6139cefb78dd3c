"""The record of launches: what was started with which arguments, image and revision, and how it ended."""

import time
from dataclasses import dataclass
from statistics import median
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from blocks.ledger.store import Ledger
from blocks.ledger.tables import launches

KEPT_LAUNCHES = 1000


@dataclass(frozen=True)
class Launch:
    """One start of a model; times are seconds since 1970, `ready` and `ended` None until then."""

    id: str
    run_id: str
    model: str
    recipe: dict[str, Any]
    argv: list[str]
    hosts: list[str]
    image_id: str
    revision: str
    launched: float
    ready: float | None = None
    ended: float | None = None
    why_ended: str | None = None


def record_launch(ledger: Ledger, launch: Launch) -> None:
    """Write a launch down before it is made; of old ones the newest `KEPT_LAUNCHES` stay."""
    with ledger.write() as connection:
        connection.execute(insert(launches).values(**vars(launch)))
        _forget_old(connection)


def mark_ready(ledger: Ledger, launch_id: str) -> None:
    """The launch answers."""
    with ledger.write() as connection:
        connection.execute(update(launches).where(launches.c.id == launch_id).values(ready=time.time()))


def mark_ended(ledger: Ledger, why: str) -> None:
    """Every launch that had not ended has ended now."""
    with ledger.write() as connection:
        connection.execute(
            update(launches).where(launches.c.ended.is_(None)).values(ended=time.time(), why_ended=why)
        )


def get_launch(ledger: Ledger, launch_id: str) -> Launch | None:
    """The launch of that id."""
    return _first(ledger, select(launches).where(launches.c.id == launch_id))


def last_launch(ledger: Ledger) -> Launch | None:
    """The newest launch, whatever came of it."""
    return _first(ledger, select(launches).order_by(launches.c.launched.desc()).limit(1))


def last_good_launch(ledger: Ledger) -> Launch | None:
    """The newest launch that came to answer."""
    query = select(launches).where(launches.c.ready.is_not(None)).order_by(launches.c.launched.desc())
    return _first(ledger, query.limit(1))


def good_launches_since(ledger: Ledger, launched: float) -> list[Launch]:
    """The launches that came to answer and were begun after that time."""
    query = select(launches).where(launches.c.ready.is_not(None), launches.c.launched > launched)
    with ledger.read() as connection:
        return [Launch(**row._mapping) for row in connection.execute(query)]


def usual_seconds(ledger: Ledger, model: str) -> float | None:
    """The median of the seconds from launch to first answer over the last five good launches of a model."""
    query = (
        select(launches.c.launched, launches.c.ready)
        .where(launches.c.model == model, launches.c.ready.is_not(None))
        .order_by(launches.c.launched.desc())
        .limit(5)
    )
    with ledger.read() as connection:
        lengths = [row.ready - row.launched for row in connection.execute(query)]
    return median(lengths) if lengths else None


def _forget_old(connection: Connection) -> None:
    """Forget what is old, but neither what has not ended nor the last that came to answer."""
    newest_first = select(launches.c.id).order_by(launches.c.launched.desc())
    old = connection.scalars(newest_first.where(launches.c.ended.is_not(None)).offset(KEPT_LAUNCHES)).all()
    if old:
        good = connection.scalar(newest_first.where(launches.c.ready.is_not(None)).limit(1))
        connection.execute(delete(launches).where(launches.c.id.in_(old), launches.c.id != (good or "")))


def _first(ledger: Ledger, query: Any) -> Launch | None:
    with ledger.read() as connection:
        row = connection.execute(query).first()
    return Launch(**row._mapping) if row else None
