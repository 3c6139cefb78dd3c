"""
`python -m gateway.audio.decode SINK CHANNELS SECONDS`: sound of any form on stdin as bare samples in a file.

A process of its own, since what it reads comes from anybody: a decoder that fails, or swells, fails alone.
It says on stdout what came of it.
"""

import resource
import sys
from pathlib import Path
from typing import BinaryIO

import av
import msgspec
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from gateway.audio.decoded import Decoded

RATE = 16_000
_MEMORY = 2 * 1024 * 1024 * 1024
_FORMATS = "wav,w64,aiff,au,caf,mp3,ogg,flac,mov,matroska,webm,aac,amr,asf,ac3,wv,mpegts"
"""Forms of sound alone: a playlist would have us open what it names."""
_OPTIONS = {"format_whitelist": _FORMATS, "protocol_whitelist": "none"}


def decode(source: BinaryIO, sink: BinaryIO, channels: int, most_seconds: float) -> Decoded:
    """
    Write 16-bit samples at 16 kHz, its channels side by side.

    Lengths in headers are not believed: piped files have none, or false ones.

    Args:
        source: The sound, which can be sought in.
        sink: Takes the samples.
        channels: 1: all are mixed; 2: as they are.
        most_seconds: Stop there.
    """
    try:
        with av.open(source, mode="r", options=_OPTIONS) as container:
            if not container.streams.audio:
                return Decoded(error="it has no sound in it")
            stream = container.streams.audio[0]
            told = Decoded(channels=stream.channels)
            resampler = AudioResampler(format="s16", layout="mono" if channels == 1 else "stereo", rate=RATE)
            for frame in container.decode(stream):
                if _write(resampler, frame, sink, channels, told) > most_seconds:
                    told.cut = True
                    return told
            _write(resampler, None, sink, channels, told)
    except (av.error.FFmpegError, ValueError) as error:
        return Decoded(error=f"it is no sound that can be read ({type(error).__name__})")
    return told if told.samples else Decoded(error="it holds no samples")


def _write(
    resampler: AudioResampler, frame: AudioFrame | None, sink: BinaryIO, channels: int, told: Decoded
) -> float:
    for piece in resampler.resample(frame):
        sink.write(bytes(piece.planes[0])[: piece.samples * channels * 2])
        told.samples += piece.samples
    return told.samples / RATE


def main() -> None:
    """Decode within bounds of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    path, channels, seconds = sys.argv[1:]
    with Path(path).open("wb") as sink:
        told = decode(sys.stdin.buffer, sink, int(channels), float(seconds))
    sys.stdout.buffer.write(msgspec.json.encode(told))


if __name__ == "__main__":
    main()
