"""/api/audio: transcripts with speakers, speakers of a chunk, and speakers of many chunks."""

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from litestar import Controller, Request, Response, post
from litestar.background_tasks import BackgroundTask
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import JSONBody
from litestar.response import Stream

from gateway.api.runs import STREAM_HEADERS
from gateway.audio.form import Form, read_form
from gateway.audio.formats import Transcript, as_diarized_json, as_json, as_text, content_type
from gateway.audio.options import AudioOptions
from gateway.audio.pieces import Piece
from gateway.audio.progress import events, unless_left
from gateway.audio.sound import Decoder, Sound
from gateway.audio.speakers_body import Chunks, clustered
from gateway.audio.speech_service import Asker, SpeechService
from gateway.audio.transcriber import Transcriber
from gateway.audio.wish import FILES, Wish, read_wish
from gateway.keys import Keys
from gateway.options import Options
from gateway.problem import Problem

_LARGEST_PRINTS = 32 * 1024 * 1024


class AudioApi(Controller):
    """Speech with its speakers."""

    path = "/api/audio"
    tags = ("audio",)

    @post("/transcribe-with-speakers", status_code=200, request_max_body_size=None)
    async def transcribe(
        self,
        request: Request[Any, Any, Any],
        transcriber: NamedDependency[Transcriber],
        decoder: NamedDependency[Decoder],
        keys: NamedDependency[Keys],
        options: NamedDependency[Options],
    ) -> Response[Any] | Stream:
        """
        What was said, by whom: a form with `file`, and for two channels `remote_file` or `channels=dual`.

        `stream=true` tells its progress as events: `progress`, then `result` or `error`.
        """
        async with AsyncExitStack() as held:
            folder = Path(held.enter_context(tempfile.TemporaryDirectory(prefix="spark-audio-")))
            form = await _form(request, folder, FILES, options.audio)
            wish = read_wish(form, options.audio.model)
            job = _Job(transcriber, decoder, form, folder, wish, _client(request, keys), options.audio)
            if not wish.stream:
                transcript = await unless_left(request, job.run(lambda _done, _of: None))
                return Response(_body(transcript, wish), media_type=content_type(wish.form))
            kept = held.pop_all()
            # A stream that was never begun, because its client had left, ends nothing by itself.
            end = BackgroundTask(kept.aclose)
            return Stream(
                job.events(kept), media_type="text/event-stream", headers=STREAM_HEADERS, background=end
            )

    @post("/diarize-chunk", status_code=200, request_max_body_size=None)
    async def diarize(
        self,
        request: Request[Any, Any, Any],
        speech_service: NamedDependency[SpeechService],
        decoder: NamedDependency[Decoder],
        keys: NamedDependency[Keys],
        options: NamedDependency[Options],
    ) -> dict[str, Any]:
        """Who speaks when in `file`, and a voiceprint of each; 413 past MAX_DIARIZE_SECONDS."""
        with tempfile.TemporaryDirectory(prefix="spark-audio-") as name:
            folder = Path(name)
            form = await _form(request, folder, frozenset(("file",)), options.audio)
            if "file" not in form.files:
                message = "'file' is missing: send the chunk as a file of that name"
                raise Problem(400, message, "bad_request", param="file")
            longest, asker = options.audio.diarize_seconds, Asker(_client(request, keys))
            sink = folder / "file.pcm"
            decoding = decoder.decode(
                form.files["file"], sink, channels=1, most_seconds=longest, param="file"
            )
            return await unless_left(request, _diarized(speech_service, decoding, asker))

    @post("/cluster-speakers", status_code=200, request_max_body_size=_LARGEST_PRINTS)
    async def cluster(self, data: JSONBody[Chunks], options: NamedDependency[Options]) -> dict[str, Any]:
        """One name for each speaker of many chunks, by their voiceprints."""
        return await sync_to_thread(partial(clustered, data, options.audio.similarity))


@dataclass(frozen=True)
class _Job:
    """One recording to be transcribed."""

    transcriber: Transcriber
    decoder: Decoder
    form: Form
    folder: Path
    wish: Wish
    client: str
    options: AudioOptions

    async def run(self, progress: Callable[[float, float], None]) -> Transcript:
        wish, fields = self.wish, self.wish.fields
        if not wish.dual:
            [sound] = await self._sounds("file", 1)
            return await self.transcriber.transcribe(sound, fields, self.client, progress, wish.speakers)
        if "remote_file" in self.form.files:
            [mic] = await self._sounds("file", 1)
            [remote] = await self._sounds("remote_file", 1)
        else:
            mic, remote = await self._sounds("file", 2)
        return await self.transcriber.transcribe_both(mic, remote, fields, self.client, progress)

    async def events(self, held: AsyncExitStack) -> AsyncIterator[bytes]:
        async with held:
            async for event in events(self._told):
                yield event

    async def _told(self, progress: Callable[[float, float], None]) -> dict[str, Any]:
        body = _body(await self.run(progress), self.wish)
        return {"text": body} if isinstance(body, str) else body

    async def _sounds(self, name: str, channels: int) -> list[Sound]:
        longest = self.options.recording_seconds
        sink = self.folder / f"{name}.pcm"
        upload = self.form.files[name]
        return await self.decoder.decode(upload, sink, channels=channels, most_seconds=longest, param=name)


async def _form(
    request: Request[Any, Any, Any], folder: Path, names: frozenset[str], options: AudioOptions
) -> Form:
    kind, parameters = request.content_type
    if kind != "multipart/form-data" or not parameters.get("boundary"):
        raise Problem(415, "send the recording as a form (multipart/form-data)", "bad_form", param="file")
    boundary = parameters["boundary"].encode("latin-1", "replace")
    return await read_form(request.stream(), boundary, folder, names, options.upload_limit)


async def _diarized(service: SpeechService, decoding: Awaitable[list[Sound]], asker: Asker) -> dict[str, Any]:
    [sound] = await decoding
    whole = Piece(0.0, sound.seconds, 0.0, sound.seconds)
    told = await service.diarize(sound, whole, asker, prints=True)
    return {
        "duration": round(sound.seconds, 3),
        "segments": [
            {"start_s": each.start, "end_s": each.end, "speaker": each.speaker, "confidence": each.confidence}
            for each in told.segments
        ],
        "speakers_detected": len({each.speaker for each in told.segments}),
        "fingerprints": told.voiceprints,
        "models": {"diarization": service.name},
    }


def _body(transcript: Transcript, wish: Wish) -> Any:
    if wish.form == "json":
        return as_json(transcript, wish.words)
    if wish.form == "diarized_json":
        return as_diarized_json(transcript)
    return as_text(transcript, wish.form)


def _client(request: Request[Any, Any, Any], keys: Keys) -> str:
    """Whose turns are used: the name of the key, else the address."""
    address = request.client.host if request.client else ""
    return keys.name_in(request.scope["headers"]) or address
