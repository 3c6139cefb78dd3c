"""A made-up voice: letters to sound, 24 kHz 16-bit mono, quick enough to stream.

It is no speech, but it is shaped like it: syllables of harmonics under a moving envelope, pauses at
blanks and stops, a pitch for every voice.
"""

import math
import zlib
from array import array
from functools import lru_cache

RATE = 24_000
SYLLABLE = 0.07  # seconds of one letter at speed 1
PAUSES = {" ": 0.05, ",": 0.15, ".": 0.25, "?": 0.25, "!": 0.25}
FORMANTS = {"a": 700, "e": 500, "i": 300, "o": 450, "u": 320, "y": 310}


def pitch(name: str) -> float:
    """The base frequency of a voice in Hz; af_ and bf_ voices are high, am_ and bm_ low."""
    low = 105.0 if name[1:2] == "m" else 190.0
    return low + zlib.crc32(name.encode()) % 40


def speak(text: str, hertz: float, speed: float) -> bytes:
    """Samples of text, little-endian."""
    pieces = []
    for letter in text.lower():
        if letter in PAUSES:
            pieces.append(bytes(2 * int(PAUSES[letter] / speed * RATE)))
        elif letter.isalnum():
            pieces.append(_syllable(letter, hertz, speed))
    return b"".join(pieces)


@lru_cache(maxsize=512)
def _syllable(letter: str, hertz: float, speed: float) -> bytes:
    """One letter: three harmonics, the one nearest its formant the strongest."""
    count = int(SYLLABLE / speed * RATE)
    formant = FORMANTS.get(letter, 900 + ord(letter) % 40 * 30)
    loud = 1.0 if letter in FORMANTS else 0.4
    strengths = [1 / (1 + abs(hertz * n - formant) / 300) for n in (1, 2, 3)]
    step = 2 * math.pi * hertz / RATE
    samples = array("h")
    for place in range(count):
        swell = math.sin(math.pi * place / count)
        wave = sum(s * math.sin(step * n * place) for n, s in enumerate(strengths, 1))
        samples.append(int(9000 * loud * swell * wave / sum(strengths)))
    return samples.tobytes()


def sentences(text: str) -> list[str]:
    """The pieces that are sent one by one."""
    found = [""]
    for word in text.split():
        found[-1] += f"{word} "
        if word[-1] in ".?!":
            found.append("")
    return [part for part in found if part]
