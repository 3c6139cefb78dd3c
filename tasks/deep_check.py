"""The deep check of one service: real work is asked of it, and what comes of that is judged and kept."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from blocks.cluster import Service
from blocks.ledger.health import Health, write_health
from blocks.ledger.store import Ledger
from blocks.restarts import is_exhausted, restarts_used
from blocks.settings import Settings
from tasks.check import Unreadable
from tasks.engine_numbers import EngineNumbers, look_at_numbers
from tasks.health_facts import Facts, facts_of, why_skipped
from tasks.probes.kinds import SECONDS, probe_of
from tasks.probes.probe import NoAnswer, Outcome, Refused
from tasks.probes.run import key_of, run_probe
from tasks.probes.verdict import Surroundings, Verdict, judge_engine, judge_other

STILL_SECONDS = 3.0
"""Between two looks at the numbers of an engine that gave no word."""


@dataclass(frozen=True)
class Checked:
    """A service, what its probe came to, and what is known of it."""

    service: Service
    verdict: Verdict
    health: Health

    @property
    def needs_cure(self) -> bool:
        """It fails, and a restart may help."""
        return self.verdict.word == "failing" and self.verdict.curable


@dataclass(frozen=True)
class DeepCheck:
    """
    Checks services of one cluster.

    Attributes:
        asked: Somebody wants to know now: a request that was answered a moment ago is not proof enough.
        seconds: How long a probe may take; None: as usual for its kind.
    """

    settings: Settings
    ledger: Ledger
    asked: bool = False
    seconds: float | None = None

    def check(self, service: Service) -> Checked:
        """Probe a service and keep what came of it."""
        facts = facts_of(self.ledger, self.settings, service)
        if why := why_skipped(facts, asked=self.asked):
            verdict = Verdict("skipped", why)
        else:
            verdict = self._probe(service, facts)
        health = health_of(verdict, facts, self.settings)
        write_health(self.ledger, service.name, health)
        return Checked(service, verdict, health)

    def _probe(self, service: Service, facts: Facts) -> Verdict:
        """Ask it for work; whatever comes of that is a verdict."""
        seconds, began = self.seconds or SECONDS[service.kind], time.monotonic()
        try:
            url = self.settings.cluster.base_url(service)
            good = run_probe(probe_of(service), url, key_of(service, self.settings.upstream_keys), seconds)
        except Outcome as outcome:
            return Verdict(outcome.word, str(outcome), wedged=outcome.wedged, curable=outcome.curable)
        except Refused as error:
            return why_refused(str(error), facts)
        except NoAnswer:
            return self._judge_silence(service, f"it gave no answer within {seconds:g} s")
        except LookupError as error:
            return Verdict("failing", str(error), curable=False)
        return Verdict("well", good, latency_seconds=round(time.monotonic() - began, 3))

    def _judge_silence(self, service: Service, silence: str) -> Verdict:
        """Busy or dead, by what is to be seen now."""
        if service.kind == "vllm":
            url = self.settings.cluster.base_url(service)
            first, second = numbers_of(url), numbers_of(url, after=STILL_SECONDS)
            judged = judge_engine(first, second, self._surroundings(service), silence)
        else:
            judged = judge_other(self._surroundings(service), silence)
        return replace(judged, silent=True)

    def _surroundings(self, service: Service) -> Surroundings:
        return facts_of(self.ledger, self.settings, service).surroundings


def why_refused(why: str, facts: Facts) -> Verdict:
    """Nobody listens: a failure, unless no model should be loaded."""
    if facts.is_engine and facts.launch is None:
        return Verdict("skipped", "no model is loaded")
    if facts.host_fault:
        return Verdict("failing", f"{why}; {facts.host_fault}", curable=False)
    return Verdict("failing", f"{why}; its container has ended" if facts.exited else why)


def numbers_of(base_url: str, after: float = 0.0) -> EngineNumbers | None:
    """What an engine counts, after so many seconds; None when it does not tell."""
    time.sleep(after)
    try:
        return look_at_numbers(base_url)
    except Unreadable:
        return None


def health_of(verdict: Verdict, facts: Facts, settings: Settings) -> Health:
    """What is kept of a verdict (pure)."""
    policy, last = settings.cluster.restarts, facts.last
    well_at = facts.now if verdict.word == "well" else (last.well_at if last else None)
    silent_since = (last.busy_since if last else None) or facts.now
    return Health(
        verdict=verdict.word,
        why=verdict.why,
        at=facts.now,
        wedged=verdict.wedged,
        latency_seconds=verdict.latency_seconds,
        restarts_used=restarts_used(policy, facts.events, facts.now),
        allowed=policy.at_most,
        exhausted=is_exhausted(facts.events),
        well_at=max((at for at in (well_at, facts.good_at) if at is not None), default=None),
        busy_since=silent_since if verdict.silent else None,
    )


def with_next(ledger: Ledger, checked: Checked, told: str) -> Checked:
    """The same with a sentence on what is done about it, kept."""
    health = replace(checked.health, next=told)
    write_health(ledger, checked.service.name, health)
    return replace(checked, health=health)


def as_rows(results: Sequence[Checked]) -> list[dict[str, str]]:
    """The results as a table for Prefect's UI (pure)."""
    return [
        {
            "service": each.service.name,
            "host": each.service.host,
            "verdict": each.health.verdict,
            "why": each.health.why,
            "seconds": "" if each.health.latency_seconds is None else f"{each.health.latency_seconds:.2f}",
            "restarts": f"{each.health.restarts_used} of {each.health.allowed}",
            "next": each.health.next,
        }
        for each in results
    ]


def in_words(results: Sequence[Checked]) -> str:
    """What came of it in a few sentences: those that are not well by name (pure)."""
    healths = {each.service.name: each.health for each in results}
    told = [
        f"{name} is {health.verdict}: {health.why}. {_sentence(health.next)}".strip()
        for name, health in healths.items()
        if health.verdict in ("failing", "busy")
    ]
    told += [
        f"{name}: {health.next}."
        for name, health in healths.items()
        if health.next and health.verdict not in ("failing", "busy")
    ]
    good = [name for name, health in healths.items() if health.verdict == "well"]
    skipped = [f"{name} ({health.why})" for name, health in healths.items() if health.verdict == "skipped"]
    told += [f"Well: {', '.join(good)}."] if good else []
    told += [f"Not tried: {', '.join(skipped)}."] if skipped else []
    return " ".join(told) or "There is no service to check."


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
