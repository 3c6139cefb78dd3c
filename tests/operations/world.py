"""A simulated house on the real ledger: hosts and services that fail, and receivers that are moody."""

import json
import random
import threading
from collections import defaultdict
from dataclasses import dataclass, field

from blocks.cluster import Cluster
from blocks.ledger.deliveries import lease, waiting_targets
from blocks.ledger.service_events import note_service_event, service_events_of
from blocks.ledger.store import Ledger
from blocks.ledger.transitions import note_state
from blocks.policies import RestartPolicy
from blocks.restarts import Exhausted, Restart, decide
from blocks.settings import Settings
from blocks.telling import tell
from blocks.webhook import Webhook, every_target, secret_of
from tasks.outbox import Outbox
from tasks.webhook import call
from tests.tasks.receiver import HANG_UP, Receiver, Told

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
HOSTS = ("spark-1", "spark-2")
SERVICES = ("vllm", "parakeet", "kokoro", "embeddings")


@dataclass
class Time:
    """The clocks of the ledger: one that somebody may set, and one that nobody can."""

    now: float = 1_800_000_000.0
    boot: float = 1000.0

    def pass_by(self, seconds: float) -> None:
        self.now += seconds
        self.boot += seconds


@dataclass
class Moody:
    """How a receiver behaves: well, or for hours badly; what it took it has, whatever it answers."""

    chance: random.Random
    time: Time
    ill_until: float = 0.0
    has: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)

    def answer(self, told: Told) -> int:
        if self.time.now < self.ill_until:
            return self.chance.choice((500, 503, 302))
        if self.chance.random() < 0.01:
            self.ill_until = self.time.now + self.chance.uniform(MINUTE, 8 * HOUR)
            return 500
        if (delivery := told.headers["x-delivery"]) not in self.has:
            self.has.append(delivery)
            self.events.append(json.loads(told.body)["data"]["number"])
        return HANG_UP if self.chance.random() < 0.03 else 200


@dataclass
class House:
    """Everything that happens in the house, minute by minute."""

    ledger: Ledger
    chance: random.Random
    time: Time
    receivers: dict[str, Receiver]
    down: dict[str, float] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    restarts: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    resets: dict[str, float] = field(default_factory=dict)
    pressed: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    killed: int = 0

    def __post_init__(self) -> None:
        targets = [{"name": name, "url": each.url} for name, each in self.receivers.items()]
        webhook = Webhook.model_validate({"targets": targets, "secrets": dict.fromkeys(self.receivers, "s")})
        self.settings = Settings(Cluster(), webhook=webhook)
        self.outbox = Outbox(self.ledger)
        self.outbox.take(self.settings)

    def tell(self, event: str) -> None:
        tell(self.ledger, self.settings, event, {"number": len(self.told)})
        self.told.append(event)

    def look(self) -> None:
        """Hosts and services go and come back; two observers and two gateways write the same."""
        for subject in (*(f"host/{name}" for name in HOSTS), *(f"service/{name}" for name in SERVICES)):
            host, was_down = subject.startswith("host/"), subject in self.down
            if was_down and self.time.now >= self.down[subject]:
                del self.down[subject]
            elif not was_down and self.chance.random() < (0.0008 if host else 0.003):
                self.down[subject] = self.time.now + self.chance.uniform(
                    2 * MINUTE, (2 if host else 1) * HOUR
                )
            if was_down != (is_down := subject in self.down):
                noted = [note_state(self.ledger, subject, "down" if is_down else "up", "watch") for _ in "ab"]
                assert noted[1] is None
                if host and noted[0] is not None:
                    self.tell("host_down" if is_down else "host_up")

    def check(self) -> None:
        """The deep check of every service; a restart helps more often than not."""
        for service in SERVICES:
            if f"service/{service}" not in self.down:
                continue
            decision = decide(RestartPolicy(), service_events_of(self.ledger, service), self.time.now)
            if isinstance(decision, Restart):
                self._restart(service)
            elif isinstance(decision, Exhausted) and service not in self.resets:
                note_service_event(self.ledger, service, "exhausted", decision.why)
                self.tell("service_exhausted")
                self.resets[service] = self.time.now + self.chance.uniform(MINUTE, 4 * HOUR)
        for service, at in list(self.resets.items()):
            if self.time.now >= at:
                note_service_event(self.ledger, service, "reset", "a person pressed")
                self.pressed[service].append(self.time.now)
                del self.resets[service]

    def _restart(self, service: str) -> None:
        note_service_event(self.ledger, service, "restarted", "its deep check failed")
        self.restarts[service].append(self.time.now)
        self.tell("service_restarted")
        if self.chance.random() < 0.4:
            self.down[f"service/{service}"] = self.time.now

    def swap(self) -> None:
        self.tell("swap_started")
        for event in self.chance.choice(
            (["swap_complete"], ["swap_failed"], ["swap_failed", "swap_rolled_back"])
        ):
            self.tell(event)

    def send(self) -> None:
        """Send what is due; now and then the sender is killed before it has written down what came of it."""
        for target in waiting_targets(self.ledger):
            if self.chance.random() < 0.05:
                self._send_and_die(target)
            else:
                self.outbox.send_to(target, threading.Event())

    def _send_and_die(self, name: str) -> None:
        webhook = self.settings.webhook
        target = next(each for each in every_target(webhook) if each.name == name)
        if delivery := lease(self.ledger, name):
            call(str(target.url), secret_of(webhook, name), delivery)
            self.killed += 1
