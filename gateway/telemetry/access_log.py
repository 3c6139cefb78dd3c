"""The access log: a line of JSON for each request, written by a thread of its own."""

import logging
import os
import time
from collections import deque
from pathlib import Path
from threading import Event, Thread

from gateway.telemetry.line import lines
from gateway.telemetry.record import Record

log = logging.getLogger(__name__)

MOST_WAITING = 10_000
"""More are dropped and counted: a disk that hangs must cost neither memory nor the event loop's time."""

_BATCH = 64
"""Few enough that the thread soon lets the event loop have the interpreter."""

_PAUSE_SECONDS = 0.2
_LAST_SECONDS = 5.0
_STDOUT = 1


class AccessLog:
    """
    Writes records to a file, which may be moved away at any time, or to standard output.

    Args:
        target: A path; `-`: standard output; `off`: nothing is written.

    Attributes:
        dropped: Lines that were not written, because too many waited or because writing failed.
    """

    def __init__(self, target: str) -> None:
        self.dropped = 0
        self._failing = False
        self._waiting: deque[Record] = deque()
        self._closing = Event()
        self._thread: Thread | None = None
        if target != "off":
            out = _Out(None if target == "-" else Path(target))
            self._thread = Thread(target=self._work, args=(out,), name="access log", daemon=True)
            self._thread.start()

    def write(self, record: Record) -> None:
        """Have a record written soon; it must not change any more.  Never waits."""
        if self._thread is None:
            return
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(record)
        else:
            self.dropped += 1

    def close(self) -> None:
        """Write what still waits; gives up after 5 s."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(_LAST_SECONDS)

    def _work(self, out: "_Out") -> None:
        while not self._closing.wait(_PAUSE_SECONDS):
            self._write_waiting(out)
        self._write_waiting(out)
        out.close()

    def _write_waiting(self, out: "_Out") -> None:
        waiting, clock = self._waiting, time.time() - time.monotonic()
        while waiting:
            batch = [waiting.popleft() for _ in range(min(_BATCH, len(waiting)))]
            try:
                out.write(lines(batch, clock))
                self._failing = False
            except OSError as error:
                self.dropped += len(batch)
                self._say_once(error)

    def _say_once(self, error: OSError) -> None:
        if not self._failing:
            log.warning("the access log cannot be written: %s", error)
        self._failing = True


class _Out:
    """Appends whole lines to a file, or to standard output without a path."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = _STDOUT if path is None else -1
        self._identity: tuple[int, int] | None = None
        self._torn = False

    def write(self, data: bytes) -> None:
        """Append; `OSError` when some or all of it could not be."""
        self._follow()
        # A full disk may have cut the line before: do not let it spoil this one.
        rest = whole = b"\n" + data if self._torn else data
        try:
            while rest:
                rest = rest[os.write(self._file, rest) :]
        finally:
            self._torn = bool(rest) and (self._torn or len(rest) < len(whole))

    def close(self) -> None:
        """Close the file; standard output stays open."""
        if self._path is not None and self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _follow(self) -> None:
        """Open the file again when it was moved away or deleted, as log rotation does."""
        if self._path is None:
            return
        if self._identity is not None and self._identity == _identity(self._path):
            return
        self.close()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        self._identity, self._torn = _identity(self._path), False


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        seen = path.stat()
    except FileNotFoundError:
        return None
    return seen.st_dev, seen.st_ino
