"""A container's log: recorded line by line with its time, and read back as `docker logs` does."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from typing import TextIO

from simulator.docker.store import Container, DaemonError, container, now
from simulator.options import parse

LONGEST = 16_384  # docker cuts a line that is longer
STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z")
DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")


class Recorder:
    """Reads the fifos of a container's output and appends whole lines to its log."""

    def __init__(self, one: Container) -> None:
        self._log = one.log
        self._names: dict[int, str] = {}
        self._partial: dict[int, bytes] = {}
        self._inlets: dict[str, int] = {}
        for stream in ("stdout", "stderr"):
            # Open for both, so that the fifo never ends while writers come and go.
            outlet = os.open(one.folder / stream, os.O_RDWR | os.O_NONBLOCK)
            self._names[outlet] = stream
            self._partial[outlet] = b""
            self._inlets[stream] = os.open(one.folder / stream, os.O_WRONLY)

    @property
    def outlets(self) -> list[int]:
        return list(self._names)

    def inlet(self, stream: str) -> int:
        """The descriptor that PID 1 writes to."""
        return self._inlets[stream]

    def take(self, outlet: int) -> bool:
        """Record what can be read now; whether there was anything."""
        try:
            data = os.read(outlet, 65_536)
        except BlockingIOError:
            return False
        *lines, rest = (self._partial[outlet] + data).split(b"\n")
        whole = [line + b"\n" for line in lines]
        while len(rest) > LONGEST:
            whole.append(rest[:LONGEST])
            rest = rest[LONGEST:]
        self._partial[outlet] = rest
        self._write(outlet, whole)
        return True

    def finish(self) -> None:
        """Record the rest of the fifos and the last lines without an end."""
        for outlet in self.outlets:
            while self.take(outlet):
                pass
            self._write(outlet, [self._partial[outlet]] if self._partial[outlet] else [])
            self._partial[outlet] = b""

    def _write(self, outlet: int, lines: list[bytes]) -> None:
        stream = self._names[outlet]
        records = ({"log": line.decode(errors="replace"), "stream": stream, "time": now()} for line in lines)
        with self._log.open("a", encoding="utf-8") as log:
            log.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def read(one: Container, *, follow: bool) -> Iterator[dict[str, str]]:
    """Records of a log; with `follow`, until the container has ended.

    The file is opened at once: the log of a `--rm` container can be read while it is being removed.
    """
    return _records(one, one.log.open(encoding="utf-8"), follow=follow)


def _records(one: Container, log: TextIO, *, follow: bool) -> Iterator[dict[str, str]]:
    rest = ""
    with log:
        while True:
            over = not follow or not one.running
            while line := log.readline():
                rest += line
                if rest.endswith("\n"):
                    yield json.loads(rest)
                    rest = ""
            if over:
                return
            time.sleep(0.02)


def show(record: dict[str, str], *, timestamps: bool = False) -> None:
    """Write a record to the stream it came from."""
    stream = sys.stderr if record["stream"] == "stderr" else sys.stdout
    stream.write(f"{record['time']} {record['log']}" if timestamps else record["log"])
    stream.flush()


def moment(text: str) -> str:
    """`--since`/`--until` (RFC 3339, Unix seconds or a duration ago) in the form of the log's times."""
    if exact := STAMP.fullmatch(text):
        return f"{exact[1]}.{exact[2] or '':0<9}Z"
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return _stamp(float(text))
    duration = DURATION.fullmatch(text)
    if text and duration:
        hours, minutes, seconds = (float(part or 0) for part in duration.groups())
        return _stamp(time.time() - hours * 3600 - minutes * 60 - seconds)
    digits = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        return _stamp(datetime.fromisoformat(digits).timestamp())
    except ValueError:
        raise DaemonError(f'invalid value for "since": failed to parse value "{text}"') from None


def logs(words: list[str]) -> int:
    """`docker logs NAME`."""
    options, names = parse(words, "follow/f timestamps/t since= until= tail/n= details")
    one = container(names[0])
    since, until = (moment(text) if text else "" for text in map(options.get, ("since", "until")))
    kept = _tail(one, since, options.get("tail", "all"))
    for number, record in enumerate(read(one, follow="follow" in options)):
        if number < kept or record["time"] < since:
            continue
        if until and record["time"] > until:
            break
        show(record, timestamps="timestamps" in options)
    return 0


def _tail(one: Container, since: str, wanted: str) -> int:
    """How many records to leave out at the beginning so that the last `wanted` since then remain."""
    if not wanted.isdigit():
        return 0
    times = [record["time"] for record in read(one, follow=False)]
    last = sum(time >= since for time in times)
    return len(times) - min(int(wanted), last)


def _stamp(seconds: float) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"{whole}.{int(seconds % 1 * 1e9):09d}Z"
