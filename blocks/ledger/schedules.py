"""The schedules of other programs, as they were registered: shown beside our own, started by nobody here."""

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import outside_schedules

KEPT = 200
"""The most there can be: whoever registers under ever new names is stopped there."""


class TooMany(Exception):
    """There is no room for another one."""

    def __init__(self) -> None:
        super().__init__(f"there are {KEPT} registered schedules already: remove some first")


@dataclass(frozen=True)
class Outside:
    """
    What another program does at its time.

    Attributes:
        owner: The program, or who runs it.
        what: What it will do, for people.
        cron: Of five fields; blank where only the next time is known.
        next_at: That time, in seconds since 1970.
    """

    name: str
    owner: str
    what: str
    cron: str
    timezone: str
    next_at: float | None


@dataclass(frozen=True)
class Registered:
    """An outside schedule with its id; `updated` is seconds since 1970."""

    id: str
    schedule: Outside
    updated: float


def register(ledger: Ledger, schedule: Outside) -> Registered:
    """Keep it; one of the same owner and name is replaced and keeps its id.  `TooMany`."""
    mine = (outside_schedules.c.owner == schedule.owner) & (outside_schedules.c.name == schedule.name)
    values = {**asdict(schedule), "updated": clock.now()}
    try:
        with ledger.write() as connection:
            ids = connection.execute(select(outside_schedules.c.id)).scalars().all()
            if connection.execute(update(outside_schedules).where(mine).values(**values)).rowcount == 0:
                if len(ids) >= KEPT:
                    raise TooMany
                connection.execute(insert(outside_schedules).values(id=str(uuid.uuid4()), **values))
            return _registered(connection.execute(select(outside_schedules).where(mine)).one())
    except IntegrityError:  # another one registered it between our update and our insert
        return register(ledger, schedule)


def change(ledger: Ledger, schedule_id: str, schedule: Outside) -> Registered | None:
    """Put this in the place of what was registered under that id; None when nothing was."""
    mine = outside_schedules.c.id == schedule_id
    values = {**asdict(schedule), "updated": clock.now()}
    with ledger.write() as connection:
        connection.execute(update(outside_schedules).where(mine).values(**values))
        row = connection.execute(select(outside_schedules).where(mine)).first()
    return _registered(row) if row else None


def remove(ledger: Ledger, schedule_id: str) -> bool:
    """Forget it; False when there is none of that id."""
    with ledger.write() as connection:
        gone = connection.execute(delete(outside_schedules).where(outside_schedules.c.id == schedule_id))
    return gone.rowcount == 1


def registered(ledger: Ledger) -> list[Registered]:
    """All of them, by owner and name."""
    query = select(outside_schedules).order_by(outside_schedules.c.owner, outside_schedules.c.name)
    with ledger.read() as connection:
        return [_registered(row) for row in connection.execute(query)]


def _registered(row: Row[Any]) -> Registered:
    said = Outside(row.name, row.owner, row.what, row.cron, row.timezone, row.next_at)
    return Registered(row.id, said, row.updated)
