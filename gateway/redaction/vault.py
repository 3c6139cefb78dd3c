"""The map database: originals of each task, encrypted with its own key, and gone when it is deleted."""

import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.redaction.master_key import WrongKey, digest, opened, read_key, sealed, write_key
from gateway.redaction.task_map import Entry, TaskMap

_SCHEMA = """
CREATE TABLE IF NOT EXISTS secret (name TEXT PRIMARY KEY, box BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS task (
    id BLOB PRIMARY KEY, box BLOB NOT NULL, used REAL NOT NULL, expires REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS entity (
    task BLOB NOT NULL, type TEXT NOT NULL, number INTEGER NOT NULL, form TEXT NOT NULL,
    digest BLOB NOT NULL, box BLOB NOT NULL,
    PRIMARY KEY (task, type, number, form), UNIQUE (task, digest)
) WITHOUT ROWID;
"""
_TASKS_KEY = "tasks"


class Conflict(RuntimeError):
    """Another gateway gave out the same tokens meanwhile: scrub again."""


class Vault:
    """
    The map database.

    Each value is AES-256-GCM under a random key of its task; that key is wrapped by the master key, which
    is kept in a file elsewhere.  A deleted task's key is gone at once, and with it every copy of its values.

    Args:
        path: The SQLite file; 0600, its folder 0700 when it is made here.
        key_path: The master key; `WrongKey` when it is not the one of this map.
        ttl_seconds: How long a task is kept after its last use.
        clock: Seconds since 1970.
    """

    def __init__(
        self, path: Path, key_path: Path, ttl_seconds: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._ttl = ttl_seconds
        self._key_path = key_path
        self._turn = threading.Lock()
        fresh = not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._master = read_key(key_path, create=fresh)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        path.chmod(0o600)
        self._base = _opened(path)
        self._pepper = self._first_secret()

    def _first_secret(self) -> bytes:
        """The key under which tasks are filed; reading it proves the master key."""
        with self._transaction() as base:
            row = base.execute("SELECT box FROM secret WHERE name = ?", (_TASKS_KEY,)).fetchone()
            if row:
                return opened(self._master, row[0], _TASKS_KEY.encode())
            pepper = secrets.token_bytes(32)
            box = sealed(self._master, pepper, _TASKS_KEY.encode())
            base.execute("INSERT INTO secret VALUES (?, ?)", (_TASKS_KEY, box))
            return pepper

    def read(self, owner: str, task: str) -> TaskMap | None:
        """The map of a caller's task; None when there is none, or it has expired."""
        filed = self._filed(owner, task)
        with self._transaction() as base:
            key = self._task_key(base, filed)
            if key is None:
                return None
            now = self._clock()
            base.execute("UPDATE task SET used = ?, expires = ? WHERE id = ?", (now, now + self._ttl, filed))
            rows = base.execute(
                "SELECT type, number, form, box FROM entity WHERE task = ?", (filed,)
            ).fetchall()
        told = TaskMap()
        for kind, number, form, box in rows:
            value = opened(key, box, _about(filed, kind, number, form)).decode("utf-8", "surrogatepass")
            told.load(Entry(kind, number, form, value))
        return told

    def write(self, owner: str, task: str, entries: Sequence[Entry]) -> None:
        """Keep what a scrub gave out; `Conflict` when the task has other tokens by now."""
        filed = self._filed(owner, task)
        with self._transaction() as base:
            key = self._task_key(base, filed) or self._new_task(base, filed)
            rows = [self._row(key, filed, entry) for entry in entries]
            try:
                base.executemany("INSERT INTO entity VALUES (?, ?, ?, ?, ?, ?)", rows)
            except sqlite3.IntegrityError:
                raise Conflict("the task was scrubbed elsewhere at the same time") from None

    def delete(self, owner: str, task: str) -> bool:
        """Forget a task at once; whether there was one."""
        filed = self._filed(owner, task)
        with self._transaction() as base:
            there = base.execute("DELETE FROM task WHERE id = ?", (filed,)).rowcount > 0
            base.execute("DELETE FROM entity WHERE task = ?", (filed,))
        self._truncate()
        return there

    def purge(self) -> int:
        """Forget what has expired; how many tasks that were."""
        with self._transaction() as base:
            gone = base.execute("DELETE FROM task WHERE expires < ?", (self._clock(),)).rowcount
            base.execute("DELETE FROM entity WHERE task NOT IN (SELECT id FROM task)")
        if gone:
            self._truncate()
        return gone

    def rotate(self) -> None:
        """Wrap every key anew under a new master key; values stay as they are."""
        new = secrets.token_bytes(32)
        with self._transaction() as base:
            tasks = base.execute("SELECT id, box FROM task").fetchall()
            for filed, box in tasks:
                again = sealed(new, opened(self._master, box, filed), filed)
                base.execute("UPDATE task SET box = ? WHERE id = ?", (again, filed))
            box = sealed(new, self._pepper, _TASKS_KEY.encode())
            base.execute("UPDATE secret SET box = ? WHERE name = ?", (box, _TASKS_KEY))
            self._key_path.with_suffix(".old").unlink(missing_ok=True)
            write_key(self._key_path.with_suffix(".old"), self._master)
            write_key(self._key_path, new)
        self._key_path.with_suffix(".old").unlink()
        self._master = new
        self._truncate()

    def close(self) -> None:
        """Close the database."""
        with self._turn:
            self._base.close()

    def _filed(self, owner: str, task: str) -> bytes:
        """Under what a caller's task is filed: no two callers share one."""
        return digest(self._pepper, owner.encode(), task.encode("utf-8", "surrogatepass"))

    def _task_key(self, base: sqlite3.Connection, filed: bytes) -> bytes | None:
        row = base.execute(
            "SELECT box FROM task WHERE id = ? AND expires >= ?", (filed, self._clock())
        ).fetchone()
        return opened(self._master, row[0], filed) if row else None

    def _new_task(self, base: sqlite3.Connection, filed: bytes) -> bytes:
        key, now = secrets.token_bytes(32), self._clock()
        base.execute("DELETE FROM task WHERE id = ?", (filed,))
        base.execute("DELETE FROM entity WHERE task = ?", (filed,))
        base.execute(
            "INSERT INTO task VALUES (?, ?, ?, ?)",
            (filed, sealed(self._master, key, filed), now, now + self._ttl),
        )
        return key

    @staticmethod
    def _row(key: bytes, filed: bytes, entry: Entry) -> tuple[bytes, str, int, str, bytes, bytes]:
        value = entry.value.encode("utf-8", "surrogatepass")
        box = sealed(key, value, _about(filed, entry.type, entry.number, entry.form))
        return filed, entry.type, entry.number, entry.form, digest(key, value), box

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One at a time; numbers are given out inside, so that parallel scrubs of a task agree."""
        with self._turn:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield self._base
                self._base.execute("COMMIT")
            except BaseException:
                self._base.execute("ROLLBACK")
                raise

    def _truncate(self) -> None:
        with self._turn:
            self._base.execute("PRAGMA incremental_vacuum")
            self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _about(filed: bytes, kind: str, number: int, form: str) -> bytes:
    return filed + f"/{kind}/{number}/{form}".encode()


def _opened(path: Path) -> sqlite3.Connection:
    base = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
        base.execute(f"PRAGMA {pragma}")
    base.executescript(_SCHEMA)
    for beside in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if beside.exists():
            beside.chmod(0o600)
    return base


__all__ = ["Conflict", "Vault", "WrongKey"]
