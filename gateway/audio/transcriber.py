"""A recording as a transcript with speakers: pieces heard one after the other, then merged as a whole."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from gateway.audio.answers import Diarized, Recognised
from gateway.audio.bands import Energies
from gateway.audio.blocks import blocks_of
from gateway.audio.cleaning import RawWord, clean_words
from gateway.audio.dual import said_here
from gateway.audio.formats import Transcript
from gateway.audio.joining import is_spaced
from gateway.audio.merge import with_speakers
from gateway.audio.options import AudioOptions
from gateway.audio.pieces import Piece, plan
from gateway.audio.seams import Heard, joined_segments, joined_words
from gateway.audio.sound import Sound
from gateway.audio.speech_service import Asker, Fields, SpeechService
from gateway.audio.transcript import Block, Segment, SpokenWord, Word
from gateway.problem import Problem

LOCAL, REMOTE = "local", "remote"

Progress = Callable[[float, float], None]
"""Is told how many seconds of how many are done."""


@dataclass
class _Side:
    """What was heard of one side, piece by piece."""

    words: list[list[Word]] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    language: str = ""
    warnings: list[str] = field(default_factory=list)


class Transcriber:
    """Makes transcripts with speakers."""

    def __init__(self, service: SpeechService, options: AudioOptions) -> None:
        self._service = service
        self._options = options

    async def transcribe(
        self, sound: Sound, fields: Fields, client: str, progress: Progress, speakers: int | None = None
    ) -> Transcript:
        """
        One recording in which all speak.

        Args:
            sound: The recording.
            fields: For the recogniser.
            client: Whose turns are used.
            progress: Is told how far it is.
            speakers: How many there are, when that is known.
        """
        pieces = plan(await asyncio.to_thread(sound.loudness), self._options.piece_seconds)
        side = _Side()
        for at, piece in enumerate(pieces):
            asker = Asker(client, is_under_way=at > 0)
            await self._hear(
                side, sound, piece, fields, asker, prints=len(pieces) > 1 or speakers is not None
            )
            progress(piece.last, sound.seconds)
        blocks = await asyncio.to_thread(self._blocks, side, pieces, speakers)
        return self._transcript(sound.seconds, [side], blocks)

    async def transcribe_both(
        self, mic: Sound, remote: Sound, fields: Fields, client: str, progress: Progress
    ) -> Transcript:
        """A conversation of a local person and a remote side, each with a channel; else like `transcribe`."""
        seconds = max(mic.seconds, remote.seconds)
        pieces = plan(await asyncio.to_thread(_together, mic, remote), self._options.piece_seconds)
        here, there = _Side(), _Side()
        for at, piece in enumerate(pieces):
            asker = Asker(client, is_under_way=at > 0)
            own = await self._service.recognise(mic, piece, fields, asker)
            _keep(here, piece, own)
            under_way = replace(asker, is_under_way=True)
            await self._hear(there, remote, piece, fields, under_way, prints=len(pieces) > 1)
            progress(piece.last, seconds)
        blocks = await asyncio.to_thread(self._both, here, there, pieces, (mic, remote))
        return self._transcript(seconds, [here, there], blocks)

    async def _hear(
        self, side: _Side, sound: Sound, piece: Piece, fields: Fields, asker: Asker, *, prints: bool
    ) -> None:
        """Words and speakers of a piece at once; without speakers there are still the words."""
        # The request for words decides whether there is room for the client: the other one only waits.
        patient = replace(asker, is_under_way=True)
        diarizing = asyncio.create_task(self._diarized(side, sound, piece, patient, prints=prints))
        try:
            words = await self._service.recognise(sound, piece, fields, asker)
            found = await diarizing
        finally:
            diarizing.cancel()
            await asyncio.gather(diarizing, return_exceptions=True)
        _keep(side, piece, words)
        segments = [
            replace(each, start=each.start + piece.start, end=each.end + piece.start)
            for each in found.segments
        ]
        side.heard.append(Heard(piece, segments, found.voiceprints))

    async def _diarized(
        self, side: _Side, sound: Sound, piece: Piece, asker: Asker, *, prints: bool
    ) -> Diarized:
        try:
            return await self._service.diarize(sound, piece, asker, prints=prints)
        except Problem as problem:
            where = f"from {piece.first:.0f} s to {piece.last:.0f} s"
            side.warnings.append(f"{where} nobody could tell the speakers apart: {problem}")
            return Diarized([], {})

    def _blocks(self, side: _Side, pieces: Sequence[Piece], speakers: int | None) -> list[Block]:
        words = joined_words(pieces, side.words)
        told = with_speakers(words, self._segments(side, speakers))
        return blocks_of(told, spaced=is_spaced([word.text for word in words]))

    def _segments(self, side: _Side, speakers: int | None = None) -> list[Segment]:
        if len(side.heard) == 1 and speakers is None:
            return list(side.heard[0].segments)
        return joined_segments(side.heard, similarity=self._options.similarity, speakers=speakers)

    def _both(
        self, here: _Side, there: _Side, pieces: Sequence[Piece], sounds: tuple[Sound, Sound]
    ) -> list[Block]:
        mic, remote = sounds
        near, far = joined_words(pieces, here.words), joined_words(pieces, there.words)
        kept = said_here(mic.samples, remote.samples, near, far)
        own = [
            SpokenWord(word, LOCAL, uncertain=word.estimated)
            for word, is_local in zip(near, kept, strict=True)
            if is_local
        ]
        others = _as_remote(with_speakers(far, self._segments(there)))
        spaced = is_spaced([word.text for word in (*near, *far)])
        return sorted(
            [*blocks_of(own, spaced=spaced), *blocks_of(others, spaced=spaced)], key=lambda block: block.start
        )

    def _transcript(self, seconds: float, sides: Sequence[_Side], blocks: list[Block]) -> Transcript:
        language = next((side.language for side in sides if side.language), "")
        warnings = list(dict.fromkeys(each for side in sides for each in side.warnings))
        name = self._service.name
        return Transcript(seconds, language, blocks, {"transcription": name, "diarization": name}, warnings)


def _keep(side: _Side, piece: Piece, told: Recognised) -> None:
    """The words of a piece, in the time of the recording."""
    words = clean_words(
        RawWord(word.text, _later(word.start, piece.start), _later(word.end, piece.start))
        for word in told.words
    )
    if told.guessed:
        words = [replace(word, estimated=True) for word in words]
        side.warnings.append("the recogniser gave no times for words: they, and the speakers, are estimated")
    side.words.append(words)
    side.language = side.language or told.language


def _later(time: float | None, by: float) -> float | None:
    return None if time is None else time + by


def _together(mic: Sound, remote: Sound) -> Energies:
    """The loudness of both sides, each as loud as the other, so that a cut is a silence of both."""
    sides = [mic.loudness(), remote.loudness()]
    together = np.zeros(max(len(side) for side in sides))
    for side in sides:
        together[: len(side)] += side / max(float(np.percentile(side, 95)) if len(side) else 0.0, 1e-9)
    return together


def _as_remote(words: Sequence[SpokenWord]) -> list[SpokenWord]:
    """Speakers of the remote side by names of their own: 'remote', or 'remote_1' and so on for several."""
    speakers = list(dict.fromkeys(word.speaker for word in words))
    names = {speaker: f"{REMOTE}_{at}" for at, speaker in enumerate(speakers, 1)}
    alone = len(speakers) < 2
    return [replace(word, speaker=REMOTE if alone else names[word.speaker]) for word in words]
