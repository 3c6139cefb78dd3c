"""What is seen of an answer's body while it passes: its size, its pace, and the tokens it reports."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from functools import lru_cache
from time import monotonic

from gateway.telemetry.usage import Usage, usage_of_body, usage_of_events

Headers = Iterable[tuple[bytes, bytes]]

GAP_BOUNDS = (
    0.001, 0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05,
    0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 2.5, 10.0, 60.0,
)  # fmt: skip
"""Upper bounds, in seconds, of the bins for the time between two parts of a stream; one more bin is open."""

_HEAD = 4 * 1024
_TAIL = 16 * 1024
_FULL = _TAIL + 8 * 1024
"""The tail is cut back to its size only now and then: most parts cost one append."""

_EVENT = b"\ndata:"

# Comments, and events that are sent before the model has thought at all.
_SILENT = re.compile(
    rb"(?:\s|:[^\n]*\n"
    rb"|event: ?(?:response\.(?:created|queued|in_progress)|message_start|ping)\r?\ndata:[^\n]*\n)*"
)


class Passing:
    """A body of which only the bytes are counted."""

    first_at = 0.0
    events = 0
    gaps: Sequence[int] = ()
    gap_seconds = 0.0
    _size = 0

    @property
    def size(self) -> int:
        """Bytes until now."""
        return self._size

    def passes(self, data: bytes) -> None:
        """Take note of the body's next part."""
        if not self.first_at:
            self.first_at = monotonic()
        self._size += len(data)

    def ends(self) -> Usage | None:
        """What the body reported of itself; what was kept of it is let go."""
        return None


class Body(Passing):
    """A JSON body: its two ends are kept until it is over."""

    _head = b""
    _cut = 0

    def __init__(self) -> None:
        self._kept = bytearray()

    @property
    def size(self) -> int:
        return self._cut + len(self._kept)

    def passes(self, data: bytes) -> None:
        if not self.first_at:
            self.first_at = monotonic()
        kept = self._kept
        kept += data
        if len(kept) > _FULL:
            self._settle()

    def ends(self) -> Usage | None:
        self._settle()
        usage = self._usage()
        self._cut += len(self._kept)
        self._kept = bytearray()
        return usage

    def _usage(self) -> Usage | None:
        return usage_of_body(self._head or self._kept, self._kept, self._cut > 0)

    def _settle(self) -> None:
        kept = self._kept
        extra = len(kept) - _TAIL
        if extra > 0:
            self._head = self._head or bytes(kept[:_HEAD])
            del kept[:extra]
            self._cut += extra


class Events(Body):
    """
    A stream of server-sent events.

    Attributes:
        first_at: When the model first spoke (`time.monotonic`), which may be later than the first bytes.
        events: Lines of data; complete when the stream has ended.
        gaps: How many parts came within each of `GAP_BOUNDS` after the one before.
        gap_seconds: The sum of those times.
    """

    _last = 0.0
    _counted = 0

    def __init__(self) -> None:
        super().__init__()
        self._bins = [0] * (len(GAP_BOUNDS) + 1)

    def passes(self, data: bytes) -> None:
        now = monotonic()
        if self._last:
            self._bins[bisect_left(GAP_BOUNDS, now - self._last)] += 1
            self._last = now
        elif not _SILENT.fullmatch(data):
            self.first_at = self._last = now
        kept = self._kept
        kept += data
        if len(kept) > _FULL:
            self._settle()

    def _usage(self) -> Usage | None:
        head = self._head or self._kept
        self.gaps, self.gap_seconds = self._bins, self._last - self.first_at
        self.events += head.startswith(_EVENT[1:])
        return usage_of_events(head, self._kept, self._cut > 0)

    def _settle(self) -> None:
        kept = self._kept
        self.events += kept.count(_EVENT, self._counted)
        super()._settle()
        # An event's first bytes may be all that is here of it.
        self._counted = max(0, len(kept) - len(_EVENT) + 1)


def passing(headers: Headers) -> Passing:
    """What can be seen of a body with these headers (names in lower case): a compressed one is not read."""
    given = dict(headers)
    return _kind(given.get(b"content-type", b""), given.get(b"content-encoding", b"identity"))()


@lru_cache(maxsize=64)
def _kind(content_type: bytes, encoding: bytes) -> type[Passing]:
    media_type = content_type.partition(b";")[0].strip().lower()
    if encoding.strip().lower() != b"identity":
        return Passing
    if media_type == b"text/event-stream":
        return Events
    return Body if media_type == b"application/json" else Passing
