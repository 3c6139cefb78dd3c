"""How each service did in its last deep check, and when real traffic last proved it well."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from blocks.ledger import clock
from blocks.ledger.launches import last_launch
from blocks.ledger.seen import Sight, read_seen, write_seen
from blocks.ledger.service_events import service_events_of, stopped_on_purpose
from blocks.ledger.store import Ledger
from blocks.restarts import is_exhausted

HEALTH = "health/"
TRAFFIC = "traffic/"
"""Subjects of `seen`, before a service's name."""

STARTING_SECONDS = 60.0
"""A service that was started or restarted so recently takes no connections yet."""

Word = Literal["well", "failing", "busy", "skipped"]


@dataclass(frozen=True)
class Health:
    """
    What the last deep check of a service found; times are seconds since 1970.

    Attributes:
        verdict: `busy`: it works on something else and gave no word in time; `skipped`: not tried.
        why: In a sentence.
        wedged: It showed the signs of a dead GPU context.
        at: When it was checked.
        latency_seconds: How long the good answer took; None: there was none.
        restarts_used, allowed: Within the window of the policy.
        exhausted: It was restarted too often, and is left alone until a person presses.
        next: What will be done about it, in a sentence; blank: nothing needs to be.
        well_at: When it was last found well; None: never.
        busy_since: Since when it has been busy at every check; None: it was not.
    """

    verdict: Word
    why: str
    at: float
    wedged: bool = False
    latency_seconds: float | None = None
    restarts_used: int = 0
    allowed: int = 0
    exhausted: bool = False
    next: str = ""
    well_at: float | None = None
    busy_since: float | None = None


_FIELDS = {field.name for field in fields(Health)}


def write_health(ledger: Ledger, service: str, health: Health) -> None:
    """Keep the result of a check."""
    write_seen(ledger, HEALTH + service, asdict(health))


def read_health(ledger: Ledger, service: str = "") -> dict[str, Health]:
    """The last results by service, of all or of one; entries that cannot be read are left out."""
    sights = read_seen(ledger, HEALTH + service)
    known = {name.removeprefix(HEALTH): _health(sight) for name, sight in sights.items()}
    return {name: health for name, health in known.items() if health and service in ("", name)}


def proven_at(ledger: Ledger, service: str) -> float | None:
    """When a real request was last answered well, as told by the gateway; None: never."""
    good_at = _traffic(ledger, service).get("good_at")
    return float(good_at) if isinstance(good_at, int | float) else None


def in_flight(ledger: Ledger, service: str) -> int:
    """How many requests the gateway last had under way there."""
    count = _traffic(ledger, service).get("in_flight")
    return count if isinstance(count, int) else 0


def why_at_rest(ledger: Ledger, service: str, *, is_engine: bool) -> str:
    """Why a service that takes no connections is no news; blank when it is."""
    launch = last_launch(ledger) if is_engine else None
    if is_engine and (launch is None or launch.ended or not launch.ready):
        return "no model is loaded"
    events = service_events_of(ledger, service)
    if not is_engine and stopped_on_purpose(events):
        return "it was stopped on purpose"
    if is_exhausted(events):
        return "it was restarted too often"
    moved = next((event.at for event in events if event.kind in ("started", "restarted")), 0.0)
    return "it is starting" if 0 <= clock.now() - moved < STARTING_SECONDS else ""


def _traffic(ledger: Ledger, service: str) -> dict[str, Any]:
    subject = TRAFFIC + service
    sight = read_seen(ledger, subject).get(subject)
    return sight.data if sight else {}


def _health(sight: Sight) -> Health | None:
    """A result as it was kept; fields of another version are left out."""
    try:
        return Health(**{name: value for name, value in sight.data.items() if name in _FIELDS})
    except TypeError:
        return None
