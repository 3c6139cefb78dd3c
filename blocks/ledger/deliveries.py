"""The outbox: what each webhook target is still to be told, and what came of the telling."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal
from uuid import uuid4

from sqlalchemy import Connection, delete, func, insert, select, update

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import deliveries

DeliveryState = Literal["waiting", "sending", "delivered", "given_up"]
OPEN = ("waiting", "sending")
TEST = "test"
"""The event of the test button: told at once and once, whatever else waits for its target."""

LEASE_SECONDS = 60.0
"""A sender that has said nothing for so long was killed: the delivery is sent again."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 3600.0
TRYING_SECONDS = 24 * 3600.0
LEAST_TRIES = 5
"""Before it is given up, however old it is: a clock that is set forward ends nothing at once."""

GONE = 410
MOST_WAITING = 1000
KEPT, KEPT_SECONDS = 1000, 7 * 24 * 3600.0
"""What has ended is kept in so many newest ones, and for so long."""


@dataclass(frozen=True)
class Delivery:
    """
    One event for one target; times are seconds since 1970.

    Attributes:
        seq: Each target is told in this order.
        id: The same at every try: by it a receiver knows what it has had already.
        event_id: The same for every target.
        at: When it happened.
        tries: How often it was sent, the sending under way included.
        next_try: From when on it may be sent; while it is being sent, when its sender is taken for dead.
        status: Of the last answer; None: there was none.
        error: In plain words why the last try failed.
    """

    seq: int
    id: str
    event_id: str
    target: str
    event: str
    at: float
    body: str
    state: DeliveryState
    tries: int
    next_try: float
    status: int | None
    error: str
    ended: float | None


def enqueue(ledger: Ledger, targets: Iterable[str], event: str, event_id: str, body: str) -> list[str]:
    """Put an event into the outbox, one delivery for each target, all or none; their ids."""
    now, ids = clock.now(), []
    common = {"event_id": event_id, "event": event, "at": now, "body": body}
    fresh = {"state": "waiting", "tries": 0, "next_try": now, "error": ""}
    with ledger.write() as connection:
        for target in targets:
            ids.append(str(uuid4()))
            row = {"id": ids[-1], "target": target, **common, **fresh}
            connection.execute(insert(deliveries).values(**row))
            _bound_waiting(connection, target, now)
        _forget_old(connection, now)
    return ids


def waiting_targets(ledger: Ledger) -> list[str]:
    """The targets that something waits for."""
    query = select(deliveries.c.target).where(deliveries.c.state.in_(OPEN)).distinct()
    with ledger.read() as connection:
        return sorted(connection.execute(query).scalars())


def lease(ledger: Ledger, target: str) -> Delivery | None:
    """
    Take the next delivery for a target, to send it now; None when there is none or its time has not come.

    Whoever has it is the only one for `LEASE_SECONDS`.  The oldest one comes first and the next ones wait
    for its end, so that a target hears everything in order.
    """
    now = clock.now()
    mine = select(deliveries).where(deliveries.c.target == target, deliveries.c.state.in_(OPEN))
    oldest = mine.order_by(deliveries.c.seq).limit(1).with_for_update()
    with ledger.write() as connection:
        for in_line in (deliveries.c.event == TEST, deliveries.c.event != TEST):
            row = connection.execute(oldest.where(in_line)).first()
            if row is not None and _is_due(row.next_try, now):
                leased = {"state": "sending", "tries": row.tries + 1, "next_try": now + LEASE_SECONDS}
                connection.execute(update(deliveries).where(deliveries.c.seq == row.seq).values(**leased))
                return Delivery(**{**row._mapping, **leased})
    return None


def settle(ledger: Ledger, sent: Delivery, status: int | None, error: str, *, for_good: bool = False) -> None:
    """
    Write down what came of a delivery that was leased; 2xx: it is delivered.

    A failure counts only while the lease does; `for_good` gives it up whatever its age.
    """
    now = clock.now()
    mine = update(deliveries).where(deliveries.c.seq == sent.seq)
    if status is not None and 200 <= status < 300:
        values: dict[str, Any] = {"state": "delivered", "error": "", "ended": now}
    else:
        mine = mine.where(deliveries.c.state == "sending", deliveries.c.next_try == sent.next_try)
        values = {"error": error, **after_failure(sent, status, now, for_good=for_good)}
    with ledger.write() as connection:
        connection.execute(mine.values(status=status, **values))


def after_failure(sent: Delivery, status: int | None, now: float, *, for_good: bool) -> dict[str, Any]:
    """State, next try and end of a delivery whose last try failed (pure)."""
    too_old = now - sent.at >= TRYING_SECONDS and sent.tries >= LEAST_TRIES
    if for_good or too_old or status == GONE or sent.event == TEST:
        return {"state": "given_up", "next_try": now, "ended": now}
    return {"state": "waiting", "next_try": now + pause(sent.tries), "ended": None}


def pause(tries: int) -> float:
    """Seconds until the next try after so many: 5, 10, 20 … up to an hour (pure)."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 20))


def retry(ledger: Ledger, delivery_id: str) -> Delivery | None:
    """Send one again now, and at once what waits before it; None when there is none of that id."""
    now, again = clock.now(), {"state": "waiting", "next_try": clock.now(), "ended": None}
    with ledger.write() as connection:
        row = connection.execute(select(deliveries).where(deliveries.c.id == delivery_id)).first()
        if row is None or row.state in ("delivered", "sending"):
            return Delivery(**row._mapping) if row else None
        connection.execute(update(deliveries).where(deliveries.c.seq == row.seq).values(**again))
        before = (deliveries.c.target == row.target) & (deliveries.c.seq < row.seq)
        waiting = before & (deliveries.c.state == "waiting")
        connection.execute(update(deliveries).where(waiting).values(next_try=now))
    return Delivery(**{**row._mapping, **again})


def delivery_log(
    ledger: Ledger, target: str = "", state: str = "", event: str = "", limit: int = 200
) -> list[Delivery]:
    """The newest deliveries, newest first; a blank word is any."""
    query = select(deliveries).order_by(deliveries.c.seq.desc()).limit(limit)
    for column, word in (
        (deliveries.c.target, target),
        (deliveries.c.state, state),
        (deliveries.c.event, event),
    ):
        query = query.where(column == word) if word else query
    with ledger.read() as connection:
        return [Delivery(**row._mapping) for row in connection.execute(query)]


def delivery_counts(ledger: Ledger) -> dict[str, dict[str, int]]:
    """How many deliveries are in each state, by target."""
    query = select(deliveries.c.target, deliveries.c.state, func.count())
    counts: dict[str, dict[str, int]] = {}
    with ledger.read() as connection:
        for target, state, count in connection.execute(
            query.group_by(deliveries.c.target, deliveries.c.state)
        ):
            counts.setdefault(target, {})[state] = count
    return counts


def _is_due(next_try: float, now: float) -> bool:
    """Its time has come, or lies further ahead than any pause: then the clock was set back meanwhile."""
    return next_try <= now or next_try > now + LONGEST_PAUSE + LEASE_SECONDS


def _bound_waiting(connection: Connection, target: str, now: float) -> None:
    """A target that has been away for long is told the newest `MOST_WAITING` only."""
    waiting = (deliveries.c.target == target) & (deliveries.c.state == "waiting")
    newest = select(deliveries.c.seq).where(waiting).order_by(deliveries.c.seq.desc())
    if (last := connection.execute(newest.offset(MOST_WAITING).limit(1)).scalar()) is not None:
        too_many = update(deliveries).where(waiting, deliveries.c.seq <= last)
        why = f"more than {MOST_WAITING} newer ones wait for this target"
        connection.execute(too_many.values(state="given_up", error=why, ended=now))


def _forget_old(connection: Connection, now: float) -> None:
    ended = deliveries.c.ended.is_not(None)
    connection.execute(delete(deliveries).where(ended, deliveries.c.ended < now - KEPT_SECONDS))
    newest = select(deliveries.c.seq).where(ended).order_by(deliveries.c.seq.desc())
    if (last := connection.execute(newest.offset(KEPT).limit(1)).scalar()) is not None:
        connection.execute(delete(deliveries).where(ended, deliveries.c.seq <= last))
