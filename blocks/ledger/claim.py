"""The claim on the GPU: one run at a time changes the cluster, also when processes are killed."""

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from blocks.ledger.moment import Moment, present
from blocks.ledger.store import Ledger
from blocks.ledger.tables import claims

HEARTBEAT_SECONDS = 3.0
STALE_SECONDS = 30.0


class Claimed(Exception):
    """Another run that is alive is changing the GPU."""

    def __init__(self, run_id: str, seconds: float) -> None:
        super().__init__(f"run {run_id} has been changing the GPU for {max(0.0, seconds):.0f} s")
        self.run_id = run_id


@dataclass(frozen=True)
class Owner:
    """The process that holds a claim."""

    run_id: str
    machine: str
    pid: int
    process_start: str

    def is_gone(self) -> bool:
        """True when the process is known to have ended: only its own machine can tell."""
        return self.machine == socket.gethostname() and process_start(self.pid) != self.process_start


def process_start(pid: int) -> str:
    """When a process of this machine started, in clock ticks since boot; blank when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    after_name = stat.rpartition(")")[2].split()
    return "" if after_name[0] == "Z" else after_name[19]


@contextmanager
def claim(ledger: Ledger, name: str, run_id: str, on_lost: Callable[[], None]) -> Iterator[None]:
    """
    Hold a claim, with a heartbeat every few seconds, until the block ends.

    Args:
        ledger: Where it is recorded.
        name: What is claimed, 'gpu'.
        run_id: The flow run that claims it.
        on_lost: Called once from the heartbeat's thread when another run
            took the claim over: this one must stop.

    Raises:
        Claimed: A run that is alive holds it.
    """
    _take(ledger, name, run_id)
    ended = threading.Event()
    beat = threading.Thread(target=_beat, args=(ledger, name, run_id, ended, on_lost), daemon=True)
    beat.start()
    try:
        yield
    finally:
        ended.set()
        beat.join()
        with ledger.write() as connection:
            connection.execute(delete(claims).where(claims.c.name == name, claims.c.run_id == run_id))


def holder(ledger: Ledger, name: str) -> str | None:
    """The run that holds a claim and is not known to be gone."""
    with ledger.read() as connection:
        row = connection.execute(select(claims).where(claims.c.name == name)).first()
        return str(row.run_id) if row and _is_alive(row, present(connection)) else None


def _take(ledger: Ledger, name: str, run_id: str) -> None:
    try:
        with ledger.write() as connection:
            row = connection.execute(select(claims).where(claims.c.name == name).with_for_update()).first()
            now = present(connection)
            ours = _ours(run_id, now)
            if row is None:
                connection.execute(insert(claims).values(name=name, **ours))
                return
            if _is_alive(row, now):
                raise Claimed(row.run_id, now.wall - row.claimed_at)
            connection.execute(update(claims).where(claims.c.name == name).values(**ours))
    except IntegrityError:  # another run inserted its claim between our look and our insert: look again
        _take(ledger, name, run_id)


def _ours(run_id: str, now: Moment) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "machine": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": process_start(os.getpid()),
        "claimed_at": now.wall,
        **_beaten(now),
    }


def _beaten(now: Moment) -> dict[str, Any]:
    return {"heartbeat": now.wall, "boot_id": now.boot_id, "beat_boot": now.since_boot}


def _is_alive(row: Row[Any], now: Moment) -> bool:
    """True when its heart has beaten lately, by a clock that nobody sets, and its process is not gone."""
    beat = Moment(row.heartbeat, row.boot_id, row.beat_boot or 0.0)
    owner = Owner(row.run_id, row.machine, row.pid, row.process_start)
    return beat.seconds_until(now) < STALE_SECONDS and not owner.is_gone()


def _beat(
    ledger: Ledger, name: str, run_id: str, ended: threading.Event, on_lost: Callable[[], None]
) -> None:
    ours = update(claims).where(claims.c.name == name, claims.c.run_id == run_id)
    while not ended.wait(HEARTBEAT_SECONDS):
        try:
            with ledger.write() as connection:
                kept = connection.execute(ours.values(**_beaten(present(connection)))).rowcount == 1
        except SQLAlchemyError:  # a database that is away for a moment is no reason to give up the claim
            continue
        if not kept:
            on_lost()
            return
