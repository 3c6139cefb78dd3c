"""The changes of everything the dashboard shows: one look at each topic for all who listen to it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from gateway.feed import frame
from gateway.inside import Inside
from gateway.news import Said, is_news

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
LOOK_SECONDS = 10.0
"""A look that takes longer is given up."""


@dataclass(frozen=True)
class Topic:
    """
    One GET of the control API.

    Attributes:
        path: With its query.
        seconds: Between the end of a look and the next.
        has_urls: Its answer depends on the host name by which the gateway is reached.
    """

    path: str
    seconds: float
    has_urls: bool = False


TOPICS = {
    "status": Topic("/api/status", 1),
    "models": Topic("/api/models", 2),
    "operations": Topic("/api/operations", 1),
    "services": Topic("/api/services", 2),
    "hardware": Topic("/api/hardware", 2),
    "deep-health": Topic("/api/deep-health", 3),
    "disks": Topic("/api/models/disk", 5),
    "connectivity": Topic("/api/connectivity?limit=100", 3),
    "schedules": Topic("/api/schedules", 10),
    "lock": Topic("/api/swap/lock", 2),
    "speed": Topic("/api/speed", 2),
    "endpoints": Topic("/api/endpoints", 5, has_urls=True),
    "updates": Topic("/api/updates", 20),
    "bot": Topic("/api/bot", 20),
    "webhooks": Topic("/api/webhooks?limit=50", 5),
    "nim": Topic("/api/nim/catalog", 30),
    "patches": Topic("/api/patches", 10),
    "state": Topic("/api/state", 5),
    "settings": Topic("/api/settings", 5),
}


class Changes:
    """The topics as server-sent events; a topic that nobody listens to is not looked at."""

    def __init__(self, inside: Inside) -> None:
        self._inside = inside
        self._followed: dict[tuple[str, str], _Followed] = {}
        self._news = asyncio.Event()
        self._closing = False

    def close(self) -> None:
        """End every stream, so that the server can stop."""
        self._closing = True
        self._tell()

    async def events(self, names: Iterable[str], host: str) -> AsyncIterator[bytes]:
        """
        Each topic once, then whenever it changed, as frames of an event stream.

        Who takes them slowly gets the newest state of each topic, and not what it was in between.

        Args:
            names: Of `TOPICS`.
            host: By which the gateway is reached, for the URLs in its answers.
        """
        with self._following(names, host) as followed:
            told, spoke = dict.fromkeys(followed, 0), time.monotonic()
            while not self._closing:
                news = self._news
                for each in followed:
                    if each.number > told[each] and not self._closing:
                        told[each] = each.number
                        yield each.frame
                        spoke = time.monotonic()
                try:
                    await asyncio.wait_for(news.wait(), spoke + BEAT_SECONDS - time.monotonic())
                except TimeoutError:
                    yield frame("beat", {"at": time.time()}, 0)
                    spoke = time.monotonic()

    @contextmanager
    def _following(self, names: Iterable[str], host: str) -> Iterator[list["_Followed"]]:
        """Have the topics looked at until the block ends; the first who asks begins, the last one ends it."""
        places = [(name, host if TOPICS[name].has_urls else "") for name in dict.fromkeys(names)]
        for place in places:
            if place not in self._followed:
                self._followed[place] = _Followed(self._inside, *place, self._tell)
            self._followed[place].listeners += 1
        try:
            yield [self._followed[place] for place in places]
        finally:
            for place in places:
                self._followed[place].listeners -= 1
                if not self._followed[place].listeners:
                    self._followed.pop(place).end()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


class _Followed:
    """
    A topic that somebody listens to.

    Attributes:
        frame: Its newest state.
        number: How often it has changed; 0 before the first look.
        listeners: How many there are.
    """

    def __init__(self, inside: Inside, name: str, host: str, tell: Callable[[], None]) -> None:
        self._inside = inside
        self._name = name
        self._host = host
        self._tell = tell
        self._said: Said | None = None
        self._task = asyncio.create_task(self._follow())
        self.frame = b""
        self.number = 0
        self.listeners = 0

    def end(self) -> None:
        """Look no more."""
        self._task.cancel()

    async def _follow(self) -> None:
        while True:
            said = await self._look()
            if self._said is None or is_news(self._said, said):
                self._said = said
                data = {"topic": self._name, "at": said.at, "data": said.data, "error": said.error}
                self.frame = frame("change", data, 0)
                self.number += 1
                self._tell()
            await asyncio.sleep(TOPICS[self._name].seconds)

    async def _look(self) -> Said:
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                status, body = await self._inside.get(TOPICS[self._name].path, self._host)
            data = msgspec.json.decode(body)
        except TimeoutError:
            return Said(time.time(), error=f"there was no answer within {LOOK_SECONDS:.0f} seconds")
        except Exception:  # whatever is wrong with one look, the next may go well
            log.exception("%s cannot be looked at", self._name)
            return Said(time.time(), error="the gateway could not answer; its log says why")
        return Said(time.time(), data) if status < 400 else Said(time.time(), error=_message(data))


def _message(data: object) -> str:
    """The message of the envelope of errors."""
    try:
        return msgspec.convert(data, _Envelope).error.message
    except msgspec.ValidationError:
        return "the gateway could not answer"


class _Error(msgspec.Struct):
    message: str


class _Envelope(msgspec.Struct):
    error: _Error
