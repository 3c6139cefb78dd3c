"""The sound of an upload: decoded by a process of its own, then read from disk piece by piece."""

import asyncio
import struct
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from gateway.audio.bands import FRAMES, RATE, Energies, loudness
from gateway.audio.decoded import Decoded
from gateway.problem import Problem, retry_after

_MODULE = "gateway.audio.decode"
_FRAMES_AT_ONCE = 10 * FRAMES
_SAMPLES_AT_ONCE = 32 * 1024
_WIDTH = 2
"""Bytes of a sample."""


@dataclass(frozen=True)
class Sound:
    """
    One channel of decoded sound on disk.

    Attributes:
        path: 16-bit samples at 16 kHz.
        channels: How many lie side by side in it.
        channel: Which of them this is.
        seconds: How long it is.
    """

    path: Path
    channels: int
    channel: int
    seconds: float

    @property
    def samples(self) -> "Samples":
        """All of them, on disk."""
        return Samples(self)

    def wav(self, start: float, end: float) -> tuple[int, Iterator[bytes]]:
        """Length in bytes and content of a WAV file with the stretch between two times in seconds."""
        samples = self.samples
        first, last = (min(round(time * RATE), len(samples)) for time in (start, end))
        return (last - first) * _WIDTH + len(_wav_head(0)), _wav_parts(samples, first, last)

    def loudness(self) -> Energies:
        """Of each 10 ms, for the choice of the cuts."""
        samples = self.samples
        hop = _FRAMES_AT_ONCE * RATE // FRAMES
        parts = [
            loudness(np.asarray(samples[at : at + hop], dtype=np.float32))
            for at in range(0, len(samples), hop)
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


class Samples:
    """
    The samples of a sound: slices of them are read when they are asked for.

    They are not mapped into memory, where all that was ever read would count as ours.
    """

    def __init__(self, sound: Sound) -> None:
        self._sound = sound
        self._size = sound.path.stat().st_size // (_WIDTH * sound.channels)

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> NDArray[np.int16]:
        first, last, _step = part.indices(self._size)
        width = _WIDTH * self._sound.channels
        with self._sound.path.open("rb") as stored:
            stored.seek(first * width)
            read = np.frombuffer(stored.read(max(0, last - first) * width), dtype="<i2")
        return np.ascontiguousarray(read[self._sound.channel :: self._sound.channels])


class Decoder:
    """Decodes uploads, a few at once: the processor is shared with everything that streams."""

    def __init__(self, at_once: int = 2) -> None:
        self._turns = asyncio.Semaphore(at_once)

    async def decode(
        self, upload: Path, sink: Path, *, channels: int, most_seconds: float, param: str
    ) -> list[Sound]:
        """
        The channels of an upload, one if `channels` is 1.

        Raises:
            Problem: 413, it is longer than `most_seconds`; 415, it cannot be read; 400, it has one channel
                and two are wanted.
        """
        async with self._turns:
            said = await _child(upload, (str(sink), str(channels), str(most_seconds)))
        return _checked(said, sink, channels, most_seconds, param)


async def _child(upload: Path, words: tuple[str, ...]) -> bytes:
    """What the decoding process says; it ends with whoever waits for it."""
    with upload.open("rb") as source:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", _MODULE, *words, stdin=source, stdout=PIPE
        )
    try:
        said, _ = await child.communicate()
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        await child.wait()
    return said


def _checked(said: bytes, sink: Path, channels: int, most_seconds: float, param: str) -> list[Sound]:
    try:
        told = msgspec.json.decode(said, type=Decoded)
    except msgspec.DecodeError:  # it ended without a word
        message = f"'{param}' could not be decoded: there is not enough memory or room on the gateway's disk"
        raise Problem(503, message, "no_room", param=param, headers=retry_after(60)) from None
    if told.error:
        raise Problem(415, f"'{param}' cannot be heard: {told.error}", "unreadable_audio", param=param)
    if told.cut:
        message = f"'{param}' is longer than {most_seconds:.0f} seconds, the longest that is taken here"
        raise Problem(413, message, "audio_too_long", param=param, limit_seconds=most_seconds)
    if channels > told.channels:
        message = "'channels' is 'dual', but the file has one channel: send the remote side as 'remote_file'"
        raise Problem(400, message, "one_channel", param="channels")
    return [Sound(sink, channels, channel, told.samples / RATE) for channel in range(channels)]


def _wav_parts(samples: Samples, first: int, last: int) -> Iterator[bytes]:
    yield _wav_head((last - first) * _WIDTH)
    for at in range(first, last, _SAMPLES_AT_ONCE):
        yield samples[at : min(at + _SAMPLES_AT_ONCE, last)].tobytes()


def _wav_head(size: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, RATE * _WIDTH, _WIDTH, 8 * _WIDTH)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
