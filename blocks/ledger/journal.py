"""The journal: what was done by hand and has to be traceable, such as a lock released by force."""

import time
from typing import Any

from sqlalchemy import Connection, insert

from blocks.ledger.tables import journal


def note(connection: Connection, kind: str, data: dict[str, Any]) -> None:
    """Add an entry within the caller's transaction."""
    connection.execute(insert(journal).values(at=time.time(), kind=kind, data=data))
