"""Speech from a service that speaks Magpie's dialect: asked in its form, answered in ours."""

import asyncio

from gateway.forward import Examine, Forward
from gateway.heads import Header, request_head
from gateway.magpie import VOICES_PATH, Speech, Translated, to_synthesize, voices
from gateway.problem import Problem, retry_after
from gateway.relay import Relay
from gateway.target import Target
from gateway.upstream_connection import Connection, UpstreamBroke
from gateway.upstream_fetch import Collect
from gateway.visit import Visit

_LONGEST_LIST = 1024 * 1024
_LIST_SECONDS = 10.0
_OF_THE_TEXT = frozenset((b"content-type", b"content-encoding", b"accept", b"accept-encoding"))


class MagpieSpeech:
    """Answers requests for speech and for the list of voices."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def answer(self, visit: Visit, target: Target) -> None:
        """Answer one exchange; `Problem` when there is nothing to answer with."""
        speech = (
            None
            if visit.exchange.method == "GET"
            else to_synthesize(target.body or b"", target.service.voice)
        )
        async with self._relay.turn(visit, target):
            if speech is None:
                await self._list_voices(visit, target)
            else:
                await self._speak(visit, target, speech)

    async def _speak(self, visit: Visit, target: Target, speech: Speech) -> None:
        examine = self._relay.examine(target)
        for number, part in enumerate(speech.parts, 1):
            connection = await self._relay.connect(target)
            last = number == len(speech.parts)
            forward = _Sentence(visit, connection, target.who, examine, speech, last=last)
            try:
                connection.begin(_request(visit, target, part), forward)
                await self._relay.run(forward, target)
            finally:
                self._relay.release(target, connection)
            if visit.exchange.over or connection.status != 200:
                return

    async def _list_voices(self, visit: Visit, target: Target) -> None:
        connection = await self._relay.connect(target)
        collect = Collect(connection, _LONGEST_LIST)
        more = [_id(visit), *target.credentials]
        connection.begin(
            request_head("GET", VOICES_PATH.encode(), target.address.authority, (), 0, more), collect
        )
        try:
            async with asyncio.timeout(_LIST_SECONDS):
                listed = voices(await collect.answer())
        except UpstreamBroke as error:
            message = f"{target.who} gave no answer: {error}"
            raise Problem(502, message, "upstream_broke", headers=retry_after(2)) from None
        except TimeoutError:
            message = f"{target.who} said nothing for {_LIST_SECONDS:.0f} seconds"
            raise Problem(504, message, "timed_out", headers=retry_after(5)) from None
        finally:
            self._relay.release(target, connection)
        kind = (b"content-type", b"application/json")
        visit.record.answer_begins(200, [kind])
        visit.record.passes(listed)
        visit.exchange.answer(200, [kind, *visit.more], listed)
        visit.record.ends("ok")


class _Sentence(Forward):
    """The sound of one part of a text, behind that of the parts before it."""

    def __init__(
        self, visit: Visit, connection: Connection, who: str, examine: Examine, speech: Speech, *, last: bool
    ) -> None:
        super().__init__(visit, connection, who, examine)
        self._speech = speech
        self._last = last

    def head(self) -> None:
        """The first part begins the answer; a later one that is no sound breaks it off."""
        if not self.exchange.begun:
            super().head()
            if self.connection.status == 200 and self._speech.head:
                self.body(self._speech.head)
        elif self.connection.status != 200:
            self.connection.close(f"it answered with status {self.connection.status}")
        else:
            self.heed_client()

    def headers(self) -> list[Header]:
        """Those of the whole: what one part of several says of its length and type is not true of it."""
        headers = super().headers()
        if self.connection.status != 200:
            return headers
        is_all = self._last and not self._speech.head
        dropped = (b"content-type",) if is_all else (b"content-type", b"content-length")
        kept = [pair for pair in headers if pair[0] not in dropped]
        return [*kept, (b"content-type", self._speech.content_type.encode())]

    def end(self) -> None:
        """The answer ends with its last part."""
        if self._last or self.connection.status != 200:
            super().end()
        else:
            self.exchange.flush()
            self.done()


def _id(visit: Visit) -> Header:
    return b"x-request-id", visit.record.request_id.encode()


def _request(visit: Visit, target: Target, part: Translated) -> bytes:
    more = [(b"content-type", part.content_type.encode()), _id(visit), *target.credentials]
    kept = [pair for pair in visit.exchange.headers if pair[0] not in _OF_THE_TEXT]
    head = request_head("POST", part.path.encode(), target.address.authority, kept, len(part.body), more)
    return head + part.body
