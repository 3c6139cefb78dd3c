"""What happened to each service: started, stopped, restarted, given up, taken up again."""

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import delete, insert, select

from blocks.ledger import clock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import service_events

ServiceEventKind = Literal["started", "stopped", "restarted", "exhausted", "reset"]
KEPT = 200
"""The newest so many of each service are kept."""


@dataclass(frozen=True)
class ServiceEvent:
    """
    One thing that happened to a service; `at` is seconds since 1970.

    Attributes:
        kind: `stopped`: on purpose, so it is not to be healed; `restarted`: by the deep check or by hand;
            `exhausted`: healed too often, left alone until a person presses; `reset`: a person pressed.
        run_id: The flow run that did it; blank when it was none.
    """

    service: str
    at: float
    kind: str
    reason: str
    run_id: str


def note_service_event(
    ledger: Ledger, service: str, kind: ServiceEventKind, reason: str, run_id: str = ""
) -> None:
    """Write down what happened; older ones than the newest `KEPT` go."""
    mine = service_events.c.service == service
    with ledger.write() as connection:
        connection.execute(
            insert(service_events).values(
                service=service, at=clock.now(), kind=kind, reason=reason, run_id=run_id
            )
        )
        newest = select(service_events.c.seq).where(mine).order_by(service_events.c.seq.desc())
        oldest_kept = connection.execute(newest.offset(KEPT - 1).limit(1)).scalar()
        if oldest_kept is not None:
            connection.execute(delete(service_events).where(mine, service_events.c.seq < oldest_kept))


def service_events_of(ledger: Ledger, service: str) -> list[ServiceEvent]:
    """What happened to a service, newest first."""
    mine = select(service_events).where(service_events.c.service == service)
    with ledger.read() as connection:
        rows = connection.execute(mine.order_by(service_events.c.seq.desc())).all()
    return [ServiceEvent(row.service, row.at, row.kind, row.reason, row.run_id) for row in rows]


def stopped_on_purpose(events: list[ServiceEvent]) -> bool:
    """True when the last word on it, newest first, is that somebody stopped it."""
    moves = (event.kind for event in events if event.kind in ("started", "stopped", "restarted"))
    return next(moves, "") == "stopped"
