"""Following a start until the model truly answers, or until it is clear that it will not."""

import time
from dataclasses import dataclass, field

from blocks.cluster import Host
from tasks.check import Unreadable
from tasks.engine import (
    EngineLook,
    NotAnswering,
    ask_one_token,
    read_engine,
    why_not_ready,
    without_secrets,
)
from tasks.launch import LaunchPlan
from tasks.launchers.kinds import launcher_of
from tasks.report import Report
from tasks.ssh import Unreachable, run
from tasks.vllm_log import LogReader, plain_line

POLL_SECONDS = 1.0
FIRST_POLL_SECONDS = 0.3
"""Most starts that fail do so at once: the first looks come quicker."""
APPEAR_SECONDS = 10.0
"""How long after the dispatch an engine process may be missing; docker has started it by then."""
LOST_SECONDS = 120.0
"""How long a host may be out of reach before a start that runs there is given up."""


class StartFailed(Exception):
    """The model did not come up; the message says how it showed."""


@dataclass
class HostWatch:
    """What is known of the engine on one host."""

    host: Host
    since: str = ""
    seen_engine: bool = False
    missing_looks: int = 0
    last_contact: float = field(default_factory=time.monotonic)
    last_state: str = ""

    def learn(self, look: EngineLook, now: float) -> None:
        """Take in a look."""
        self.last_contact = now
        self.last_state = look.state
        self.seen_engine = self.seen_engine or look.processes > 0
        self.missing_looks = 0 if look.processes else self.missing_looks + 1
        # Docker's own words among the lines (a container that is gone) bear no timestamp.
        self.since = max((stamp for stamp, _ in look.lines), default="") or self.since

    def why_dead(self, now: float, dispatched: float) -> str:
        """Why the engine on this host has failed; blank while it may still come up (pure)."""
        name = self.host.name
        if now - self.last_contact > LOST_SECONDS:
            return f"{name} has been out of reach for {now - self.last_contact:.0f} s"
        if self.missing_looks < 2:
            return ""
        if not self.last_state:
            return f"the container on {name} is gone"
        if self.seen_engine or self.last_state == "exited":
            return f"the engine on {name} has ended"
        if now - dispatched > APPEAR_SECONDS:
            return f"no engine appeared on {name}"
        return ""


@dataclass
class Follower:
    """Follows one start."""

    plan: LaunchPlan
    report: Report
    base_url: str
    expected_seconds: float
    silence_seconds: float
    progress_from: float
    progress_to: float
    reader: LogReader = field(default_factory=LogReader)

    def follow(self) -> None:
        """Return when the model answers; `StartFailed` when it has ended, is silent or answers wrongly."""
        dispatched = time.monotonic()
        watches = [HostWatch(host) for host in self.plan.hosts]
        last_line = dispatched
        while True:
            news = [self._look(watch) for watch in watches]
            if any(news):
                last_line = time.monotonic()
            now = time.monotonic()
            self._tell(now - dispatched)
            if self._ready():
                return
            for watch in watches:
                if why := watch.why_dead(now, dispatched):
                    raise StartFailed(why)
            if now - last_line > self.silence_seconds:
                raise StartFailed(f"the log has been silent for {now - last_line:.0f} s")
            time.sleep(POLL_SECONDS if now - dispatched > 15 else FIRST_POLL_SECONDS)

    def _look(self, watch: HostWatch) -> bool:
        """Look at one host; True when its log said something new."""
        try:
            ask = launcher_of(self.plan.recipe).look(self.plan.container, watch.since)
            answer = run(watch.host, ask)
            look = read_engine(answer, watch.since)
        except (Unreachable, Unreadable):
            return False
        watch.learn(look, time.monotonic())
        lines = [without_secrets(line) for _, line in look.lines]
        for line in lines:
            self.reader.feed(line)
        self.report.log(watch.host.name, [plain_line(line) for line in lines])
        return bool(lines)

    def _tell(self, elapsed: float) -> None:
        progress = self.reader.progress
        span = self.progress_to - self.progress_from
        within = "" if progress.within is None else f" ({progress.within:.0%})"
        self.report.phase(
            progress.phase,
            f"{self.plan.recipe.title}: {progress.phase}{within}",
            self.progress_from + span * progress.fraction,
            progress.remaining_seconds(elapsed, self.expected_seconds),
        )

    def _ready(self) -> bool:
        """True when it answers as the expected model with a real word."""
        try:
            if why_not_ready(self.base_url, self.plan.recipe.served):
                return False
            self.report.phase("answering", "asking it for a first word", self.progress_to * 0.99)
            ask_one_token(self.base_url, self.plan.recipe.served)
        except NotAnswering as error:
            raise StartFailed(str(error)) from error
        return True
