"""The observer's voice: transitions to the ledger, events to Prefect, news to the webhook's outbox."""

import logging
import queue
import threading
from dataclasses import dataclass, field
from typing import Any

from blocks.ledger.store import Ledger
from blocks.ledger.transitions import note_state
from blocks.settings import Settings
from blocks.telling import tell
from tasks.announce import emit_event

log = logging.getLogger("observer")

MOST_WAITING = 1000


@dataclass
class Teller:
    """
    Tells what was seen.  Prefect is told from a thread of its own: no look waits for it.

    Attributes:
        settings: As they were read last.
    """

    ledger: Ledger
    settings: Settings = field(default_factory=Settings)
    _events: queue.Queue[tuple[str, str, dict[str, Any]]] = field(
        default_factory=lambda: queue.Queue(MOST_WAITING)
    )

    def transition(self, subject: str, state: str, source: str, why: str) -> None:
        """Write a transition down; the same again is none.  Raises SQLAlchemyError."""
        note_state(self.ledger, subject, state, source, why)

    def webhook(self, event: str, data: dict[str, Any]) -> None:
        """Put an event into the outbox of the webhook.  Raises SQLAlchemyError."""
        tell(self.ledger, self.settings, event, data)

    def event(self, name: str, resource: str, payload: dict[str, Any]) -> None:
        """Have Prefect told; lost when it is away for long."""
        try:
            self._events.put_nowait((name, resource, payload))
        except queue.Full:
            log.warning("event %s was not told to Prefect: too many wait", name)

    def run(self, ended: threading.Event) -> None:
        """Tell Prefect what there is to tell, until the end."""
        while not ended.is_set():
            try:
                name, resource, payload = self._events.get(timeout=0.5)
            except queue.Empty:
                continue
            emit_event(name, resource, payload)
