"""Ensure state: look at all hosts at once, judge, fix what may be fixed, look again."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Cluster, Host
from blocks.ledger import clock
from blocks.ledger.state import StateFinding, write_state
from blocks.ledger.store import Ledger
from blocks.public_key import PublicKey, read_public_key
from tasks.check import Answer, Unreadable
from tasks.ssh import OutputTooLong, Unreachable, close_all, run
from tasks.state.check import Facts, Fix, Said, StateCheck
from tasks.state.kinds import facts_command, read_facts

log = logging.getLogger(__name__)

Fixes = Mapping[str, Fix]
"""By the name of the check."""
Refusals = dict[str, str]
"""Why the commands of a fix failed, by the name of the check."""


@dataclass
class EnsureState:
    """
    The state of some hosts under some checks.

    Attributes:
        pauses: Seconds between the looks that a fix is given.
        findings: By host, as they were last judged.
    """

    cluster: Cluster
    ledger: Ledger
    hosts: Sequence[Host]
    checks: Sequence[StateCheck]
    pauses: Sequence[float] = (2.0, 3.0, 5.0)
    findings: dict[str, list[StateFinding]] = field(default_factory=dict)
    _fixes: dict[str, dict[str, Fix]] = field(default_factory=dict)

    def look(self) -> None:
        """One round trip to each host, all at the same time; then judge, and keep it."""
        self._look()
        self._keep()

    def due(self) -> list[Host]:
        """The hosts on which a fix may be tried."""
        return [host for host in self.hosts if self.fixes(host)]

    def fixes(self, host: Host) -> Fixes:
        """What may be done there without a person."""
        return {name: fix for name, fix in self._fixes.get(host.name, {}).items() if not fix.by_hand}

    def sentences(self) -> list[str]:
        """What would be done, one sentence for each fix."""
        return [
            f"{host.name}: {fix.words}{' (as root)' if fix.root else ''}"
            for host in self.hosts
            for fix in self.fixes(host).values()
        ]

    def look_again(self, refused: Mapping[str, Refusals]) -> None:
        """The second look decides whether a fix helped; a few are taken, for a clock is not right at once."""
        tried = {host.name: set(self.fixes(host)) for host in self.hosts}
        for pause in (0.0, *self.pauses):
            time.sleep(pause)
            close_all()  # what a session was given at its start is asked of a new one
            self._look()
            if not any(
                set(self.fixes(host)) & tried[host.name] - {*refused.get(host.name, {})}
                for host in self.hosts
            ):
                break
        for host in self.hosts:
            why = refused.get(host.name, {})
            self.findings[host.name] = [
                after_fix(finding, why.get(finding.check, ""))
                if finding.check in tried[host.name]
                else finding
                for finding in self.findings[host.name]
            ]
        self._keep()

    def _look(self) -> None:
        with ThreadPoolExecutor(max_workers=max(1, len(self.hosts))) as threads:
            seen = dict(
                zip([host.name for host in self.hosts], threads.map(self._ask, self.hosts), strict=True)
            )
        said = {name: told for name, told in seen.items() if not isinstance(told, str)}
        for host in self.hosts:
            told = seen[host.name]
            others = {name: other for name, other in said.items() if name != host.name}
            facts = told if isinstance(told, str) else Facts(host, told, others)
            judged = [judge(check, facts) for check in self.checks]
            self.findings[host.name] = [finding for finding, _ in judged]
            self._fixes[host.name] = {finding.check: fix for finding, fix in judged if fix is not None}

    def _ask(self, host: Host) -> Said | str:
        """What a host says of itself, or why it says nothing."""
        groups = tuple(dict.fromkeys(check.group for check in self.checks))
        try:
            return read_facts(run(host, facts_command(self.cluster, host, groups)))
        except (Unreachable, Unreadable, OutputTooLong) as error:
            return str(error)

    def _keep(self) -> None:
        for host, findings in self.findings.items():
            write_state(self.ledger, host, findings)


def judge(check: StateCheck, facts: Facts | str) -> tuple[StateFinding, Fix | None]:
    """What a check makes of a look, and the fix of a fault; in the place of facts: why nothing was seen."""
    finding = StateFinding(check.name, check.group, "ok", clock.now(), wanted=check.promise("Wanted"))
    if isinstance(facts, str):
        return replace(finding, outcome="unreadable", why=facts), None
    try:
        judged = check.judge(facts)
        fix = check.fix(facts) if judged.faults else None
    except Unreadable as error:
        return replace(finding, outcome="unreadable", why=str(error)), None
    if judged.skipped:
        return replace(finding, outcome="skipped", why=judged.skipped, found=judged.found), None
    if not judged.faults:
        return replace(finding, found=judged.found), None
    failed = replace(finding, outcome="failed", why="; ".join(judged.faults), found=judged.found)
    if fix is None:
        return replace(failed, fix=check.promise("Fix")), None
    by_hand = f" By a person: {fix.by_hand}." if fix.by_hand else ""
    return replace(failed, fix=fix.words + by_hand, script=fix.script, by_hand=bool(fix.by_hand)), fix


def after_fix(finding: StateFinding, refused: str) -> StateFinding:
    """A finding of the second look, told by what was tried in between."""
    if finding.outcome == "ok":
        return replace(finding, outcome="fixed", why="it was put right")
    if finding.outcome == "failed":
        return replace(finding, why=f"{finding.why}; the fix did not help{': ' + refused if refused else ''}")
    return finding


def run_fixes(host: Host, fixes: Fixes) -> Refusals:
    """Run the fixes of one host, one after the other; one that fails keeps no other from its turn."""
    refused: Refusals = {}
    for name, fix in fixes.items():
        for each in fix.to_run:
            try:
                answer = run(host, each)
            except (Unreachable, OutputTooLong) as error:
                refused[name] = str(error)
                break
            if not answer.ok:
                refused[name] = words_of_refusal(answer, host)
                break
    return refused


@task(name="fix the state", task_run_name="fix the state of {host.name}", cache_policy=NO_CACHE)
def fix_host_state(host: Host, fixes: Fixes) -> Refusals:
    """The same, as a step that Prefect shows; it is not repeated, for the next run looks first."""
    return run_fixes(host, fixes)


Fixer = Callable[[EnsureState], dict[str, Refusals]]


def fix_in_tasks(state: EnsureState) -> dict[str, Refusals]:
    """Fix all hosts that are due, at the same time."""
    fixing = {host.name: fix_host_state.submit(host, dict(state.fixes(host))) for host in state.due()}
    return {name: each.result() for name, each in fixing.items()}


def words_of_refusal(answer: Answer, host: Host) -> str:
    """Why a command of a fix failed (pure)."""
    if answer.stderr.startswith("sudo:"):
        return f"{host.user} may not do this as root without a password: a person runs the script there"
    return answer.said


def own_public_key(host: Host) -> PublicKey | None:
    """The public half of the key by which we reach a host; None without a .pub file beside it."""
    try:
        return read_public_key(Path(f"{host.key_path}.pub").expanduser().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        log.info("the public key beside %s cannot be read", host.key_path)
        return None
