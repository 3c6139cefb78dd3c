"""Healing one service that failed its deep check: whether it may be restarted, and what came of that."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE

from blocks.ledger import clock
from blocks.ledger.claim import Claimed, claim, holder
from blocks.ledger.lock import LockHeld, current_lock
from blocks.ledger.service_events import ServiceEvent, note_service_event, service_events_of
from blocks.ledger.store import Ledger
from blocks.restarts import Exhausted, LeftAlone, Restart, Wait, decide, is_exhausted
from blocks.telling import tell
from tasks.deep_check import Checked, DeepCheck, with_next
from tasks.health_facts import Facts, facts_of
from tasks.report import Report
from tasks.service import ServiceFailed, Steward, restart

RECOVERY_SECONDS = 20.0
"""How long a service that answers its health route again may take at least until it does its work."""
RECOVERY_PAUSE = 1.0

LONGEST_WAIT = 600.0
"""A run waits no longer for the next restart; a later check goes on."""

_LONGEST_CLAIM = 63


@dataclass
class Healer:
    """
    Restarts services of one cluster where that is allowed.

    Attributes:
        deep: Checks the service again afterwards.
        report: The run's voice.
        reason: Why the check was asked for.
        act: Restarts a service.
    """

    deep: DeepCheck
    report: Report
    reason: str = ""
    act: Callable[[Steward], str] = restart

    @property
    def ledger(self) -> Ledger:
        """Where it is written down."""
        return self.deep.ledger

    def heal(self, failing: Checked) -> Checked:
        """Restart a failing service if it may be, and check it again; `next` says what was done."""
        name = failing.service.name
        try:
            with claim(self.ledger, f"heal/{name}"[:_LONGEST_CLAIM], self.report.run_id, on_lost=_go_on):
                return self._heal_alone(failing)
        except Claimed as error:
            return with_next(self.ledger, failing, f"another check (run {error.run_id}) is acting on it")

    def _heal_alone(self, failing: Checked) -> Checked:
        """Restart it until it does its work or is left alone: every turn restarts, waits or ends."""
        policy = self.deep.settings.cluster.restarts
        while failing.needs_cure:
            facts = facts_of(self.ledger, self.deep.settings, failing.service)
            if why := self._why_not(failing, facts):
                return with_next(self.ledger, failing, f"not restarted: {why}")
            decision = decide(policy, facts.events, clock.now(), facts.started_at, exited=facts.exited)
            if isinstance(decision, Restart):
                before = self._newest_event(failing)
                failing = self._restart(failing, decision)
                if self._newest_event(failing) == before:
                    return failing  # nothing was restarted, nor would it be the next time
            elif isinstance(decision, Wait) and decision.seconds < LONGEST_WAIT:
                failing = self._look_until_well(failing, decision.seconds, decision.why)
            else:
                return self._leave(failing, decision, told=is_exhausted(facts.events))
        return failing

    def _newest_event(self, failing: Checked) -> list[ServiceEvent]:
        return service_events_of(self.ledger, failing.service.name)[:1]

    def _why_not(self, failing: Checked, facts: Facts) -> str:
        """Why it must not be restarted whatever the policy says; blank when nothing forbids it."""
        if not failing.service.heal:
            return "its settings say that it is not healed"
        if facts.host_fault:
            return facts.host_fault
        if holder(self.ledger, "gpu"):
            return "another run is changing the GPU"
        lock = current_lock(self.ledger) if facts.is_engine else None
        return str(LockHeld(lock)) if lock else ""

    def _leave(self, failing: Checked, decision: Wait | Exhausted | LeftAlone, *, told: bool) -> Checked:
        """Not now; that it is over with restarts is told once, by whichever check comes first."""
        if isinstance(decision, Exhausted) and not told:
            name = failing.service.name
            note_service_event(self.ledger, name, "exhausted", decision.why, self.report.run_id)
            self._tell("service_exhausted", failing, f"{failing.health.why}; {decision.why}")
        if isinstance(decision, Exhausted):
            failing = replace(failing, health=replace(failing.health, exhausted=True))
        return with_next(self.ledger, failing, f"not restarted: {decision.why}")

    def _restart(self, failing: Checked, decision: Restart) -> Checked:
        """Restart it, and look until it does its work; `tasks.service` counts it before it is done."""
        service, why = failing.service, failing.health.why
        with_next(self.ledger, failing, "it is being restarted")
        steward = Steward(self.deep.settings, self.ledger, self.report, service, f"deep check: {why}")
        try:
            self.act(steward)
        except ServiceFailed as error:
            again = self._look_until_well(failing, 0.0, f"it was to be restarted, but {error}")
        else:
            again = self._look_until_well(
                failing, RECOVERY_SECONDS, "it was restarted, which did not help yet"
            )
        if again.health.restarts_used > failing.health.restarts_used:
            well = again.verdict.word == "well"
            self._tell("service_restarted", failing, why, well=well, restart=decision.used + 1)
        if again.verdict.word == "well":
            return with_next(self.ledger, again, "it was restarted, and does its work")
        return again

    def _look_until_well(self, failing: Checked, seconds: float, told: str) -> Checked:
        """Try it at once, and again until it does its work or time is up; `told` says what is going on."""
        deep, until = replace(self.deep, asked=True), time.monotonic() + seconds
        while True:
            again = deep.check(failing.service)
            left = until - time.monotonic()
            if not again.needs_cure:
                return again
            again = with_next(self.ledger, again, told)
            if left <= 0:
                return again
            time.sleep(min(RECOVERY_PAUSE, left))

    def _tell(self, event: str, failing: Checked, why: str, **more: object) -> None:
        service = failing.service
        about = {"service": service.name, "kind": service.kind, "host": service.host, "why": why}
        data = {**about, "reason": self.reason, "run": self.report.run_id, **more}
        tell(self.ledger, self.deep.settings, event, data)


@task(name="heal", task_run_name="heal {failing.service.name}", cache_policy=NO_CACHE)
def heal(healer: Healer, failing: Checked) -> Checked:
    """Heal one service; never retried, since a restart may have happened."""
    healed = healer.heal(failing)
    get_run_logger().info("%s: %s", healed.service.name, healed.health.next)
    return healed


def _go_on() -> None:
    """A claim that is lost ends nothing: a restart that was begun goes to its end on the host in any case."""
