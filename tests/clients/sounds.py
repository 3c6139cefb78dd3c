"""A sound with words in it for the simulated recogniser: three seconds that are not silent."""

import io
import math
import struct
import wave

RATE = 16_000


def recording(seconds: float = 3) -> bytes:
    """A WAV file, 16 kHz mono."""
    samples = [int(8000 * math.sin(k / 9)) for k in range(int(seconds * RATE))]
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()
