"""
The remote side as the local microphone hears it: whether, how much later and how loud (pure).

Loudspeakers bleed into the microphone.  One delay, and one gain for each band of frequency, predict the
energy of that bleed well enough to say of each word how much of it nobody else can have made.
"""

from dataclasses import dataclass

import numpy as np

from gateway.audio.bands import FRAMES, Energies

LEAST_ALIKE = 0.30
"""Correlation of both sides from which on there is bleed: 0.15 at most without any, 0.45 at least with it."""

_EARLIEST, _LATEST = -6, 50
"""Frames by which the bleed may come after the remote side: the air, the device, two clocks."""
_LEAST_TALK = 3 * FRAMES
"""Frames of remote speech from which on the two sides can be compared."""
_DETREND = 31
"""Frames of the mean that is taken off: what turns of talk have in common is no bleed."""
_LOUD = 10**-2.5
_AUDIBLE = 10**-2.0
"""Parts of the loud frames' energy above which the remote side talks, or can be heard."""
_FLOOR = 10**-5.0
_DECAY = float(np.exp(-1 / 2))
"""What is left of a sound in the room after one frame."""


@dataclass(frozen=True)
class Echo:
    """
    How the remote side gets into the microphone.

    Attributes:
        lag: Frames of 10 ms by which it comes later.
        gains: The energy in each band, as a multiple of the remote side's.
    """

    lag: int
    gains: Energies


def can_tell(remote_loudness: Energies) -> bool:
    """The remote side talks long enough to compare the two."""
    return int(_talks(remote_loudness).sum()) >= _LEAST_TALK


def find_lag(mic_loudness: Energies, remote_loudness: Energies) -> int | None:
    """Frames by which the bleed is late; None: there is no bleed.  Both of one length."""
    mic, remote = _detrended(mic_loudness), _detrended(remote_loudness)
    talks = _talks(remote_loudness)
    alike = [_correlation(mic, remote, talks, lag) for lag in range(_EARLIEST, _LATEST + 1)]
    best = int(np.argmax(alike))
    return best + _EARLIEST if alike[best] >= LEAST_ALIKE else None


def find_echo(mic: Energies, remote: Energies, lag: int) -> Echo:
    """The gain of each band by least squares, over frames in which the remote side can be heard."""
    heard = _heard(remote, lag)
    total = heard.sum(axis=1)
    audible = total > np.percentile(total, 95) * _AUDIBLE
    there, made = mic[audible], heard[audible]
    gains = (there * made).sum(axis=0) / np.maximum((made * made).sum(axis=0), 1e-30)
    return Echo(lag, np.asarray(gains, dtype=np.float64))


def excess(mic: Energies, remote: Energies, echo: Echo) -> tuple[Energies, Energies]:
    """Of each frame: the energy that the bleed and the noise leave over, and theirs."""
    noise = np.percentile(mic, 10, axis=0)
    explained = _heard(remote, echo.lag) * echo.gains + noise
    return np.maximum(mic - explained, 0).sum(axis=1), explained.sum(axis=1)


def _talks(loudness: Energies) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    top = np.percentile(loudness, 95) if len(loudness) else 0.0
    return np.asarray(loudness > max(top * _LOUD, 1e-12))


def _detrended(loudness: Energies) -> Energies:
    """Decibels around their mean over a third of a second; near silence counts as silence."""
    floor = max(np.percentile(loudness, 10), np.percentile(loudness, 95) * _FLOOR, 1e-12)
    levels = 10 * np.log10(loudness + floor)
    padded = np.pad(levels, _DETREND // 2, mode="edge")
    return np.asarray(levels - np.convolve(padded, np.full(_DETREND, 1 / _DETREND), mode="valid"))


def _correlation(
    mic: Energies, remote: Energies, talks: np.ndarray[tuple[int], np.dtype[np.bool_]], lag: int
) -> float:
    start, end = max(0, lag), min(len(mic), len(mic) + lag)
    then = talks[start - lag : end - lag]
    if then.sum() < _LEAST_TALK // 2:
        return 0.0
    here, there = mic[start:end][then], remote[start - lag : end - lag][then]
    here, there = here - here.mean(), there - there.mean()
    scale = float(np.sqrt((here * here).sum() * (there * there).sum()))
    return float((here * there).sum()) / scale if scale > 0 else 0.0


def _heard(remote: Energies, lag: int) -> Energies:
    """The remote side, late by a lag, each sound dying away in the room."""
    late = np.zeros_like(remote)
    if lag >= 0:
        late[lag:] = remote[: len(remote) - lag]
    else:
        late[:lag] = remote[-lag:]
    for at in range(1, len(late)):
        np.maximum(late[at], late[at - 1] * _DECAY, out=late[at])
    return late
