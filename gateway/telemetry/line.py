"""A record as a line of the access log: no bodies, keys, query strings or prompts (pure)."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from gateway.telemetry.record import Record
from gateway.telemetry.usage import Usage

_LONGEST = 256


class Line(msgspec.Struct, frozen=True):
    """
    What is written of a request; times in milliseconds, sizes in bytes.

    Attributes:
        time: When it came, UTC.
        id, trace: Its own id; that of the trace it is part of, or blank.
        key: The name of the key it came with, or blank.
        first_byte_ms: Until its answer began; None: it never did.
        queue_ms: How much of `ms` it waited for its turn or for a model.
        tokens: What the answer reported; None: nothing.
    """

    time: datetime
    id: str
    trace: str
    client: str
    key: str
    method: str
    path: str
    route: str
    service: str
    model: str
    status: int
    outcome: str | None
    ms: float
    first_byte_ms: float | None
    queue_ms: float
    bytes_in: int
    bytes_out: int
    tokens: Usage | None


_encoder = msgspec.json.Encoder()


def lines(records: Iterable[Record], clock: float) -> bytes:
    """
    Records as lines of JSON.

    Args:
        records: They have ended.
        clock: What to add to `time.monotonic` to get seconds since 1970.
    """
    return _encoder.encode_lines([line(record, clock) for record in records])


def line(record: Record, clock: float) -> Line:
    """What is written of one record; texts are short and printable, whatever the client sent."""
    first_byte = record.first_byte_seconds
    return Line(
        time=datetime.fromtimestamp(round(record.began + clock, 3), UTC),
        id=_plain(record.request_id),
        trace=_plain(record.trace_id),
        client=_plain(record.client),
        key=_plain(record.key),
        method=_plain(record.method),
        path=_plain(record.path.partition("?")[0]),
        route=_plain(record.route),
        service=_plain(record.service),
        model=_plain(record.model),
        status=record.status,
        outcome=record.outcome,
        ms=_ms(record.seconds),
        first_byte_ms=None if first_byte is None else _ms(first_byte),
        queue_ms=_ms(record.queued_seconds),
        bytes_in=record.bytes_in,
        bytes_out=record.bytes_out,
        tokens=record.usage,
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 2)


def _plain(text: str) -> str:
    short = text[:_LONGEST]
    return short if short.isprintable() else "".join(c if c.isprintable() else "?" for c in short)
