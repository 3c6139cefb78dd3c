"""Energies of a recording in bands of frequency, a hundred times a second (pure)."""

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
"""Samples a second of all sound in here."""
FRAMES = 100
"""Frames a second."""

_HOP = RATE // FRAMES
_WINDOW = 2 * _HOP
_EDGES = (100, 300, 500, 700, 1000, 1400, 2000, 2800, 4000, 6000)
"""Hertz, each band as wide as the ear hears: bleed is coloured by the loudspeaker and the room."""
_AT_ONCE = 10 * FRAMES
"""Frames whose spectra are held in memory at once."""

Samples = NDArray[np.float32]
Energies = NDArray[np.float64]


def bands(samples: Samples) -> Energies:
    """Frames by bands; 16 kHz mono in, at least 20 ms of it for a first frame."""
    count = max(0, len(samples) // _HOP - 1)
    parts = [_bands_of(samples, at, min(at + _AT_ONCE, count)) for at in range(0, count, _AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros((0, len(_EDGES) - 1))


def loudness(samples: Samples) -> Energies:
    """The mean square of each frame of 10 ms."""
    frames = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP)
    return np.asarray(np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / _HOP, dtype=np.float64)


def _bands_of(samples: Samples, start: int, end: int) -> Energies:
    windows = np.lib.stride_tricks.sliding_window_view(samples, _WINDOW)[start * _HOP : end * _HOP : _HOP]
    spectra = np.abs(np.fft.rfft(windows * np.hanning(_WINDOW).astype(np.float32), axis=1)) ** 2
    frequencies = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    limits = np.searchsorted(frequencies, _EDGES)
    return np.asarray(np.add.reduceat(spectra, limits, axis=1)[:, :-1], dtype=np.float64)
