"""The sender of the outbox: tells each webhook target in its order, in a thread of its own."""

import logging
import threading
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from blocks.ledger.deliveries import Delivery, lease, settle, waiting_targets
from blocks.ledger.store import Ledger
from blocks.settings import Settings, load_settings
from blocks.telling import remember_wants
from blocks.webhook import Target, Webhook, every_target, secret_of
from tasks.webhook import Answer, call

log = logging.getLogger("outbox")

LOOK_SECONDS = 1.0
SETTINGS_SECONDS = 3.0


@dataclass
class Outbox:
    """
    Sends what waits in the ledger, until it is delivered or given up.

    Several may run at once, in other processes too: a delivery is leased to one of them at a time.
    A target that is slow or away holds up nobody but itself.
    """

    ledger: Ledger
    look_seconds: float = LOOK_SECONDS
    _at_work: dict[str, threading.Thread] = field(default_factory=dict)
    _webhook: Webhook | None = None

    def run(self, ended: threading.Event) -> None:
        """Send until told to end; what is under way then is sent again by the next one."""
        every = max(1, round(SETTINGS_SECONDS / self.look_seconds))
        turn = 0
        while not ended.is_set():
            try:
                if turn % every == 0:
                    self.take(load_settings(self.ledger))
                self.send_to_all(ended)
            except SQLAlchemyError as error:
                log.warning("the ledger does not answer, the webhooks wait: %s", error)
            except Exception:  # whatever it is, the next look may fare better
                log.exception("a look at the outbox failed")
            turn += 1
            ended.wait(self.look_seconds)

    def take(self, settings: Settings) -> None:
        """From memory, which holds no URLs, the ones that were read last go on."""
        if not settings.from_memory:
            remember_wants(self.ledger, settings)
            self._webhook = settings.webhook

    def send_to_all(self, ended: threading.Event) -> None:
        if self._webhook is None:
            return
        for target in waiting_targets(self.ledger):
            if target not in self._at_work or not self._at_work[target].is_alive():
                work = threading.Thread(
                    target=self.send_to, args=(target, ended), name=f"tell {target}", daemon=True
                )
                self._at_work[target] = work
                work.start()

    def send_to(self, target: str, ended: threading.Event) -> None:
        """Send what is due for one target."""
        try:
            while not ended.is_set() and (delivery := lease(self.ledger, target)):
                self._send(delivery)
        except SQLAlchemyError as error:
            log.warning("the ledger does not answer, %s waits: %s", target, error)

    def _send(self, delivery: Delivery) -> None:
        target = self._target(delivery.target)
        if target is None:  # it may have been added since the settings were read
            self.take(load_settings(self.ledger))
            target = self._target(delivery.target)
        webhook = self._webhook or Webhook()
        if target is None:
            settle(self.ledger, delivery, None, "the settings name no such target any more", for_good=True)
            return
        secret = secret_of(webhook, target.name)
        answer = call(str(target.url), secret, delivery, allow_public=webhook.allow_public)
        self._log(delivery, answer)
        settle(self.ledger, delivery, answer.status, answer.error)

    def _target(self, name: str) -> Target | None:
        targets = every_target(self._webhook or Webhook())
        return next((each for each in targets if each.name == name), None)

    def _log(self, delivery: Delivery, answer: Answer) -> None:
        if answer.error:
            log.warning("%s was not told of %s: %s", delivery.target, delivery.event, answer.error)
        else:
            log.info("%s was told of %s", delivery.target, delivery.event)
