"""`python -m control.bench.soak [MINUTES]`: clients that come, stay and vanish; is anything left over?"""

import asyncio
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import uvloop

from control.bench import usage
from control.bench.targets import Target, gateway, upstream
from control.bench.upstream import MODEL

RATE = 200
"""Requests a second."""

LOST = 0.25
"""Share of the requests whose client vanishes, at any moment."""

SETTLE_SECONDS = 8.0
"""Until idle connections and looks of the watch are in their usual state."""

_GAUGES = re.compile(
    r"^(spark_requests_in_flight|spark_requests_waiting|spark_connections_open)\S* (\S+)", re.M
)


@dataclass(frozen=True)
class State:
    """What the gateway holds at a moment."""

    memory_mb: float
    files: int
    connections: int
    in_flight: int

    def __str__(self) -> str:
        return (
            f"{self.memory_mb:7.1f} MB, {self.files:4d} files, {self.connections:4d} connections, "
            f"{self.in_flight:3d} in flight"
        )


class Load:
    """Clients of every kind, at a steady rate; each asks once."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._random = random.Random(7)  # noqa: S311 - a load, not a secret
        self._running: set[asyncio.Task[None]] = set()
        self.outcomes: Counter[str] = Counter()

    async def run(self, seconds: float) -> None:
        """Ask for so long, then wait until every client is gone."""
        began = time.monotonic()
        for number in range(int(seconds * RATE)):
            await asyncio.sleep(max(0.0, began + number / RATE - time.monotonic()))
            task = asyncio.create_task(self._ask())
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        await asyncio.gather(*self._running)

    async def _ask(self) -> None:
        request, vanishes = self._request(), self._random.random() < LOST
        reader, writer = await asyncio.open_connection("127.0.0.1", self._target.port)
        try:
            if vanishes:
                self.outcomes["vanished"] += 1
                writer.write(request[: self._random.randrange(1, len(request) + 1)])
                await asyncio.sleep(self._random.random() * 0.4)
                writer.transport.abort()
                return
            writer.write(request)
            answer = await asyncio.wait_for(reader.read(), 60)
            self.outcomes["right" if _is_whole(answer) else f"wrong: {answer[:60]!r}"] += 1
        except (OSError, TimeoutError) as error:
            self.outcomes[f"wrong: {error!r}"] += 1
        finally:
            writer.close()

    def _request(self) -> bytes:
        kind = self._random.choices(("plain", "stream", "upload", "refused"), (60, 25, 10, 5))[0]
        path, content = "/v1/chat/completions", "application/json"
        body = json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "x" * 200}]}).encode()
        if kind == "stream":
            asked = {"model": MODEL, "messages": [], "stream": True, "max_tokens": 20, "x_rate": 50}
            body = json.dumps(asked).encode()
        elif kind == "upload":
            path, content = "/v1/audio/transcriptions", "audio/wav"
            body = os.urandom(64) * self._random.randrange(1, 8000)
        elif kind == "refused":
            body = b'{"model": "unknown"}'
        head = (
            f"POST {path} HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {self._target.key}\r\n"
            f"content-type: {content}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        return head.encode() + body


def _is_whole(answer: bytes) -> bool:
    head, _blank, body = answer.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return length is not None and len(body) == int(length[1])


async def state_of(target: Target) -> State:
    """What the gateway holds now, by its own word and the kernel's."""
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    writer.write(
        b"GET /metrics HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n"
        b"authorization: Bearer %b\r\n\r\n" % target.key.encode()
    )
    text = (await reader.read()).decode()
    writer.close()
    gauges: Counter[str] = Counter()
    for name, value in _GAUGES.findall(text):
        gauges[name] += int(float(value))
    busy = gauges["spark_requests_in_flight"] + gauges["spark_requests_waiting"]
    return State(
        usage.resident(target.pids), usage.files(target.pids), gauges["spark_connections_open"] - 1, busy
    )


async def soak(target: Target, minutes: float) -> bool:
    """Load it, minute after minute; True when nothing is left over and every answer was right."""
    load, states = Load(target), []
    await load.run(10)
    await asyncio.sleep(SETTLE_SECONDS)
    before = await state_of(target)
    print(f"  before: {before}", flush=True)
    for minute in range(1, max(1, round(minutes)) + 1):
        await load.run(min(1.0, minutes) * 60)
        states.append(await state_of(target))
        print(f"{minute:4d} min: {states[-1]}", flush=True)
    await asyncio.sleep(SETTLE_SECONDS)
    after = await state_of(target)
    print(f"   after: {after}\n{dict(load.outcomes)}", flush=True)
    wrong = [outcome for outcome in load.outcomes if outcome.startswith("wrong")]
    flat = after.memory_mb < before.memory_mb + 10
    return not wrong and flat and after.files <= before.files + 2 and not after.in_flight + after.connections


def main() -> None:
    """Soak a gateway with everything on, for 30 minutes unless told otherwise."""
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 30.0
    with tempfile.TemporaryDirectory(prefix="soak-") as folder, upstream(Path(folder)) as engine:
        below = Path(folder) / "gateway"
        below.mkdir()
        with gateway(engine, below) as target:
            good = uvloop.run(soak(target, minutes))
    print("nothing is left over" if good else "SOMETHING IS LEFT OVER")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
