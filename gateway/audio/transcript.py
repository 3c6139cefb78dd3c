"""The words of a recogniser, the segments of a diarizer, and the blocks made of them (pure values)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """
    One token of a recogniser.

    Attributes:
        text: As it came; a leading space says that it begins a word.
        start, end: Seconds from the beginning of the recording.
        estimated: The recogniser gave no times for it: they follow from its neighbours.
    """

    text: str
    start: float
    end: float
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """
    A stretch in which the diarizer hears one speaker; those of several speakers may overlap.

    Attributes:
        speaker: The diarizer's label.
        start, end: Seconds from the beginning of the recording.
        confidence: 0 to 1; None where the diarizer says nothing.
    """

    speaker: str
    start: float
    end: float
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """
    A word with its speaker.

    Attributes:
        speaker: None: nobody knows.
        confidence: How sure it is that this one of the diarizer's speakers said it, 0 to 1; None without
            a speaker.
        uncertain: The speaker, or the time by which the speaker was found, is little more than a guess.
    """

    word: Word
    speaker: str | None
    confidence: float | None = None
    uncertain: bool = True


@dataclass(frozen=True, slots=True)
class Block:
    """
    Words of one speaker without a long pause.

    Attributes:
        speaker: None: nobody knows.
        start, end: Seconds from the beginning of the recording.
        text: The words, joined.
        confidence: The mean of the words' confidence; None without a speaker.
        words: In their order.
    """

    speaker: str | None
    start: float
    end: float
    text: str
    confidence: float | None
    words: tuple[SpokenWord, ...]
