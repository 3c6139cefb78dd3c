"""Opening the ledger: SQLite in WAL mode by default, PostgreSQL by URL."""

import sqlite3
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

HEAD = "0004"
"""The newest migration; a test keeps it equal to Alembic's head."""


class LedgerOutOfDate(Exception):
    """The ledger's tables are not those of this version: `make up` migrates them."""


class Ledger:
    """
    The shared records.  One per process; safe to use from several threads.

    Attributes:
        engine: SQLAlchemy's engine.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)

    def require_head(self) -> None:
        """Raise `LedgerOutOfDate` unless every migration has run."""
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                raise LedgerOutOfDate("the ledger is empty: run 'python -m blocks.ledger' once")
            version = connection.execute(text("select version_num from alembic_version")).scalar()
        if version != HEAD:
            raise LedgerOutOfDate(f"the ledger is at {version}, this version needs {HEAD}")

    def read(self) -> Connection:
        """A connection that only reads: it never waits for a writer."""
        return self.engine.execution_options(read_only=True).connect()

    def write(self) -> AbstractContextManager[Connection]:
        """A transaction that may write; committed at the end of the block."""
        return self.engine.begin()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def open_engine(url: str) -> Engine:
    """An engine; SQLite in WAL mode, with 15 s of patience and the write lock taken at once."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    database = url.partition("///")[2]
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        for pragma in ("busy_timeout=15000", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        _use_wal(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A deferred transaction that turns from reading to writing fails at once instead of waiting.
        reads = connection.get_execution_options().get("read_only")
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


def _use_wal(connection: Any) -> None:
    """Switch to WAL; of two processes that do so at once, SQLite refuses one whatever its patience."""
    deadline = time.monotonic() + 15
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
