"""Sound files as samples: how long, how loud when, and how to write WAV."""

import struct
import sys
from array import array
from dataclasses import dataclass

LOUD = 250  # of 32767: anything above is taken for speech
UNKNOWN = 0xFFFFFFFF  # what streams write as their size
OPUS_BYTES = 3000  # bytes of a second of Opus at 24 kbit/s


class NotSound(ValueError):
    """Neither WAV nor any sound file that clients send."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound of `seconds`; samples (16 bit, all channels in turn) only when it was PCM WAV."""

    seconds: float
    rate: int = 0
    channels: int = 1
    samples: "array[int] | None" = None

    def loud(self, start: float, end: float) -> bool:
        """True if there is more than silence between two times; unknown sounds are speech."""
        if self.samples is None:
            return True
        first, last = (int(t * self.rate) * self.channels for t in (start, end))
        # Every thirty-first sample is enough to tell speech from silence.
        return max(map(abs, self.samples[first:last:31]), default=0) > LOUD


def read_sound(data: bytes) -> Sound:
    """A sound from a file's bytes: WAV truly, compressed ones by their size; raises NotSound."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _read_wav(data)
    known = (b"\x1aE\xdf\xa3", b"OggS", b"fLaC", b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf1")
    if data.startswith(known) or data[4:8] == b"ftyp":
        return Sound(len(data) / OPUS_BYTES)
    raise NotSound("Invalid file format")


def _read_wav(data: bytes) -> Sound:
    place, form = 12, None
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        place += 8
        if name == b"fmt ":
            form = struct.unpack_from("<HHIIHH", data, place)
        if name == b"data" and form is not None:
            # A size in the header may be a lie; the bytes that are there are not.
            return _samples(data[place : place + size], form)
        place += size + (size & 1)
    raise NotSound("Invalid WAV file")


def _samples(body: bytes, form: tuple[int, ...]) -> Sound:
    kind, channels, rate, _, frame, bits = form
    if not (channels and rate and frame):
        raise NotSound("Invalid WAV file")
    seconds = len(body) / frame / rate
    if kind not in {1, 0xFFFE} or bits != 16:
        return Sound(seconds, rate, channels)
    samples = array("h", body[: len(body) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return Sound(seconds, rate, channels, samples)


def wav_head(rate: int, size: int = UNKNOWN) -> bytes:
    """The head of a mono 16-bit WAV file of `size` bytes of samples; a stream does not know it."""
    whole = size if size == UNKNOWN else size + 36
    form = struct.pack("<HHIIHH", 1, 1, rate, rate * 2, 2, 16)
    return struct.pack("<4sI8sI", b"RIFF", whole, b"WAVEfmt ", 16) + form + struct.pack("<4sI", b"data", size)
