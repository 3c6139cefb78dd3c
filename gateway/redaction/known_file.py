"""A file of known people, which may change or break at any time: what was read last goes on to count."""

import csv
import logging
import time
from pathlib import Path

from gateway.redaction.contact_list import people
from gateway.redaction.phrases import Phrases

log = logging.getLogger(__name__)

_SETTLED_NS = 1_000_000_000
"""So long after its last change a file is taken to be written to its end."""


class NoList(Exception):
    """A list of known people cannot be read, and none was read before; why, without a word of it."""


class KnownFile:
    """
    The list of one file, read again when the file has changed.

    A file that is gone, empty or broken changes nothing. One that changed a moment ago may be half written:
    until it has settled, the list that was there before counts besides.

    Args:
        path: CSV, vCard or JSON.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._seen: tuple[int, int, int] | None = None
        self._lists: tuple[Phrases, ...] = ()

    @property
    def lists(self) -> tuple[Phrases, ...]:
        """The lists that count now; `NoList` when there is none."""
        try:
            status = self._path.stat()
            stamp = status.st_ino, status.st_mtime_ns, status.st_size
            settled = time.time_ns() - status.st_mtime_ns > _SETTLED_NS
        except OSError as error:
            self._keep((0, 0, 0), error)
        else:
            self._look(stamp, settled=settled)
        return self._lists

    def _look(self, stamp: tuple[int, int, int], *, settled: bool) -> None:
        if stamp != self._seen:
            try:
                fresh = Phrases(read_people(self._path))
            except ValueError as error:
                self._keep(stamp, error)
                return
            self._seen, self._lists = stamp, (fresh, *self._lists[:1])
        if settled:
            self._lists = self._lists[:1]

    def _keep(self, stamp: tuple[int, int, int], error: Exception) -> None:
        """Go on with what was read before, and say so once."""
        if not self._lists:
            raise NoList(f"the list of known people cannot be read: {why(error)}") from None
        if stamp != self._seen:
            log.warning("a list of known people cannot be read, the one before counts: %s", why(error))
        self._seen = stamp


def read_people(path: Path) -> list[str]:
    """The values of a list; `ValueError` when it cannot be read or holds none."""
    try:
        values = people(path.read_text("utf-8-sig"))
    except (OSError, csv.Error, RecursionError) as error:
        raise ValueError(why(error)) from None
    if not values:
        raise ValueError("it holds no name of three letters or more")
    return values


def why(error: Exception) -> str:
    """What is wrong with a list, without a word of it."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, OSError):
        return error.strerror or type(error).__name__
    if isinstance(error, UnicodeDecodeError):
        return "it is not UTF-8"
    return str(error)
