"""What was seen last of each subject: 'host/spark-1', 'disk/spark-1', 'settings'."""

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from blocks.ledger.store import Ledger
from blocks.ledger.tables import seen


@dataclass(frozen=True)
class Sight:
    """The last look at a subject; `at` is seconds since 1970."""

    subject: str
    at: float
    data: dict[str, Any]

    @property
    def age_seconds(self) -> float:
        """How old the look is."""
        return max(0.0, time.time() - self.at)


def write_seen(ledger: Ledger, subject: str, data: dict[str, Any]) -> None:
    """Replace what was seen of a subject."""
    values = {"at": time.time(), "data": data}
    replace = update(seen).where(seen.c.subject == subject).values(**values)
    try:
        with ledger.write() as connection:
            if connection.execute(replace).rowcount == 0:
                connection.execute(insert(seen).values(subject=subject, **values))
    except IntegrityError:  # another process wrote the first look between our update and our insert
        with ledger.write() as connection:
            connection.execute(replace)


def read_seen(ledger: Ledger, prefix: str) -> dict[str, Sight]:
    """The last look at every subject that begins with `prefix`, by subject."""
    query = select(seen).where(seen.c.subject.startswith(prefix, autoescape=True))
    with ledger.read() as connection:
        return {r.subject: Sight(r.subject, r.at, r.data) for r in connection.execute(query)}
