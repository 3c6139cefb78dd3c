"""Looking at one host every few seconds: what is so, what has changed, and who is told."""

import logging
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from blocks.cluster import Cluster, Host
from blocks.ledger import clock
from blocks.ledger.claim import holder
from blocks.ledger.launches import last_launch
from blocks.ledger.samples import add_sample
from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.service_events import service_events_of
from blocks.ledger.store import Ledger
from blocks.public_key import PublicKey, read_public_key
from tasks import ssh
from tasks.check import Unreadable
from tasks.checks.memory import GIB
from tasks.observe_changes import HostState, Presence, Restarted, restarted_between
from tasks.observe_facts import STATUS, facts_of, numbers_of
from tasks.observe_findings import findings_of
from tasks.observe_memory import MemoryWatcher
from tasks.observe_tell import Teller
from tasks.sight import HostSight, look_command, read_sight
from tasks.ssh_keys import note_own_key

log = logging.getLogger("observer")

HOST = "host/"
EXPLAINED_SECONDS = 120.0
"""A new start of a container is ours when something was done to its service so shortly before."""

_ACTS = ("started", "restarted", "stopped")


@dataclass
class HostObserver:
    """
    Looks at one host, in a thread of its own, so that a dead host never slows the others.

    Attributes:
        facts: What the last good look showed, as the ledger keeps it; it outlives this process.
        facts_at: When that was, in seconds since 1970; None: never.
        sight: The last good look of this process.
    """

    host: Host
    cluster: Cluster
    ledger: Ledger
    teller: Teller
    memory: MemoryWatcher
    ended: threading.Event = field(default_factory=threading.Event)
    presence: Presence = field(default_factory=Presence)
    facts: dict[str, Any] = field(default_factory=dict)
    facts_at: float | None = None
    sight: HostSight | None = None
    own_key: str | None = None
    _remembers: bool = False
    _status: dict[str, Any] = field(default_factory=dict)

    @property
    def reachable(self) -> bool:
        """True when the last look was a good one."""
        return self.sight is not None and self.presence.state == "well"

    @property
    def disk_free(self) -> int | None:
        """Bytes left where the Hugging Face cache is, at the last good look."""
        return self.sight.disk_free if self.sight else None

    def run(self) -> None:
        """Look until told to end; no error of a look ends it."""
        while not self.ended.is_set():
            begun = time.monotonic()
            try:
                self.look()
            except SQLAlchemyError as error:
                log.warning("the ledger cannot be written: %s", error)
            except Exception:  # an unforeseen error of one look must not end all of them
                log.exception("%s: the look failed", self.host.name)
            taken = 0.0 if self.presence.failed else time.monotonic() - begun
            self.ended.wait(max(1.0, self.presence.pause_seconds - taken))

    def look(self) -> None:
        """One look at the host; when the line breaks during it, a second at once: a look changes nothing."""
        if not self._remembers:
            self._remember()
        for attempt in (1, 2):
            try:
                sight = read_sight(ssh.run(self.host, look_command(self.cluster.hf_cache)))
            except ssh.Unreachable as error:
                if error.may_have_run and attempt == 1:
                    continue
                self._note_failure(error.line, str(error), looks=attempt)
            except (ssh.OutputTooLong, Unreadable) as error:
                self._note_failure("wedged", f"{self.host.name} takes commands, but: {error}")
            else:
                self._note_sight(sight)
            return

    def _note_failure(self, state: HostState, why: str, looks: int = 1) -> None:
        self.presence.learn(state, looks)
        self.memory.interrupted()
        self._write(error=why, findings=[why])
        self._declare(why)

    def _note_sight(self, sight: HostSight) -> None:
        before, before_at = self.facts, self.facts_at
        self.presence.learn("well")
        available, runs = sight.memory_available / GIB, self._engine_runs(sight)
        self.memory.learn(available, self.cluster.memory_guard, engine_runs=runs)
        self.sight, self.facts, self.facts_at = sight, facts_of(sight, before), clock.now()
        self._write(error=sight.gpu_fault or sight.docker_fault, findings=findings_of(sight))
        self._declare("it answers")
        self._note_restarts(before, before_at)
        add_sample(self.ledger, f"{HOST}{self.host.name}", numbers_of(sight))
        self._note_key(sight.public_key)

    def _remember(self) -> None:
        """Take up what an observer before this one saw and told."""
        subject = f"{HOST}{self.host.name}"
        if sight := read_seen(self.ledger, subject).get(subject):
            self.facts = {key: value for key, value in sight.data.items() if key not in STATUS}
            self.facts_at = sight.data.get("facts_at")
            self.presence.declared = str(sight.data.get("declared") or "")
        self.memory.remember()
        self._remembers = True

    def _write(self, **status: Any) -> None:
        """Write down how the host is; the facts of the last good look stay beside it, with their time."""
        if self.ended.is_set():  # another observer has the host now
            return
        self._status = status
        presence = self.presence
        data = {
            **self.facts,
            "facts_at": self.facts_at,
            "reachable": presence.state == "well",
            "state": presence.state,
            "declared": presence.declared,
            "failed_looks": presence.failed,
            **status,
        }
        write_seen(self.ledger, f"{HOST}{self.host.name}", data)

    def _declare(self, why: str) -> None:
        """Tell everybody when the host went down or came back."""
        state, presence, name = self.presence.to_declare, self.presence, self.host.name
        if state is None or self.ended.is_set():
            return
        self.teller.transition(f"{HOST}{name}", state, "observer", why)
        if presence.webhook_event:
            self.teller.webhook(presence.webhook_event, {"host": name, "state": state, "why": why})
        if presence.declared:
            word = "reachable" if state == "well" else state
            self.teller.event(f"spark.host.{word}", f"spark.host.{name}", {"why": why})
        presence.declared = state
        self._write(**self._status)

    def _note_restarts(self, before: dict[str, Any], before_at: float | None) -> None:
        """Tell of containers that were started anew, and not by us."""
        if before_at is None or self.ended.is_set():
            return
        own = [service for service in self.cluster.services if service.host == self.host.name]
        rows = self.facts.get("containers") or []
        for restarted in restarted_between(before.get("containers") or [], rows, own):
            if not self._is_ours(restarted, before_at - EXPLAINED_SECONDS):
                name = restarted.service.name
                log.warning("%s: %s", self.host.name, restarted.why)
                self.teller.transition(f"service/{name}", "restarted", "observer", restarted.why)
                payload = {"host": self.host.name, "why": restarted.why}
                self.teller.event("spark.service.restarted", f"spark.service.{name}", payload)

    def _is_ours(self, restarted: Restarted, since: float) -> bool:
        events = service_events_of(self.ledger, restarted.service.name)
        if any(event.kind in _ACTS and event.at >= since for event in events):
            return True
        if restarted.service.kind != "vllm":
            return False
        launch = last_launch(self.ledger)
        return holder(self.ledger, "gpu") is not None or bool(launch and launch.launched >= since)

    def _note_key(self, line: str) -> None:
        """Write the host's own public key down when it is another than before."""
        if line == self.own_key:
            return
        key: PublicKey | None = None
        with suppress(ValueError):
            key = read_public_key(line) if line else None
        note_own_key(self.ledger, self.host.name, key)
        self.own_key = line

    def _engine_runs(self, sight: HostSight) -> bool:
        return any(sight.runs(each.container) for each in self.cluster.services if each.kind == "vllm")
