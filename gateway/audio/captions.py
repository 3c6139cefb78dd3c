"""Blocks as captions: short lines with their times, as SubRip or WebVTT (pure)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from gateway.audio.joining import join
from gateway.audio.transcript import Block, SpokenWord

_LONGEST_TEXT = 84
"""Characters that two lines on a screen hold."""
_LONGEST_SECONDS = 7.0


@dataclass(frozen=True, slots=True)
class Caption:
    """What stands on the screen, by whom (None: nobody knows), from when to when in seconds."""

    speaker: str | None
    start: float
    end: float
    text: str


def captions(blocks: Sequence[Block], *, spaced: bool) -> Iterator[Caption]:
    """The blocks in pieces that can be read, cut at ends of sentences where there are some."""
    for block in blocks:
        line: list[SpokenWord] = []
        for word in block.words:
            if line and _is_full(line, word, spaced=spaced):
                yield _caption(block, line, spaced=spaced)
                line = []
            line.append(word)
        yield _caption(block, line, spaced=spaced)


def srt(blocks: Sequence[Block], *, spaced: bool) -> str:
    """SubRip: numbered, with commas in its times, the speaker before the text."""
    return "".join(
        f"{number}\n{_times(each, ',')}\n{named(each.speaker, each.text)}\n\n"
        for number, each in enumerate(captions(blocks, spaced=spaced), 1)
    )


def vtt(blocks: Sequence[Block], *, spaced: bool) -> str:
    """WebVTT: the speaker as a voice, what would be markup written out."""
    cues = "".join(f"{_times(each, '.')}\n{_voiced(each)}\n\n" for each in captions(blocks, spaced=spaced))
    return f"WEBVTT\n\n{cues}"


def named(speaker: str | None, text: str) -> str:
    """A line of a transcript that is read."""
    return text if speaker is None else f"{speaker}: {text}"


def _voiced(caption: Caption) -> str:
    text = escape(caption.text, quote=False)
    return text if caption.speaker is None else f"<v {escape(caption.speaker, quote=False)}>{text}"


def _is_full(line: Sequence[SpokenWord], word: SpokenWord, *, spaced: bool) -> bool:
    text = join([each.word.text for each in line], spaced=spaced)
    sentence_ends = text.endswith((".", "?", "!", "。", "？", "！")) and len(text) > _LONGEST_TEXT // 2  # noqa: RUF001
    is_long = len(text) + len(word.word.text) > _LONGEST_TEXT
    return sentence_ends or is_long or word.word.end - line[0].word.start > _LONGEST_SECONDS


def _caption(block: Block, line: Sequence[SpokenWord], *, spaced: bool) -> Caption:
    text = join([each.word.text for each in line], spaced=spaced)
    return Caption(block.speaker, line[0].word.start, max(each.word.end for each in line), text)


def _times(caption: Caption, point: str) -> str:
    return f"{_clock(caption.start, point)} --> {_clock(caption.end, point)}"


def _clock(seconds: float, point: str) -> str:
    milliseconds = round(seconds * 1000)
    minutes, rest = divmod(milliseconds, 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"
