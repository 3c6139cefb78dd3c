"""Following the start of a NIM until it says that it is ready, or has ended, or is silent for too long."""

import time
from dataclasses import dataclass, field

import httpx

from blocks.cluster import Host
from blocks.nim import Nim
from tasks.check import Unreadable
from tasks.checks.nim import why_ended
from tasks.engine import engine_command, read_engine, without_secrets
from tasks.outcome import Failed
from tasks.report import Report
from tasks.ssh import Unreachable, run

POLL_SECONDS = 1.0
LOST_SECONDS = 120.0
KEPT_LINES = 500


@dataclass
class FollowNim:
    """Follows one start; `secret` is masked wherever the log shows it."""

    nim: Nim
    host: Host
    container: str
    base_url: str
    report: Report
    silence_seconds: float
    secret: str = field(repr=False)
    lines: list[str] = field(default_factory=list)
    since: str = ""

    def follow(self) -> None:
        """Return when it is ready; `Failed` says why it never will be."""
        began = heard = seen = time.monotonic()
        self._tell(0)
        while True:
            now = time.monotonic()
            try:
                state, said = self._look()
                seen = now
            except (Unreachable, Unreadable) as error:
                if now - seen > LOST_SECONDS:
                    raise Failed(f"it cannot be seen how it starts: {error}") from error
                state, said = "running", False
            heard = now if said else heard
            if self._ready():
                return
            self._judge(state, now - heard)
            self._tell(now - began)
            time.sleep(POLL_SECONDS)

    def _tell(self, spent: float) -> None:
        share, left = spent / self.nim.start_seconds, self.nim.start_seconds - spent
        last = self.lines[-1][:160] if self.lines else "waiting for its first word"
        self.report.phase(
            "waiting", f"{self.nim.title}: {last}", 0.5 + 0.45 * min(share, 1.0), max(0.0, left)
        )

    def _judge(self, state: str, silent: float) -> None:
        if state not in ("running", "created"):
            why = why_ended(self.lines) or "it said nothing"
            raise Failed(f"{self.nim.title} has ended during its start: {why}")
        if silent > self.silence_seconds:
            raise Failed(f"{self.nim.title} said nothing for {silent:.0f} s and is not ready")

    def _look(self) -> tuple[str, bool]:
        """The state of the container, and whether its log said something new."""
        seen = read_engine(run(self.host, engine_command(self.container, self.since)), self.since)
        self.since = max((stamp for stamp, _ in seen.lines), default="") or self.since
        fresh = [without_secrets(line).replace(self.secret, "***") for _, line in seen.lines]
        self.report.log(self.host.name, fresh)
        self.lines = [*self.lines, *fresh][-KEPT_LINES:]
        return seen.state, bool(fresh)

    def _ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.base_url}{self.nim.health_path}", timeout=5)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK
