"""Speech from a service that speaks Magpie's dialect: asked in its form, answered in ours."""

from gateway.edge.exchange import Exchange
from gateway.forward import Forward
from gateway.heads import Header, request_head
from gateway.magpie import VOICES_PATH, Speech, Translated, to_synthesize, voices
from gateway.problem import Problem, retry_after
from gateway.relay import Relay
from gateway.target import Target
from gateway.upstream_connection import Connection, UpstreamBroke
from gateway.upstream_fetch import Collect
from gateway.visit import Visit

_LONGEST_LIST = 1024 * 1024


class MagpieSpeech:
    """Answers requests for speech and for the list of voices."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    async def answer(self, visit: Visit, target: Target) -> None:
        """Answer one exchange; `Problem` when there is nothing to answer with."""
        async with self._relay.turn(visit, target):
            if visit.exchange.method == "GET":
                await self._list_voices(visit, target)
            else:
                await self._speak(visit, target)

    async def _speak(self, visit: Visit, target: Target) -> None:
        speech = to_synthesize(target.body or b"")
        for number, part in enumerate(speech.parts, 1):
            connection = await self._relay.connect(target)
            last = number == len(speech.parts)
            forward = _Sentence(visit, connection, target.who, speech, last=last)
            try:
                connection.begin(_request(visit.exchange, target, part), forward)
                await self._relay.run(forward, target)
            finally:
                self._relay.release(target, connection)
            if visit.exchange.over or connection.status != 200:
                return

    async def _list_voices(self, visit: Visit, target: Target) -> None:
        connection = await self._relay.connect(target)
        collect = Collect(connection, _LONGEST_LIST)
        head = request_head("GET", VOICES_PATH.encode(), target.address.authority, (), 0, target.credentials)
        connection.begin(head, collect)
        try:
            listed = voices(await collect.answer())
        except UpstreamBroke as error:
            message = f"{target.who} gave no answer: {error}"
            raise Problem(502, message, "upstream_broke", headers=retry_after(2)) from None
        finally:
            self._relay.release(target, connection)
        kind = (b"content-type", b"application/json")
        visit.record.answer_begins(200, [kind])
        visit.record.passes(listed)
        visit.exchange.answer(200, [kind, *visit.more], listed)
        visit.record.ends("ok")


class _Sentence(Forward):
    """The sound of one part of a text, behind that of the parts before it."""

    def __init__(self, visit: Visit, connection: Connection, who: str, speech: Speech, *, last: bool) -> None:
        super().__init__(visit, connection, who)
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
        """Those of the whole: what one part says of its length and type is not true of it."""
        headers = super().headers()
        if self.connection.status != 200:
            return headers
        kept = [pair for pair in headers if pair[0] not in (b"content-length", b"content-type")]
        return [*kept, (b"content-type", self._speech.content_type.encode())]

    def end(self) -> None:
        """The answer ends with its last part."""
        if self._last or self.connection.status != 200:
            super().end()
        else:
            self.exchange.flush()
            self.done()


def _request(exchange: Exchange, target: Target, part: Translated) -> bytes:
    more = [(b"content-type", part.content_type.encode()), *target.credentials]
    kept = [pair for pair in exchange.headers if pair[0] not in (b"content-type", b"accept-encoding")]
    head = request_head("POST", part.path.encode(), target.address.authority, kept, len(part.body), more)
    return head + part.body
