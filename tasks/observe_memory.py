"""The memory guard of one host: judges each look, raises and ends the alert, and has memory freed."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from blocks.ledger import clock
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from blocks.memory_watch import (
    ACTION_SECONDS,
    ALERT,
    KEPT_LOOKS,
    Action,
    Judgement,
    MemoryLook,
    MemoryState,
    judge,
    wanted,
)
from blocks.policies import MemoryGuard
from tasks.observe_tell import Teller
from tasks.other_run import RunNotStarted, start_run

log = logging.getLogger("observer")

SOURCE = "memory guard"
FREE_MEMORY = "free-memory/cluster"
AGAIN_SECONDS = 10.0
"""When Prefect did not take the run, it is asked for again after so long."""

_STATES: dict[str, MemoryState] = {"low": "low", "falling": "falling"}


@dataclass
class MemoryWatcher:
    """
    Watches the memory of one host.

    Attributes:
        start: Starts a run: deployment, parameters.
        acted_at: When something was done last, in seconds since 1970.
    """

    host: str
    ledger: Ledger
    teller: Teller
    start: Callable[[str, dict[str, object]], str] = start_run
    looks: deque[MemoryLook] = field(default_factory=lambda: deque(maxlen=KEPT_LOOKS))
    judgement: Judgement = field(default_factory=lambda: Judgement("calm"))
    since: float = 0.0
    acted_at: float = 0.0
    told: str = ""

    def remember(self) -> None:
        """Take up the alert that an observer before this one raised."""
        sight = read_seen(self.ledger, f"{ALERT}{self.host}").get(f"{ALERT}{self.host}")
        if sight is None:
            return
        self.told = str(sight.data.get("state") or "")
        self.judgement = Judgement(_STATES.get(self.told, "calm"), str(sight.data.get("why") or ""))
        self.since = float(sight.data.get("since") or 0.0)
        self.acted_at = float(sight.data.get("acted_at") or 0.0)

    def learn(self, available_gib: float, guard: MemoryGuard, *, engine_runs: bool) -> None:
        """Take in a look: tell what is new, and do what is wanted."""
        self.looks.append(MemoryLook(time.monotonic(), available_gib))
        self.judgement = judge(list(self.looks), guard, self.judgement.state, engine_runs=engine_runs)
        since_action = abs(clock.now() - self.acted_at)
        action = wanted(self.judgement, guard, since_action, engine_runs=engine_runs)
        if action:
            self._act(action)
        if self.judgement.state != (self.told or "calm"):
            self._tell(guard)

    def interrupted(self) -> None:
        """The host could not be looked at: what comes next is not measured against what was before."""
        self.looks.clear()

    def _tell(self, guard: MemoryGuard) -> None:
        state, why = self.judgement.state, self.judgement.why
        if not self.told or self.told == "calm" or state == "calm":
            self.since = clock.now()
        self._write(guard.action)
        words = why or "enough memory is available again"
        self.teller.transition(f"host/{self.host}", f"memory {state}", SOURCE, words)
        self.teller.event("spark.host.memory", f"spark.host.{self.host}", {"state": state, "why": words})
        log.warning("%s: memory is %s: %s", self.host, state, words)
        self.told = state

    def _write(self, action: str) -> None:
        data = {"state": self.judgement.state, "why": self.judgement.why, "since": self.since}
        write_seen(self.ledger, f"{ALERT}{self.host}", {**data, "acted_at": self.acted_at, "action": action})

    def _act(self, action: Action) -> None:
        """Have a run do it; the looks go on meanwhile, for Prefect may be slow or away."""
        self.acted_at = clock.now()
        self._write(action)  # first: the run looks whether the alert stands
        threading.Thread(target=self._ask, args=(action, self.judgement.why), daemon=True).start()

    def _ask(self, action: Action, why: str) -> None:
        wish: dict[str, object] = {"host": self.host, "action": action, "reason": why}
        try:
            run = self.start(FREE_MEMORY, wish)
        except RunNotStarted as error:
            log.warning("%s: memory is not freed yet: %s", self.host, error)
            self.acted_at = clock.now() - ACTION_SECONDS + AGAIN_SECONDS
        else:
            log.warning("%s: run %s is to free memory (%s): %s", self.host, run, action, why)
