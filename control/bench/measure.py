"""All jobs for one target, and the figures that come of them."""

import subprocess
import sys
import time
from dataclasses import dataclass, field

import msgspec

from control.bench import usage
from control.bench.jobs import Closed, Down, Job, Order, Rate, Seen, Streams, Up
from control.bench.scale import Scale
from control.bench.targets import Target
from control.environment import CHECKOUT

_LONGEST = 300.0
_PAUSE = 0.3


class Ended(Exception):
    """The target is not there any more."""


@dataclass
class Measurement:
    """
    One round of one target.

    Attributes:
        figures: By the key of their column in `control.bench.report`.
        wrong: A sentence for each answer that was not right or did not come; the first few of each job.
    """

    target: Target
    scale: Scale
    figures: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def take(self) -> None:
        """Do every job, one after the other, as long as the target lives."""
        try:
            self._rest()
            self._questions()
            self._flat()
            self._paced()
            self._body("up", Up(self.scale.size))
            self._body("down", Down(self.scale.size))
            self._require_alive()
        except (Ended, FileNotFoundError, ProcessLookupError):
            self.wrong.append(f"{self.target.name} ended by itself; what came after was not measured")

    def _require_alive(self) -> None:
        process = self.target.process
        if process.restarts or process.child is None or process.child.poll() is not None:
            raise Ended

    def _let_rest(self) -> None:
        """Wait until it has done with the job before, of which streams that were hung up on may be left."""
        until = time.monotonic() + self.scale.rest
        while time.monotonic() < until:
            before = usage.cpu_seconds(self.target.pids)
            time.sleep(_PAUSE)
            if usage.cpu_seconds(self.target.pids) - before < _PAUSE / 10:
                break

    def _questions(self) -> None:
        scale = self.scale
        self._job(Closed(16, scale.seconds / 2))  # warm-up
        alone = self._job(Closed(1, scale.seconds))
        if alone.done:
            self.figures["p50"] = alone.p50_ms
        some = self._cost("some", Closed(scale.some, scale.seconds))
        if some.done:
            self.figures["some_rate"] = some.done / some.seconds
        self._cost("many", Closed(scale.many, scale.seconds))
        self._cost("calm", Rate(scale.rate, scale.seconds * 2))

    def _rest(self) -> None:
        """Memory and CPU time of a target that has nothing to do."""
        pids = self.target.pids
        began = usage.cpu_seconds(pids)
        time.sleep(self.scale.seconds)
        self.figures["rest"] = (usage.cpu_seconds(pids) - began) / self.scale.seconds * 100
        self.figures["rss"], self.figures["pss"] = usage.resident(pids), usage.share(pids)

    def _cost(self, key: str, order: Order) -> Seen:
        seen = self._job(order)
        if seen.done:
            self.figures[key] = seen.cpu_seconds / seen.done * 1000
        return seen

    def _paced(self) -> None:
        scale = self.scale
        # All are open until the window's end, the first one too.
        events = int(scale.pace * (scale.ramp + scale.settle + scale.seconds + 0.5))
        order = Streams(
            scale.paced, scale.pace, events, scale.ramp, scale.settle, scale.seconds, scale.patience
        )
        seen = self._job(order)
        if seen.seconds:
            self.figures["kept"] = seen.events / (scale.paced * scale.pace * seen.seconds) * 100
            self.figures["cores"] = seen.cpu_seconds / seen.seconds
        if seen.first_p50_ms:
            self.figures["first"], self.figures["last"] = seen.first_p50_ms, seen.first_p99_ms
            self.figures["gap"] = seen.longest_gap_ms

    def _flat(self) -> None:
        scale = self.scale
        seen = self._job(Streams(scale.flat, 0, 500, scale.ramp / 4, scale.settle, scale.seconds, 0))
        if seen.seconds:
            self.figures["flat"] = seen.events / seen.seconds
        if seen.events:
            self.figures["flat_cost"] = seen.cpu_seconds / seen.events * 100_000

    def _body(self, key: str, order: Up | Down) -> None:
        pids = self.target.pids
        usage.forget_peak(pids)
        before = usage.resident(pids)
        if self._job(order).done:
            self.figures[key] = max(usage.peak(pids) - before, 0)

    def _job(self, order: Order) -> Seen:
        """One order, done by a process of its own."""
        self._require_alive()
        self._let_rest()
        target = self.target
        job = Job(target.port, target.pids, order, target.key, target.exact)
        name = f"{target.name}, {order}"
        try:
            seen = _loaded(job)
        except subprocess.TimeoutExpired:
            self.wrong.append(f"{name}: no end within {_LONGEST:.0f} seconds")
            return Seen()
        except subprocess.CalledProcessError as error:
            self.wrong.append(f"{name}: the load failed: {error.stderr.decode().strip()[-300:]}")
            return Seen()
        if seen.failed:
            self.wrong.append(f"{name}: {seen.failed} wrong answers: {'; '.join(seen.faults)}")
        if seen.unfinished:
            self.wrong.append(f"{name}: {seen.unfinished} answers had not ended in time")
        return seen


def _loaded(job: Job) -> Seen:
    done = subprocess.run(
        [sys.executable, "-m", "control.bench.load"],
        cwd=CHECKOUT,
        input=msgspec.json.encode(job),  # not on the command line, which others can read: it holds a key
        capture_output=True,
        timeout=_LONGEST,
        check=True,
    )
    return msgspec.json.decode(done.stdout, type=Seen)
