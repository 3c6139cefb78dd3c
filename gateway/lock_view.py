"""The lock on the wire, and the answer to those whom it stops (pure)."""

from datetime import UTC, datetime
from typing import Any

from blocks.ledger.lock import Lock
from gateway.problem import Problem


def lock_problem(lock: Lock) -> Problem:
    """423: who holds the lock, why and until when."""
    until = datetime.fromtimestamp(lock.until, UTC)
    message = f"{lock.holder} holds the swap lock until {until:%H:%M} UTC: {lock.reason or 'no reason given'}"
    return Problem(423, message, "locked", lock=lock_view(lock))


def lock_view(lock: Lock) -> dict[str, Any]:
    """The lock on the wire; times are ISO 8601 in UTC."""
    return {
        "holder": lock.holder,
        "reason": lock.reason,
        "since": datetime.fromtimestamp(lock.since, UTC).isoformat(timespec="seconds"),
        "until": datetime.fromtimestamp(lock.until, UTC).isoformat(timespec="seconds"),
    }
