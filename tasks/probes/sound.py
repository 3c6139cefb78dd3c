"""Sound as a service sends it: how long it lasts, and whether it is more than silence (pure)."""

import struct
import sys
from array import array
from dataclasses import dataclass

LOUD = 250
"""Of 32767: anything above is a sound."""

PCM_RATE = 24_000
"""Of samples without a head (spark-tools.md 4.4)."""

_PCM, _EXTENSIBLE = 1, 0xFFFE
_BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s of layer III by the two bits of the version: 3 is MPEG 1, the others are MPEG 2 and 2.5."""


@dataclass(frozen=True)
class Sound:
    """Its length in seconds, and the loudest sample of 32767; None where only a decoder could tell."""

    seconds: float
    peak: int | None = None


class NotSound(ValueError):
    """It cannot be played; the message says why."""


def read_sound(data: bytes, kind: str) -> Sound:
    """
    The sound in an answer; `NotSound` when there is none.

    Args:
        data: The whole of it.
        kind: Its content type: samples without a head show by nothing else.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return _wav(data)
    if data[:3] == b"ID3" or _is_frame(data):
        return _mp3(data)
    if kind in ("audio/pcm", "audio/l16", "application/octet-stream"):
        return Sound(len(data) / 2 / PCM_RATE, _peak(data))
    raise NotSound(f"it is neither WAV, mp3 nor samples, but {kind or 'something without a type'}")


def _wav(data: bytes) -> Sound:
    """Sizes in the head may be unknown (a stream's): the bytes that are there count."""
    place, form = 12, None
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        place += 8
        if name == b"fmt " and place + 16 <= len(data):
            form = struct.unpack_from("<HHIIHH", data, place)
        if name == b"data":
            if form is None:
                break
            return _samples(data[place : place + size], form)
        place += size + (size & 1)
    raise NotSound("it is a WAV file without samples")


def _samples(body: bytes, form: tuple[int, ...]) -> Sound:
    kind, _channels, rate, _bytes, frame, bits = form
    if not rate or not frame:
        raise NotSound("it is a WAV file whose head makes no sense")
    plain = kind in (_PCM, _EXTENSIBLE) and bits == 16
    return Sound(len(body) / frame / rate, _peak(body) if plain else None)


def _peak(body: bytes) -> int:
    samples = array("h", body[: len(body) // 2 * 2])
    if sys.byteorder == "big":
        samples.byteswap()
    return max(map(abs, samples), default=0)


def _is_frame(data: bytes) -> bool:
    """A frame of layer III begins here."""
    return len(data) >= 4 and data[0] == 0xFF and data[1] & 0xE6 == 0xE2


def _mp3(data: bytes) -> Sound:
    """The length by the bit rate of the first frame."""
    place = 0
    if data[:3] == b"ID3" and len(data) >= 10:
        size = data[6] << 21 | data[7] << 14 | data[8] << 7 | data[9]
        place = 10 + size
    frame = data[place : place + 4]
    if not _is_frame(frame):
        raise NotSound("it is an mp3 file without a frame")
    number = frame[2] >> 4
    rates = _BITRATES[3 if frame[1] >> 3 & 3 == 3 else 2]
    if not 0 < number < len(rates):
        raise NotSound("it is an mp3 file whose first frame makes no sense")
    return Sound((len(data) - place) * 8 / rates[number] / 1000)
