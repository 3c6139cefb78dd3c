"""What a load process is asked to do, what it says it saw, and the requests it sends."""

import hashlib
import json
from collections.abc import Iterator

import msgspec

from control.bench.upstream import MODEL, PIECE

_WORDS = "Tell me in plain words what a DGX Spark is good for. " * 16


class Closed(msgspec.Struct, tag=True, frozen=True):
    """So many connections, each with one question at a time, for so many seconds."""

    connections: int
    seconds: float


class Rate(msgspec.Struct, tag=True, frozen=True):
    """So many questions a second over so many connections."""

    a_second: float
    seconds: float
    connections: int = 64


class Streams(msgspec.Struct, tag=True, frozen=True):
    """
    So many streams at once.

    Attributes:
        a_second: Events a second of each; 0: as fast as they come, and again when one has ended.
        events: How many each has.
        ramp: Seconds in which the streams are begun.
        settle: Longest time until each has had its first event.
        seconds: Length of the window in which events count; it begins then.
        patience: Seconds the streams get to end after it.
    """

    connections: int
    a_second: float
    events: int
    ramp: float
    settle: float
    seconds: float
    patience: float


class Up(msgspec.Struct, tag=True, frozen=True):
    """One recording of so many bytes up."""

    size: int


class Down(msgspec.Struct, tag=True, frozen=True):
    """Spoken audio of so many bytes down."""

    size: int


Order = Closed | Rate | Streams | Up | Down


class Job(msgspec.Struct, frozen=True):
    """
    One order for one target.

    Attributes:
        pids: The target's processes, whose CPU time is read.
        key: The key the target wants; blank: none.
        exact: The target passes bytes through, so that answers can be compared byte for byte.
    """

    port: int
    pids: list[int]
    order: Order
    key: str = ""
    exact: bool = True


class Seen(msgspec.Struct):
    """
    What became of a job.

    Attributes:
        done, failed, unfinished: Right answers, wrong ones, and those that did not end in time.
        faults: The first few things that were wrong.
        seconds, cpu_seconds: Length of the window, and the CPU time of the target in it.
        events: Events in the window.
        first_p50_ms, first_p99_ms: From the request to the first event.
    """

    done: int = 0
    failed: int = 0
    unfinished: int = 0
    faults: list[str] = []
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    events: int = 0
    first_p50_ms: float = 0.0
    first_p99_ms: float = 0.0
    longest_gap_ms: float = 0.0


def chat(job: Job, streams: Streams | None = None) -> bytes:
    """A question of about 1,000 bytes."""
    asked: dict[str, object] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": _WORDS}],
        "max_tokens": streams.events if streams else 64,
    }
    if streams:
        asked |= {"stream": True, "x_rate": streams.a_second}
    body = json.dumps(asked).encode()
    return _head(job, "/v1/chat/completions", "application/json", len(body)) + body


def speech(job: Job, order: Down) -> bytes:
    """A request for audio of a size."""
    body = json.dumps({"model": "tts", "voice": "none", "input": str(order.size)}).encode()
    return _head(job, "/v1/audio/speech", "application/json", len(body)) + body


def recording(job: Job, order: Up) -> tuple[bytes, Iterator[bytes], bytes]:
    """The head of an upload, the pieces of its body, and the SHA-256 of that body in hex."""
    start = (
        b'--bench\r\nContent-Disposition: form-data; name="model"\r\n\r\nstt\r\n'
        b'--bench\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n"
    )
    pieces = [
        start,
        *[PIECE] * (order.size // len(PIECE)),
        PIECE[: order.size % len(PIECE)],
        b"\r\n--bench--\r\n",
    ]
    whole = hashlib.sha256()
    for piece in pieces:
        whole.update(piece)
    size = sum(map(len, pieces))
    head = _head(job, "/v1/audio/transcriptions", "multipart/form-data; boundary=bench", size)
    return head, iter(pieces), whole.hexdigest().encode()


def _head(job: Job, path: str, kind: str, length: int) -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        f"Host: 127.0.0.1:{job.port}",
        f"Content-Type: {kind}",
        f"Content-Length: {length}",
        "Accept: */*",
    ]
    if job.key:
        lines.append(f"Authorization: Bearer {job.key}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
