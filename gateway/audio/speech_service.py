"""Asks the speech-to-text service for words and for speakers, each request in its turn."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count

import httpx

from blocks.cluster import Service
from blocks.wedge_signs import wedge_sign
from gateway.audio.answers import Diarized, Recognised, Unreadable, diarized, recognised
from gateway.audio.pieces import Piece
from gateway.audio.sound import Sound
from gateway.credentials import credentials
from gateway.problem import Problem, retry_after
from gateway.silent import silence_told
from gateway.turns import Turns
from gateway.watch import Watch
from gateway.wedge import Wedge
from gateway.wedge import problem as wedged

_TRANSCRIBE = "/v1/audio/transcriptions"
_DIARIZE = "/v1/audio/diarize"
_CHUNK = "/v1/audio/diarize-chunk"
_AGAIN_SECONDS = 0.5
_CONNECT_SECONDS = 5.0
_SHORTEST = 0.05
"""Seconds of sound below which there is nothing to hear."""

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Asker:
    """
    For whom a request is made.

    Attributes:
        client: Whose turn it uses.
        is_under_way: A part of the work is done, so that it waits on where a new client would be sent away.
    """

    client: str
    is_under_way: bool = False


class SpeechService:
    """
    The first service of kind `stt`.

    Words and speakers are asked for by requests of their own, each of which takes a turn; nobody holds one
    while waiting for another.
    """

    def __init__(self, watch: Watch, turns: Turns, wedge: Wedge, answer_seconds: float) -> None:
        self._watch = watch
        self._turns = turns
        self._wedge = wedge
        self._timeout = httpx.Timeout(answer_seconds, connect=_CONNECT_SECONDS)
        self._made: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        """The service's name; `Problem` 503 when the cluster has none."""
        return self._service().name

    async def close(self) -> None:
        """Close its connections."""
        if self._made is not None:
            await self._made.aclose()

    async def recognise(self, sound: Sound, piece: Piece, fields: Fields, asker: Asker) -> Recognised:
        """The words of a piece, in its own time; `Problem` when there is no answer."""
        seconds = min(piece.end, sound.seconds) - piece.start
        if seconds < _SHORTEST:
            return Recognised([])
        body = await self._ask(_TRANSCRIBE, sound, piece, fields, asker)
        try:
            return recognised(body, seconds)
        except Unreadable as error:
            raise self._unreadable(error) from None

    async def diarize(self, sound: Sound, piece: Piece, asker: Asker, *, prints: bool) -> Diarized:
        """The speakers of a piece, in its own time, with voiceprints if asked for; else like `recognise`."""
        if min(piece.end, sound.seconds) - piece.start < _SHORTEST:
            return Diarized([], {})
        body = await self._ask(_CHUNK if prints else _DIARIZE, sound, piece, {}, asker)
        try:
            return diarized(body)
        except Unreadable as error:
            raise self._unreadable(error) from None

    async def _ask(self, path: str, sound: Sound, piece: Piece, fields: Fields, asker: Asker) -> bytes:
        service = self._service()
        async with self._turn(service.name, asker):
            with silence_told(self._wedge, service):
                answer = await self._post(service, path, sound, piece, fields)
        return self._checked(service, path, answer)

    async def _post(
        self, service: Service, path: str, sound: Sound, piece: Piece, fields: Fields
    ) -> httpx.Response:
        address = self._watch.address(service)
        kind, length, content = _form(sound, piece, fields)
        keys = credentials(service, self._watch.settings.upstream_keys)
        headers = [(b"content-type", kind), (b"content-length", str(length).encode()), *keys]
        url = f"http://{address.authority.decode()}{path}"
        return await self._client.post(url, content=content, headers=headers)

    @property
    def _client(self) -> httpx.AsyncClient:
        if self._made is None:
            self._made = httpx.AsyncClient(timeout=self._timeout, trust_env=False)
        return self._made

    @asynccontextmanager
    async def _turn(self, service: str, asker: Asker) -> AsyncIterator[None]:
        while True:
            try:
                turn = await self._turns.wait(service, asker.client)
                break
            except Problem as problem:
                if not asker.is_under_way or problem.code != "queue_full":
                    raise
                await asyncio.sleep(_AGAIN_SECONDS)
        try:
            yield
        finally:
            turn.give_back()

    def _service(self) -> Service:
        for service in self._watch.settings.cluster.services:
            if service.kind == "stt":
                return service
        raise Problem(503, "the cluster has no service of kind 'stt': add one to its settings", "no_service")

    def _checked(self, service: Service, path: str, answer: httpx.Response) -> bytes:
        status, body = answer.status_code, answer.content
        if status == 200:
            self._wedge.answered(service.name)
            return body
        who = f"{service.name} on {service.host}"
        if status >= 500:
            if sign := wedge_sign(body):
                self._wedge.saw(service.name, sign)
                raise wedged(service.name)
            self._wedge.erred(service.name)
            message = f"{who} failed at it (status {status}); try again"
            raise Problem(502, message, "upstream_failed", headers=retry_after(5))
        if status in (404, 405):
            raise Problem(501, f"{who} does not serve {path}", "not_implemented")
        message = f"{who} did not take the sound (status {status}): {answer.text[:300]}"
        raise Problem(413 if status == 413 else 502, message, "upstream_refused")

    def _unreadable(self, error: Unreadable) -> Problem:
        return Problem(502, f"{self.name} gave no answer that can be read: {error}", "upstream_broke")


def _form(sound: Sound, piece: Piece, fields: Fields) -> tuple[bytes, int, AsyncIterator[bytes]]:
    """Content type, length and content of a form with the piece as a WAV file, and fields before it."""
    values = [(name, each) for name, value in fields.items() for each in _all(value)]
    whole = "\n".join(each for _name, each in values)
    boundary = next(mark for n in count() if (mark := f"spark-control-{n}-sound") not in whole)
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in values
    ]
    disposition = 'Content-Disposition: form-data; name="file"; filename="sound.wav"'
    head = f"{''.join(parts)}--{boundary}\r\n{disposition}\r\nContent-Type: audio/wav\r\n\r\n".encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    size, wav = sound.wav(piece.start, piece.end)

    async def content() -> AsyncIterator[bytes]:
        yield head
        for part in wav:
            yield part
        yield tail

    kind = f"multipart/form-data; boundary={boundary}".encode()
    return kind, len(head) + size + len(tail), content()


def _all(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
