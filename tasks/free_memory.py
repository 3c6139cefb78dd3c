"""Freeing memory of a host that is about to freeze: dropping its page cache, or stopping the engine."""

from dataclasses import dataclass, field
from typing import Literal

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from blocks.ledger.claim import Claimed, claim
from blocks.ledger.lock import LockHeld, require_lock
from blocks.ledger.runs import get_run
from blocks.ledger.seen import read_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from blocks.memory_watch import ALERT
from blocks.settings import Settings
from tasks.check import Answer, Command, Unreadable, command
from tasks.checks.memory import GIB
from tasks.outcome import Failed
from tasks.report import Report
from tasks.sight import look_command, read_sight
from tasks.ssh import OutputTooLong, Unreachable, run
from tasks.start import stop_without_prefect

FreeAction = Literal["drop_caches", "stop_engine"]

LOOKED_SECONDS = 60.0
"""An alert on a host that the observer has not looked at for so long counts as none."""

DROP_CACHES = "/proc/sys/vm/drop_caches"
SUDO_LINE = f"ALL=(root) NOPASSWD: /usr/bin/tee {DROP_CACHES}"
"""What an administrator may allow a host's user, after its name, in a file of /etc/sudoers.d."""


class NotFreed(Failed):
    """Memory was not freed; the message is for people."""


@dataclass(frozen=True)
class Held:
    """GiB of a host's memory: what could be had, and what the page cache holds."""

    available: float
    cached: float


@dataclass
class Relief:
    """
    One attempt to free memory.

    Attributes:
        host: Which is short of it.
        reason: Why, for people.
        lock_pass: Single-use pass of the swap lock's holder.
        where: Hosts that hold the engine, running or not, at the last look.
    """

    settings: Settings
    ledger: Ledger
    report: Report
    host: Host
    action: FreeAction
    reason: str
    lock_pass: str = ""
    held: Held = field(default_factory=lambda: Held(0.0, 0.0))
    where: list[Host] = field(default_factory=list)

    def look(self) -> None:
        """See what there is to free; a host that cannot be asked is only left out when it is another one."""
        self.report.phase("looking", f"looking at the memory of {self.host.name}", 0.05)
        cluster = self.settings.cluster
        self.held = read_held(run(self.host, HELD))
        if self.action == "drop_caches":
            return
        self.where = []
        for host in cluster.hosts:
            try:
                sight = read_sight(run(host, look_command(cluster.hf_cache)))
            except (Unreachable, OutputTooLong, Unreadable):
                if host == self.host:
                    raise
                continue
            if sight.holds(cluster.vllm.container):
                self.where.append(host)

    def sentences(self) -> list[str]:
        """What will be done, in plain words."""
        available, cached = self.held.available, self.held.cached
        said = [
            f"{self.host.name} has {available:.1f} GiB of memory available, {cached:.1f} GiB of files cached."
        ]
        if self.action == "drop_caches":
            return [*said, f"Drop the page cache of {self.host.name}: no data is lost, files are read anew."]
        if not self.where:
            return [*said, "No engine is on any host that answers: nothing to stop."]
        names = " and ".join(host.name for host in self.where)
        return [*said, f"Stop the engine on {names}: answers under way are cut off, no model is loaded then."]

    def act(self) -> str:
        """Do it; returns what came of it, in plain words, or raises `NotFreed`."""
        if self.action == "drop_caches":
            self.report.phase("dropping", f"dropping the page cache of {self.host.name}", 0.3)
            return drop_caches(self.host)
        if not self.where:
            return "No engine is on any host that answers: nothing was stopped."
        self.report.phase("stopping", "stopping the engine", 0.3)
        try:
            if not alert_stands(self.ledger, self.host.name):
                require_lock(self.ledger, self.lock_pass)
            with claim(self.ledger, "gpu", self.report.run_id, on_lost=lambda: None):
                return self._stop_engine()
        except LockHeld as error:
            raise NotFreed(f"{error}; nothing was stopped") from error
        except Claimed as error:
            run_now = get_run(self.ledger, error.run_id)
            what = f"a {run_now.kind} of {run_now.model}" if run_now else f"run {error.run_id}"
            raise NotFreed(
                f"{what} is changing the GPU just now, so the engine is left to it. Cancel that run if "
                f"{self.host.name} is about to stop answering"
            ) from error

    def _stop_engine(self) -> str:
        vllm, why = self.settings.cluster.vllm, f"memory of {self.host.name}: {self.reason or 'asked for'}"
        # Before the act: a deep check that comes in between is not to start what is being stopped.
        note_service_event(self.ledger, vllm.name, "stopped", why, self.report.run_id)
        doubts = stop_without_prefect(self.where, vllm.container, self.ledger, why)
        if doubts:
            raise NotFreed(f"it is not certain that the engine is gone: {'; '.join(doubts)}")
        now = read_held(run(self.host, HELD))
        names = " and ".join(host.name for host in self.where)
        return (
            f"The engine on {names} is stopped; {self.host.name} has {now.available:.1f} GiB of memory "
            "available. No model is loaded: swap to one when there is memory for it."
        )


def alert_stands(ledger: Ledger, host: str) -> bool:
    """The memory guard says that the host is about to run out of memory, and still looks at it."""
    alert, look = f"{ALERT}{host}", f"host/{host}"
    raised, looked = read_seen(ledger, alert).get(alert), read_seen(ledger, look).get(look)
    if raised is None or looked is None or looked.age_seconds > LOOKED_SECONDS:
        return False
    return raised.data.get("state") in ("low", "falling")


HELD = command("free", "-b")


def read_held(answer: Answer) -> Held:
    """What `free -b` says; `Unreadable` when it says something else."""
    rows = [line.split() for line in answer.stdout.splitlines() if line.startswith("Mem:")]
    try:
        ((_, _, _, _, _, cached, available),) = rows
        return Held(int(available) / GIB, int(cached) / GIB)
    except ValueError:
        raise Unreadable(f"'free' cannot be read: {answer.said}") from None


def drop_command() -> Command:
    """Drops page cache, directory entries and inodes; only root may, and nobody is asked for a password."""
    return command("sudo", "-n", "tee", DROP_CACHES, stdin="3\n", timeout=60)


@task(name="free memory", task_run_name="{relief.action} for {relief.host.name}", cache_policy=NO_CACHE)
def free(relief: Relief) -> str:
    """Do it; never retried, for the next look of the memory guard knows better what is needed."""
    return relief.act()


def drop_caches(host: Host) -> str:
    """Write what is not yet written, drop the page cache, and look; `NotFreed` when it is not allowed."""
    before = read_held(run(host, HELD))
    run(host, command("sync", timeout=120))
    answer = run(host, drop_command())
    if not answer.ok:
        raise NotFreed(
            f"{host.name} does not let {host.user} drop the page cache without a password ({answer.said}). "
            f"Its {before.cached:.1f} GiB stay; the kernel gives them up by itself, if slowly. To allow it, "
            f"add to /etc/sudoers.d/spark-control on {host.name}: {host.user} {SUDO_LINE}"
        )
    after = read_held(run(host, HELD))
    return (
        f"The page cache of {host.name} went from {before.cached:.1f} to {after.cached:.1f} GiB; "
        f"{after.available:.1f} GiB of memory are available."
    )
