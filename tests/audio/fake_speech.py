"""A speech service over a real socket that knows what is said at which second of what it is sent."""

import io
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
from multipart import MultipartParser

from gateway.audio.bands import RATE

MARK = 1000
"""A recording's samples count tenths of a second from here on, so that a piece tells where it comes from."""


@dataclass
class FakeSpeech:
    """
    Answers for a conversation that is the same whoever asks: who says what from when to when.

    Attributes:
        said: `(word, speaker, start, end)`.
        trouble: By path, status and body in place of an answer.
        hold: Requests wait for it while it is not set.
        asked: Path and fields of each request, and the seconds of sound it had.
    """

    said: list[tuple[str, str, float, float]] = field(default_factory=list)
    trouble: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    hold: threading.Event = field(default_factory=threading.Event)
    asked: list[tuple[str, dict[str, list[str]], float]] = field(default_factory=list)
    arrived: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    word_times: bool = True

    def __post_init__(self) -> None:
        handler = type("Handler", (_Handler,), {"speech": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.reset()

    def reset(self) -> None:
        self.said = []
        self.trouble = {}
        self.word_times = True
        self.asked.clear()
        self.hold.set()

    def close(self) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, samples: Any) -> dict[str, Any]:
        heard = self.heard(path, samples)
        return _words(heard, self.word_times) if path.endswith("transcriptions") else _speakers(heard, path)

    def heard(self, path: str, samples: Any) -> list[tuple[str, str, float, float]]:
        """`(word, speaker, start, end)` in the time of the samples."""
        start, seconds = origin(samples), len(samples) / RATE
        return [
            (word, speaker, begin - start, end - start)
            for word, speaker, begin, end in self.said
            if begin >= start - 0.05 and end <= start + seconds + 0.05
        ]


def origin(samples: Any) -> float:
    """The second of the recording at which these samples begin."""
    return (int(samples[0]) - MARK) / 10 if len(samples) else 0.0


def recording(seconds: float) -> Any:
    """Samples that tell their own time."""
    tenths = np.arange(round(seconds * 10), dtype=np.int16) + MARK
    return np.repeat(tenths, RATE // 10)


def wav(samples: Any, channels: int = 1, size: int | None = None) -> bytes:
    """A WAV file; `size` lies about the length of its data."""
    data = np.asarray(samples, dtype="<i2").tobytes()
    told = len(data) if size is None else size
    head = (
        b"RIFF" + ((36 + told) & 0xFFFFFFFF).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    )
    form = np.array([1, channels], "<u2").tobytes() + np.array([RATE, RATE * 2 * channels], "<u4").tobytes()
    return (
        head
        + form
        + np.array([2 * channels, 16], "<u2").tobytes()
        + b"data"
        + told.to_bytes(4, "little")
        + data
    )


def _words(heard: list[Any], with_times: bool) -> dict[str, Any]:
    words = [{"word": word, "start": begin, "end": end} for word, _, begin, end in heard]
    text = " ".join(each["word"] for each in words)
    sentence = {"text": text, "start": heard[0][2], "end": heard[-1][3]} if heard else {"text": ""}
    told: dict[str, Any] = {"text": text, "language": "en", "duration": 1, "segments": [sentence]}
    return told | ({"words": words} if with_times else {})


def _speakers(heard: list[Any], path: str) -> dict[str, Any]:
    """Labels count from 0 in each piece, as those of a diarizer do; prints are the speaker's own."""
    names = list(dict.fromkeys(speaker for _, speaker, _, _ in heard))
    segments = [
        {"speaker": f"speaker_{names.index(speaker)}", "start": begin, "end": end, "confidence": 0.9}
        for _, speaker, begin, end in heard
    ]
    prints = {f"speaker_{at}": _print(name) for at, name in enumerate(names)}
    return {"segments": segments} | ({"fingerprints": prints} if path.endswith("chunk") else {})


def _print(name: str) -> list[float]:
    return np.random.default_rng(ord(name[0])).standard_normal(192).round(4).tolist()


class _Handler(BaseHTTPRequestHandler):
    speech: FakeSpeech
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._send(200, b'{"status": "ok"}')

    def do_POST(self) -> None:
        speech = self.speech
        boundary = self.headers["content-type"].partition("boundary=")[2]
        body = self.rfile.read(int(self.headers["content-length"]))
        fields: dict[str, list[str]] = {}
        samples = np.zeros(0, dtype="<i2")
        for part in _parts(body, boundary):
            if part.name == "file":
                samples = np.frombuffer(part.raw[44:], dtype="<i2")
            else:
                fields.setdefault(part.name, []).append(part.value)
        speech.asked.append((self.path, fields, len(samples) / RATE))
        speech.arrived.release()
        speech.hold.wait(30)
        status, answer = speech.trouble.get(self.path) or (
            200,
            json.dumps(speech.answer(self.path, samples)).encode(),
        )
        self._send(status, answer)

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _parts(body: bytes, boundary: str) -> Any:
    return MultipartParser(io.BytesIO(body), boundary, memfile_limit=2**26, memory_limit=2**27)
