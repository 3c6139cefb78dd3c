"""What changed between two looks at a host: its state, and containers that started anew (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from blocks.cluster import Service

HostState = Literal["well", "unreachable", "wedged", "refused"]

SURE_AFTER = 2
"""So many looks in a row must fail before a host counts as down: one lost packet is no alarm."""

PAUSES = (5.0, 10.0, 20.0, 30.0)
"""Seconds before the next look after so many failed ones; a host that is well is looked at every 5."""


@dataclass
class Presence:
    """
    Whether a host is there, by its last looks.

    Attributes:
        state: What the last look showed.
        declared: What everybody was told last; blank: nothing yet.
        failed: How many looks in a row failed.
        alike: How many in a row showed the present state.
    """

    state: HostState = "well"
    declared: str = ""
    failed: int = 0
    alike: int = 0

    def learn(self, state: HostState, looks: int = 1) -> None:
        """Take in a look, or several that showed the same."""
        self.alike = looks + (self.alike if state == self.state else 0)
        self.state = state
        self.failed = 0 if state == "well" else self.failed + looks

    @property
    def to_declare(self) -> HostState | None:
        """The state that everybody is to be told; None: there is no news, or none that is sure."""
        # A host that is down already changes its manner only when it keeps to the new one.
        looks = self.failed if self.declared in ("", "well") else self.alike
        sure = self.state == "well" or looks >= SURE_AFTER
        return self.state if sure and self.state != self.declared else None

    @property
    def webhook_event(self) -> str:
        """`host_down` or `host_up`, when what is to be declared is that; blank otherwise."""
        if not self.declared or self.to_declare is None:
            return ""
        if self.to_declare == "well":
            return "host_up"
        return "host_down" if self.declared == "well" else ""

    @property
    def pause_seconds(self) -> float:
        """How long to wait before the next look."""
        return PAUSES[min(max(self.failed - 1, 0), len(PAUSES) - 1)]


@dataclass(frozen=True)
class Restarted:
    """A container of a service was started anew between two looks; `why` says how that was seen."""

    service: Service
    why: str


def restarted_between(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]], services: Sequence[Service]
) -> list[Restarted]:
    """
    The services whose container runs since another moment than before.

    Args:
        before: Containers as the ledger keeps them: name, state, started_at, restarts.
        after: The same, of the later look.
        services: Those of this host.
    """
    known = {row.get("name"): row for row in before}
    now = {row.get("name"): row for row in after}
    found = []
    for service in services:
        old, new = known.get(service.container), now.get(service.container)
        if old and new and (why := _why_another_start(old, new)):
            found.append(Restarted(service, f"container {service.container} {why}"))
    return found


def _why_another_start(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    if new.get("state") != "running" or not old.get("started_at") or not new.get("started_at"):
        return ""
    if old["started_at"] == new["started_at"]:
        return ""
    started = str(new["started_at"])[:19].replace("T", " ")
    by_docker = int(new.get("restarts") or 0) > int(old.get("restarts") or 0)
    if by_docker:
        return f"had ended and was restarted by docker at {started} UTC ({new['restarts']} times by now)"
    return f"was started anew at {started} UTC, not by Spark Control"
