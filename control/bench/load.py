"""`python -m control.bench.load`: a job as JSON on stdin, what was seen as JSON on stdout."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

import msgspec
import uvloop

from control.bench import jobs
from control.bench.client import Connection, Events, Reply, Sound
from control.bench.jobs import Closed, Down, Job, Rate, Seen, Streams, Up
from control.bench.upstream import ANSWER, TEXT
from control.bench.usage import cpu_seconds

PATIENCE = 30.0
"""Seconds that answers under way still get when a job's time is over."""


class Load:
    """What every kind of load needs: connections, one place where answers end, the target's CPU clock."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.seen = Seen()
        self.times: list[float] = []
        self.connections: list[Connection] = []
        self._quiet = asyncio.Event()
        self._began = (0.0, 0.0)
        self.again: Callable[[Connection], None] = lambda _connection: None

    async def connect(self, count: int = 1) -> None:
        """Open so many more connections, one after the other."""
        loop = asyncio.get_running_loop()
        for _ in range(count):
            _, connection = await loop.create_connection(
                lambda: Connection(self._ended, self.job.exact), "127.0.0.1", self.job.port
            )
            self.connections.append(connection)

    def start_clock(self) -> None:
        """From here on time and the target's CPU time count."""
        self._began = (monotonic(), cpu_seconds(self.job.pids))

    def stop_clock(self) -> None:
        """Up to here."""
        self.seen.seconds = monotonic() - self._began[0]
        self.seen.cpu_seconds = cpu_seconds(self.job.pids) - self._began[1]

    async def quiet(self, patience: float = PATIENCE) -> None:
        """Wait until no answer is under way; those that are after that time count as unfinished."""
        until = monotonic() + patience
        while busy := [c for c in self.connections if c.answer]:
            self._quiet.clear()
            try:
                await asyncio.wait_for(self._quiet.wait(), until - monotonic())
            except TimeoutError:
                self.seen.unfinished = len(busy)
                break
        self._times_told()

    def close(self) -> None:
        """Hang up everywhere."""
        for connection in self.connections:
            connection.close()

    def _ended(self, connection: Connection) -> None:
        if connection.fault:
            self.seen.failed += 1
            if len(self.seen.faults) < 5:
                self.seen.faults.append(connection.fault)
        else:
            self.seen.done += 1
            self.times.append(monotonic() - connection.due)
        self._quiet.set()
        self.again(connection)

    def _times_told(self) -> None:
        times = sorted(self.times)
        self.seen.p50_ms, self.seen.p99_ms = _percentile(times, 0.5), _percentile(times, 0.99)


async def closed(load: Load, order: Closed) -> None:
    """Each connection asks again as soon as it is answered."""
    request = jobs.chat(load.job)
    await load.connect(order.connections)
    load.start_clock()
    until = monotonic() + order.seconds

    def again(connection: Connection) -> None:
        if connection.usable and monotonic() < until:
            connection.send(request, Reply(TEXT.encode(), ANSWER))

    load.again = again
    for connection in load.connections:
        again(connection)
    await load.quiet()
    load.stop_clock()


async def rate(load: Load, order: Rate) -> None:
    """So many requests a second, whatever the answers do; times count from when a request was due."""
    request = jobs.chat(load.job)
    await load.connect(order.connections)
    free = deque(load.connections)
    waiting: deque[float] = deque()

    def pump() -> None:
        while waiting and free:
            free.popleft().send(request, Reply(TEXT.encode(), ANSWER), waiting.popleft())

    def again(connection: Connection) -> None:
        if connection.usable:
            free.append(connection)
        pump()

    load.again = again
    load.start_clock()
    began = monotonic()
    for number in range(int(order.a_second * order.seconds)):
        due = began + number / order.a_second
        await asyncio.sleep(due - monotonic())
        waiting.append(due)
        pump()
    await load.quiet()
    load.seen.unfinished += len(waiting)
    load.stop_clock()


async def streams(load: Load, order: Streams) -> None:
    """Streams side by side, begun one after the other; events count in a window when all have begun."""
    request = jobs.chat(load.job, order)
    kept: list[Events] = []
    all_begun = asyncio.Event()

    def tally(stream: Events, count: int) -> None:
        load.seen.events += count
        if stream.tokens == count and len(kept) >= order.connections and all(each.first for each in kept):
            all_begun.set()

    def ask(connection: Connection) -> None:
        if connection.usable:
            kept.append(Events(order.events, tally))
            connection.send(request, kept[-1])

    if not order.a_second:
        load.again = ask
    began = monotonic()
    for number in range(1, order.connections + 1):
        await load.connect()
        ask(load.connections[-1])
        await asyncio.sleep(began + order.ramp * number / order.connections - monotonic())
    with suppress(TimeoutError):
        await asyncio.wait_for(all_begun.wait(), order.settle)
    load.seen.events = 0
    load.start_clock()
    await asyncio.sleep(order.seconds)
    load.stop_clock()
    events = load.seen.events
    if order.a_second:
        await load.quiet(order.patience)
    load.seen.events = events  # those after the window are checked, but not counted
    _tell_times(load.seen, kept)


def _tell_times(seen: Seen, kept: Sequence[Events]) -> None:
    first = sorted(each.first - each.began for each in kept if each.first)
    seen.first_p50_ms, seen.first_p99_ms = _percentile(first, 0.5), _percentile(first, 0.99)
    seen.longest_gap_ms = max((each.longest_gap for each in kept), default=0) * 1000


async def big(load: Load, order: Up | Down) -> None:
    """One large body up or down."""
    await load.connect()
    connection = load.connections[0]
    load.start_clock()
    if isinstance(order, Down):
        connection.send(jobs.speech(load.job, order), Sound(order.size))
    else:
        head, pieces, digest = jobs.recording(load.job, order)
        connection.send(head, Reply(digest if load.job.exact else b" bytes"))
        for piece in pieces:
            await connection.send_more(piece)
    await load.quiet()
    load.stop_clock()


async def work(job: Job) -> Seen:
    """Do one job."""
    load = Load(job)
    try:
        match job.order:
            case Closed():
                await closed(load, job.order)
            case Rate():
                await rate(load, job.order)
            case Streams():
                await streams(load, job.order)
            case Up() | Down():
                await big(load, job.order)
    finally:
        load.close()
    return load.seen


def _percentile(times: list[float], part: float) -> float:
    """In milliseconds; 0 when there are none."""
    return times[min(len(times) - 1, int(part * len(times)))] * 1000 if times else 0.0


if __name__ == "__main__":
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.stdout.buffer.write(msgspec.json.encode(runner.run(work(job))))
