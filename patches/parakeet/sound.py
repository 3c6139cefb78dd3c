"""Uploads as sound: any file a client sends becomes a WAV file of 16 kHz, mono, 16 bit."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
import wave
from array import array
from collections.abc import Iterator
from pathlib import Path

RATE = 16_000
BLOCK = RATE * 10
DECODE_SECONDS = 300
FORMATS = "wav,w64,mp3,ogg,flac,matroska,webm,mov,mp4,m4a,3gp,aac,aiff,amr,caf"
"""What ffmpeg may read: a playlist, which could name other files of this machine, is none of them."""


class NotSound(ValueError):
    """What was sent cannot be decoded."""


class TooLong(ValueError):
    """It lasts longer than is allowed; what a file says of its length is not trusted."""


def decode(source: Path, target: Path, most_seconds: float) -> float:
    """
    Write what a file sounds like to a WAV file; returns its seconds.

    Raises:
        NotSound: It is no sound, or in a form that nothing here can read.
        TooLong: It lasts longer than `most_seconds`; decoding ends there.
    """
    if not _copy_plain(source, target, most_seconds):
        if shutil.which("ffmpeg"):
            _with_ffmpeg(source, target, most_seconds)
        else:
            _with_soundfile(source, target, most_seconds)
    seconds = _seconds(target)
    if seconds > most_seconds:
        raise TooLong
    return seconds


def read_samples(file: Path) -> array[int]:
    """The samples of a WAV file that `decode` has written."""
    samples = array("h")
    with wave.open(str(file)) as sound:
        samples.frombytes(sound.readframes(sound.getnframes()))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples


def _seconds(file: Path) -> float:
    with wave.open(str(file)) as sound:
        return float(sound.getnframes() / RATE)


def _write(target: Path, blocks: Iterator[bytes]) -> None:
    with wave.open(str(target), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        for block in blocks:
            sound.writeframes(block)


def _copy_plain(source: Path, target: Path, most_seconds: float) -> bool:
    """Take a WAV file as it is when it has our form already; False when it has another."""
    try:
        with wave.open(str(source)) as sound:
            if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (RATE, 1, 2):
                return False
            # A stream writes a size that it does not know: what is there counts.
            blocks = iter(lambda: sound.readframes(BLOCK), b"")
            _write(target, _cut(blocks, most_seconds))
    except (wave.Error, EOFError):
        return False
    return True


def _cut(blocks: Iterator[bytes], most_seconds: float) -> Iterator[bytes]:
    """Blocks of samples until a second more than is allowed has come."""
    left = int((most_seconds + 1) * RATE) * 2
    for block in blocks:
        yield block[: max(left, 0) // 2 * 2]
        left -= len(block)
        if left <= 0:
            return


def _with_ffmpeg(source: Path, target: Path, most_seconds: float) -> None:
    words = [
        *("ffmpeg", "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-format_whitelist", FORMATS),
        *("-i", str(source), "-vn", "-ac", "1", "-ar", str(RATE), "-c:a", "pcm_s16le"),
        *("-t", f"{most_seconds + 1:g}", "-f", "wav", "-y", str(target)),
    ]
    try:
        done = subprocess.run(words, capture_output=True, timeout=DECODE_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise NotSound("The file could not be decoded in time") from None
    if done.returncode or not target.exists():
        lines = done.stderr.decode("utf-8", "replace").replace(str(source), "the file").strip().splitlines()
        raise NotSound(f"The file cannot be decoded: {lines[-1][:200] if lines else 'it holds no sound'}")


def _with_soundfile(source: Path, target: Path, most_seconds: float) -> None:
    """What NeMo's own dependencies can read: WAV, FLAC, Ogg and MP3, of any rate."""
    try:
        soundfile = importlib.import_module("soundfile")
        resample = importlib.import_module("scipy.signal").resample_poly
    except ImportError:
        raise NotSound("Only WAV files of 16 kHz, mono, 16 bit can be read: ffmpeg is missing") from None
    try:
        with soundfile.SoundFile(str(source)) as sound:
            frames = int((most_seconds + 1) * sound.samplerate)
            heard = sound.read(frames, dtype="float32", always_2d=True).mean(axis=1)
            heard = resample(heard, RATE, sound.samplerate)
    except (RuntimeError, ValueError) as error:
        raise NotSound(f"The file cannot be decoded: {str(error)[:200]}") from error
    _write(target, iter([(heard.clip(-1, 1) * 32767).astype("<i2").tobytes()]))
