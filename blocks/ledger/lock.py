"""The swap lock: who may change the GPU, why, and until when."""

import hashlib
import hmac
import secrets
import time
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, text

from blocks.ledger.journal import note
from blocks.ledger.store import Ledger
from blocks.ledger.tables import lock_passes, swap_lock

PASS_SECONDS = 600.0
MAX_TTL_SECONDS = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Lock:
    """A lock that is held; times are seconds since 1970."""

    holder: str
    reason: str
    since: float
    until: float


class LockHeld(Exception):
    """Another one holds the lock."""

    def __init__(self, lock: Lock) -> None:
        until = time.strftime("%H:%M:%S UTC", time.gmtime(lock.until))
        super().__init__(
            f"the swap lock is held by {lock.holder} until {until}: {lock.reason or 'no reason given'}"
        )
        self.lock = lock


class WrongToken(Exception):
    """The token is not the one that the lock was taken with."""


def current_lock(ledger: Ledger) -> Lock | None:
    """The lock as it stands; an expired one counts as none."""
    query = select(swap_lock).where(swap_lock.c.until > time.time())
    with ledger.read() as connection:
        row = connection.execute(query).first()
    return Lock(row.holder, row.reason, row.since, row.until) if row else None


def take_lock(ledger: Ledger, holder: str, reason: str, ttl_seconds: float) -> str:
    """Take the lock and return its token; `LockHeld` when another one holds it."""
    token, now = secrets.token_urlsafe(24), time.time()
    lock = Lock(holder, reason, now, now + min(max(ttl_seconds, 1.0), MAX_TTL_SECONDS))
    with ledger.write() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's writers take turns by themselves
            connection.execute(text("lock table swap_lock"))
        connection.execute(delete(swap_lock).where(swap_lock.c.until <= now))
        row = connection.execute(select(swap_lock)).first()
        if row:
            raise LockHeld(Lock(row.holder, row.reason, row.since, row.until))
        connection.execute(insert(swap_lock).values(id=1, token_hash=_hash(token), **vars(lock)))
        connection.execute(delete(lock_passes))  # a pass of an earlier holder does not open this lock
        note(connection, "lock-taken", {"holder": holder, "reason": reason, "until": lock.until})
    return token


def release_lock(ledger: Ledger, token: str | None, *, force: bool = False) -> bool:
    """Release the lock by its token, or by force (recorded); False when none was held."""
    with ledger.write() as connection:
        row = connection.execute(select(swap_lock).where(swap_lock.c.until > time.time())).first()
        if row is None:
            return False
        if not force and not (token and hmac.compare_digest(row.token_hash, _hash(token))):
            raise WrongToken(f"the token does not open the lock of {row.holder}")
        connection.execute(delete(swap_lock))
        note(connection, "lock-forced" if force else "lock-released", {"holder": row.holder})
    return True


def issue_pass(ledger: Ledger, token: str) -> str:
    """
    A single-use pass for one run of the lock's holder.

    A flow's parameters are shown in Prefect's UI, so the token itself must not be one.
    `WrongToken` when the token does not open the lock.
    """
    with ledger.write() as connection:
        row = connection.execute(select(swap_lock).where(swap_lock.c.until > time.time())).first()
        if row is None or not hmac.compare_digest(row.token_hash, _hash(token)):
            raise WrongToken("the lock token is not valid, or the lock has run out")
        single_use = secrets.token_urlsafe(16)
        values = {"pass_hash": _hash(single_use), "until": time.time() + PASS_SECONDS}
        connection.execute(insert(lock_passes).values(**values))
    return single_use


def require_lock(ledger: Ledger, single_use: str = "") -> None:
    """Raise `LockHeld` when another one holds the lock; a valid pass is used up and opens it."""
    with ledger.write() as connection:
        now = time.time()
        row = connection.execute(select(swap_lock).where(swap_lock.c.until > now)).first()
        spent = delete(lock_passes).where(
            lock_passes.c.pass_hash == _hash(single_use), lock_passes.c.until > now
        )
        opened = bool(single_use) and connection.execute(spent).rowcount == 1
        connection.execute(delete(lock_passes).where(lock_passes.c.until <= now))
    if row and not opened:
        raise LockHeld(Lock(row.holder, row.reason, row.since, row.until))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
