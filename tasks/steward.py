"""What acting on one service needs to know, and how it fails."""

from dataclasses import dataclass
from typing import Protocol

from blocks.cluster import Host, Service
from blocks.ledger.service_events import ServiceEventKind, note_service_event
from blocks.ledger.store import Ledger
from blocks.settings import Settings
from tasks.outcome import Failed


class ServiceFailed(Failed):
    """It did not come about; the message says what state the service is in now, and what to do."""


class Voice(Protocol):
    """What is told how it goes: a `Report`, or anything that has its words."""

    run_id: str

    def phase(self, phase: str, message: str, progress: float, eta_seconds: float | None = None) -> None:
        """Say where the run is."""


@dataclass
class Steward:
    """
    One service to be acted on.

    Attributes:
        report: Is told how it goes; its `run_id` is written down with what was done.
        reason: Why, for people.
        lock_pass: Single-use pass of the swap lock's holder, for a swap that this needs.
        patience_seconds: How long the service may take to answer; None: as usual for its kind.
    """

    settings: Settings
    ledger: Ledger
    report: Voice
    service: Service
    reason: str
    lock_pass: str = ""
    patience_seconds: float | None = None

    @property
    def host(self) -> Host:
        """The host it runs on; `LookupError` when it is not in the cluster."""
        return self.settings.cluster.host(self.service.host)

    @property
    def is_engine(self) -> bool:
        """It is the service that models are swapped in."""
        return self.service.kind == "vllm" and self.settings.cluster.vllm.name == self.service.name

    def note(self, kind: ServiceEventKind, reason: str = "") -> None:
        """Write down what was done."""
        note_service_event(self.ledger, self.service.name, kind, reason or self.reason, self.report.run_id)
