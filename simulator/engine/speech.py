"""What a simulated recogniser hears: words, turns and voices, from the length and loudness alone.

Whoever sends the same sound gets the same answer. Words stand only where the sound is not silent;
two people speak in turns of four seconds; a voice has the same print wherever it is heard.
"""

import math
import random
from itertools import cycle
from typing import Any

from simulator.engine.sound import Sound

WORD_SECONDS = 0.4
TURN_SECONDS = 4.0
VOICES = 2
PRINT_SIZE = 192
TEXT = (
    "Good morning, this is a simulated voice. It says the same few words again, for as long as "
    "the sound lasts. Nobody should take notes. We will stop when the silence comes."
)


def words(sound: Sound) -> list[dict[str, Any]]:
    """`{word, start, end}` for every stretch of the sound that is not silent."""
    heard = []
    supply = cycle(TEXT.split())
    for place in range(math.ceil(sound.seconds / WORD_SECONDS - 1e-6)):
        start = place * WORD_SECONDS
        end = min(start + WORD_SECONDS, sound.seconds)
        if sound.loud(start, end):
            span = {"start": round(start + 0.02, 3), "end": round(end - 0.02, 3)}
            heard.append({"word": next(supply)} | span)
    return heard


def segments(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Words joined to sentences; a pause of a second ends one too."""
    found: list[dict[str, Any]] = []
    for word in heard:
        last = found[-1] if found else None
        if last and last["text"][-1] not in ".?!" and word["start"] - last["end"] < 1:
            last["text"] += f" {word['word']}"
            last["end"] = word["end"]
            continue
        found.append(_segment(len(found), word))
    return found


def _segment(number: int, word: dict[str, Any]) -> dict[str, Any]:
    measures = {"avg_logprob": -0.12, "compression_ratio": 1.1, "no_speech_prob": 0.01}
    place = {"id": number, "seek": 0, "start": word["start"], "end": word["end"]}
    return place | {"text": word["word"], "tokens": [], "temperature": 0.0} | measures


def turns(sound: Sound) -> list[dict[str, Any]]:
    """`{start, end, speaker, confidence}`: speaker_0 and speaker_1 after each other."""
    found = []
    for place in range(math.ceil(sound.seconds / TURN_SECONDS - 1e-6)):
        start = place * TURN_SECONDS
        end = min(start + TURN_SECONDS, sound.seconds)
        if sound.loud(start, end):
            who = {"speaker": f"speaker_{place % VOICES}", "confidence": 0.93}
            found.append({"start": round(start, 2), "end": round(end, 2)} | who)
    return found


def voice_print(speaker: str, seconds: float) -> list[float]:
    """A 192-number vector of length one: the speaker's own, a little blurred by the occasion."""
    own = _direction(speaker)
    blur = _direction(f"{speaker} {seconds:.2f}")
    return _unit([a + 0.5 * b for a, b in zip(own, blur, strict=True)])


def _direction(seed: str) -> list[float]:
    chance = random.Random(seed)  # noqa: S311 - the same for the same seed is what is wanted
    return _unit([chance.gauss(0, 1) for _ in range(PRINT_SIZE)])


def _unit(vector: list[float]) -> list[float]:
    length = math.sqrt(sum(x * x for x in vector))
    return [round(x / length, 6) for x in vector]


def clock(seconds: float, comma: str) -> str:
    """`00:00:01,500` for subtitles; WebVTT has a point for the comma."""
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{comma}{rest % 1000:03d}"


def subtitles(parts: list[dict[str, Any]], form: str) -> str:
    """Segments as `srt` or `vtt`."""
    comma = "," if form == "srt" else "."
    lines = [] if form == "srt" else ["WEBVTT", ""]
    for number, part in enumerate(parts, 1):
        if form == "srt":
            lines.append(str(number))
        times = f"{clock(part['start'], comma)} --> {clock(part['end'], comma)}"
        lines += [times, part["text"], ""]
    return "\n".join(lines) + "\n"
