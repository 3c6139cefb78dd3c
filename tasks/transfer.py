"""One way that weights take, from the Hub to a host or from host to host: begun, followed, tried again."""

import shlex
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from prefect import task
from prefect.cache_policies import NO_CACHE

from blocks.cluster import Host
from tasks.check import Answer, Command, Unreadable
from tasks.hub import Refused, failure, refusal, refused, worth_another_try
from tasks.job import Job, JobState, read_job
from tasks.measure import Measured, read_measured
from tasks.ssh import Unreachable, run

LOOK_SECONDS = 2.0
TRIES = 6
PAUSE_SECONDS = 5.0
"""Before another try; it doubles each time."""

AWAY_SECONDS = 600.0
"""How long a host may be out of reach while its job goes on by itself."""

FLOOR_BYTES = 2_000_000_000
"""With less room than this a transfer is stopped: a host whose disk is full fails in many ways."""

RATE_SECONDS = 20.0
KILLED = 143  # SIGTERM, as bash counts


class TransferFailed(Exception):
    """The weights did not arrive; the message is for people.  What has arrived is kept."""


@dataclass
class Rate:
    """Bytes a second over the last `RATE_SECONDS`."""

    seen: deque[tuple[float, int]] = field(default_factory=deque)

    def add(self, at: float, arrived: int) -> float:
        """Take a measurement; returns the rate, 0 while there is none."""
        self.seen.append((at, arrived))
        while len(self.seen) > 2 and at - self.seen[0][0] > RATE_SECONDS:
            self.seen.popleft()
        since, first = self.seen[0]
        return max(0.0, (arrived - first) / (at - since)) if at > since else 0.0


@dataclass
class Transfer:
    """
    One way.

    Attributes:
        repo, revision: What is transferred.
        source: The host it is copied from; None: the Hub.
        to: Where it arrives.
        job: What does it, on `at`.
        measure: Asks `to` how much has arrived.
        tell: Called with each measurement and the rate in bytes a second.
        token: Kept out of every message.
    """

    repo: str
    revision: str
    source: Host | None
    to: Host
    job: Job
    measure: Command
    tell: Callable[[Measured, float], None]
    token: str = field(default="", repr=False)

    def __str__(self) -> str:
        return f"{self.repo} to {self.to.name} from {self.source.name if self.source else 'the Hub'}"

    @property
    def at(self) -> Host:
        """The host that runs the job."""
        return self.source or self.to

    def carry(self) -> None:
        """Bring it to its end; a line that breaks is tried again, with what has arrived."""
        for attempt in range(TRIES):
            state = self._follow()
            if state.code == 0:
                return
            self._require_hope(state)
            if attempt + 1 < TRIES:
                time.sleep(PAUSE_SECONDS * 2**attempt)
        raise TransferFailed(f"{self}: {failure(state.log, self.at.name, self.to.name)}")

    def stop(self) -> None:
        """End the job on its host; what has arrived stays."""
        run(self.at, self.job.stop())

    def _follow(self) -> JobState:
        """Begin the job, or take up the one that runs, and follow it to its end."""
        state, rate = self._job(self.job.begin()), Rate()
        ours = state.begun or state.line == " && ".join(shlex.join(step) for step in self.job.steps)
        while state.running:
            measured = read_measured(self._ask(self.to, self.measure))
            self.tell(measured, rate.add(time.monotonic(), measured.arrived))
            self._require_room(measured)
            time.sleep(LOOK_SECONDS)
            state = self._job(self.job.look())
        return state if ours else self._follow()

    def _job(self, command: Command) -> JobState:
        return read_job(self._ask(self.at, command))

    def _ask(self, host: Host, command: Command) -> Answer:
        """Ask a host, patiently: its job goes on while the line is down."""
        deadline = time.monotonic() + AWAY_SECONDS
        while True:
            try:
                return run(host, command)
            except Unreachable as error:
                if time.monotonic() > deadline:
                    raise TransferFailed(
                        f"{host.name} has been out of reach for {AWAY_SECONDS:.0f} s ({error}); what it does "
                        "goes on there by itself: start the download again to take it up"
                    ) from error
                time.sleep(LOOK_SECONDS)

    def _require_hope(self, state: JobState) -> None:
        """Raise unless another try may help."""
        log = state.log.replace(self.token, "***") if self.token else state.log
        if refused(log):
            raise Refused(refusal(log, self.repo, self.revision, token=bool(self.token)))
        stopped = state.code is None or state.code == KILLED
        if not stopped and not worth_another_try(log):
            raise TransferFailed(f"{self}: {failure(log, self.at.name, self.to.name)}")

    def _require_room(self, measured: Measured) -> None:
        if measured.free < FLOOR_BYTES:
            self.stop()
            raise TransferFailed(
                f"stopped before the disk of {self.to.name} was full: "
                f"{measured.free / 1e9:.1f} GB are left. What has arrived is kept"
            )


@task(name="transfer", task_run_name="{transfer}", cache_policy=NO_CACHE)
def carry(transfer: Transfer) -> None:
    """Bring weights to a host; never retried by Prefect, since it tries again by itself."""
    try:
        transfer.carry()
    except Unreadable as error:
        raise TransferFailed(f"{transfer}: {error}") from error
