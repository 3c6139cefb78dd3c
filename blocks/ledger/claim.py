"""The claim on the GPU: one run at a time changes the cluster, also when processes are killed."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from blocks.ledger.store import Ledger
from blocks.ledger.tables import claims

HEARTBEAT_SECONDS = 3.0
STALE_SECONDS = 30.0


class Claimed(Exception):
    """Another run that is alive is changing the GPU."""

    def __init__(self, run_id: str, since: float) -> None:
        super().__init__(f"run {run_id} has been changing the GPU for {time.time() - since:.0f} s")
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
    if row is None or row.heartbeat < time.time() - STALE_SECONDS:
        return None
    gone = Owner(row.run_id, row.machine, row.pid, row.process_start).is_gone()
    return None if gone else str(row.run_id)


def _take(ledger: Ledger, name: str, run_id: str) -> None:
    now = time.time()
    ours = {
        "run_id": run_id,
        "machine": socket.gethostname(),
        "pid": os.getpid(),
        "process_start": process_start(os.getpid()),
        "claimed_at": now,
        "heartbeat": now,
    }
    try:
        with ledger.write() as connection:
            row = connection.execute(select(claims).where(claims.c.name == name).with_for_update()).first()
            if row is None:
                connection.execute(insert(claims).values(name=name, **ours))
                return
            owner = Owner(row.run_id, row.machine, row.pid, row.process_start)
            if row.heartbeat > now - STALE_SECONDS and not owner.is_gone():
                raise Claimed(owner.run_id, row.claimed_at)
            connection.execute(update(claims).where(claims.c.name == name).values(**ours))
    except IntegrityError:  # another run inserted its claim between our look and our insert: look again
        _take(ledger, name, run_id)


def _beat(
    ledger: Ledger, name: str, run_id: str, ended: threading.Event, on_lost: Callable[[], None]
) -> None:
    ours = update(claims).where(claims.c.name == name, claims.c.run_id == run_id)
    while not ended.wait(HEARTBEAT_SECONDS):
        try:
            with ledger.write() as connection:
                kept = connection.execute(ours.values(heartbeat=time.time())).rowcount == 1
        except SQLAlchemyError:  # a database that is away for a moment is no reason to give up the claim
            continue
        if not kept:
            on_lost()
            return
