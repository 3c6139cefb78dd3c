"""The swap lock: who may change the GPU, why, and until when; it runs out by itself, whoever has died."""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, text, update

from blocks.ledger import clock
from blocks.ledger.journal import note
from blocks.ledger.moment import Moment, present
from blocks.ledger.store import Ledger
from blocks.ledger.tables import lock_passes, swap_lock

PASS_SECONDS = 600.0
MIN_TTL_SECONDS = 1.0
MAX_TTL_SECONDS = 7 * 24 * 3600.0
_SAME_SECONDS = 1.0


@dataclass(frozen=True)
class Lock:
    """
    A lock that is held.

    Attributes:
        since: When it was taken, in seconds since 1970.
        until: When it runs out, on the wall clock as it is set now.
    """

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


class BadTime(ValueError):
    """A lock cannot be held for so long, or for so short a time."""


def current_lock(ledger: Ledger) -> Lock | None:
    """The lock as it stands; an expired one counts as none."""
    with ledger.read() as connection:
        held = _held(connection)
    return held[1] if held else None


def take_lock(ledger: Ledger, holder: str, reason: str, ttl_seconds: float) -> str:
    """Take the lock and return its token; `LockHeld` when another one holds it, `BadTime`."""
    _require_fit(ttl_seconds)
    if lock := current_lock(ledger):  # most who come in vain are sent away without keeping a writer waiting
        raise LockHeld(lock)
    token = secrets.token_urlsafe(24)
    with _alone(ledger) as connection:
        if held := _held(connection):
            raise LockHeld(held[1])
        since = present(connection)
        end = since.after(ttl_seconds)
        taken = {"holder": holder, "reason": reason, "since": since.wall, **_columns(end)}
        connection.execute(delete(swap_lock))
        connection.execute(insert(swap_lock).values(id=1, token_hash=_hash(token), **taken))
        connection.execute(delete(lock_passes))  # a pass of an earlier holder does not open this lock
        note(connection, "lock-taken", {"holder": holder, "reason": reason, "until": end.wall})
    return token


def renew_lock(ledger: Ledger, token: str, ttl_seconds: float) -> Lock:
    """
    Have the lock run out so many seconds from now; returns it.

    Raises:
        WrongToken: The token does not open it, or it has run out: another one may have changed the GPU since.
        BadTime: The time is too short or too long.
    """
    _require_fit(ttl_seconds)
    with _alone(ledger) as connection:
        held = _opened(connection, token)
        end = present(connection).after(ttl_seconds)
        connection.execute(update(swap_lock).values(**_columns(end)))
    return Lock(held.holder, held.reason, held.since, end.wall)


def release_lock(ledger: Ledger, token: str | None, *, force: bool = False, by: str = "") -> bool:
    """
    Release the lock by its token, or by force; False when none was held.

    Args:
        ledger: Where it is recorded.
        token: As it was given when the lock was taken; `WrongToken` for another one.
        force: Without the token; the journal keeps who did it.
        by: Who asks, as far as it is known.
    """
    with _alone(ledger) as connection:
        held = _held_or_gone(connection)
        if held is None:
            return False
        row, lock = held
        if not force and not (token and hmac.compare_digest(row.token_hash, _hash(token))):
            raise WrongToken(f"the token does not open the lock of {lock.holder}")
        connection.execute(delete(swap_lock))
        told = {"holder": lock.holder, **({"by": by} if by else {})}
        note(connection, "lock-forced" if force else "lock-released", told)
    return True


def issue_pass(ledger: Ledger, token: str) -> str:
    """
    A single-use pass for one run of the lock's holder.

    A flow's parameters are shown in Prefect's UI, so the token itself must not be one.
    `WrongToken` when the token does not open the lock.
    """
    with _alone(ledger) as connection:
        _opened(connection, token)
        single_use = secrets.token_urlsafe(16)
        end = present(connection).after(PASS_SECONDS)
        connection.execute(insert(lock_passes).values(pass_hash=_hash(single_use), **_columns(end)))
    return single_use


def require_lock(ledger: Ledger, single_use: str = "") -> None:
    """Raise `LockHeld` when another one holds the lock; a valid pass is used up and opens it."""
    with _alone(ledger) as connection:
        held, opened, now = _held_or_gone(connection), False, present(connection)
        for row in connection.execute(select(lock_passes)).all():
            fits = bool(single_use) and hmac.compare_digest(row.pass_hash, _hash(single_use))
            over = now.seconds_until(_end(row)) <= 0
            opened = opened or (fits and not over)
            if fits or over:
                connection.execute(delete(lock_passes).where(lock_passes.c.pass_hash == row.pass_hash))
    if held and not opened:
        raise LockHeld(held[1])


@contextmanager
def _alone(ledger: Ledger) -> Iterator[Connection]:
    """A transaction that no other one on the lock runs beside."""
    with ledger.write() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's writers take turns by themselves
            connection.execute(text("lock table swap_lock in exclusive mode"))
        yield connection


def _held(connection: Connection) -> tuple[Row[Any], Lock] | None:
    """The lock's row and what it says, unless it has run out."""
    row = connection.execute(select(swap_lock)).first()
    if row is None or (left := present(connection).seconds_until(_end(row))) <= 0:
        return None
    until = clock.now() + left
    if abs(until - row.until) < _SAME_SECONDS:  # nobody has set the clock: say the same at every look
        until = row.until
    return row, Lock(row.holder, row.reason, row.since, until)


def _held_or_gone(connection: Connection) -> tuple[Row[Any], Lock] | None:
    """The same; one that has run out goes for good, so that no clock that is set back revives it."""
    held = _held(connection)
    if held is None:
        connection.execute(delete(swap_lock))
    return held


def _opened(connection: Connection, token: str) -> Lock:
    """The lock that this token opens."""
    held = _held(connection)
    if held is None or not hmac.compare_digest(held[0].token_hash, _hash(token)):
        raise WrongToken("the lock token is not valid, or the lock has run out")
    return held[1]


def _end(row: Row[Any]) -> Moment:
    return Moment(row.until, row.boot_id, row.until_boot or 0.0)


def _columns(end: Moment) -> dict[str, Any]:
    return {"until": end.wall, "boot_id": end.boot_id, "until_boot": end.since_boot}


def _require_fit(ttl_seconds: float) -> None:
    if not MIN_TTL_SECONDS <= ttl_seconds <= MAX_TTL_SECONDS:
        raise BadTime(
            f"ttl_seconds is {ttl_seconds:g}: a lock lasts at least 1 second and at most 7 days (604800)"
        )


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
