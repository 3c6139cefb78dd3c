"""The journal: what was done by hand and has to be traceable, such as a lock released by force."""

from typing import Any

from sqlalchemy import Connection, delete, insert

from blocks.ledger import clock
from blocks.ledger.tables import journal

KEPT = 10_000
"""The newest so many are kept: years of what people do by hand."""


def note(connection: Connection, kind: str, data: dict[str, Any]) -> None:
    """Add an entry within the caller's transaction; older ones than the newest `KEPT` go."""
    done = connection.execute(insert(journal).values(at=clock.now(), kind=kind, data=data))
    seq = int((done.inserted_primary_key or (0,))[0])
    connection.execute(delete(journal).where(journal.c.seq <= seq - KEPT))
