"""A long piece of work for a client: told as it goes, and ended when the client leaves."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, TypeVar

import msgspec
from litestar import Request

from gateway.problem import Problem

log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 15.0

Answer = TypeVar("Answer")
Work = Callable[[Callable[[float, float], None]], Coroutine[Any, Any, dict[str, Any]]]
"""Does the work, tells how many seconds of how many are done, returns the answer."""


async def unless_left(request: Request[Any, Any, Any], work: Coroutine[Any, Any, Answer]) -> Answer:
    """
    The work's answer; it is cancelled as soon as the client leaves.

    Args:
        request: Read to its end, so that nothing but the client's leaving can come of it.
        work: What is done for it.
    """
    running, leaving = asyncio.create_task(work), asyncio.create_task(_leaves(request))
    try:
        await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            raise Problem(400, "the client left before the answer", "client_left")
        return await running
    finally:
        for task in (running, leaving):
            task.cancel()
        await asyncio.gather(running, leaving, return_exceptions=True)


async def events(work: Work) -> AsyncIterator[bytes]:
    """The work as server-sent events: `progress`, then `result` or `error`; in a silence, comments."""
    news: asyncio.Queue[bytes] = asyncio.Queue()

    def tell(done: float, of: float) -> None:
        news.put_nowait(_event("progress", {"seconds": round(done, 1), "of": round(of, 1)}))

    running = asyncio.create_task(_told(work, tell, news))
    try:
        while not (running.done() and news.empty()):
            try:
                yield await asyncio.wait_for(news.get(), _HEARTBEAT_SECONDS)
            except TimeoutError:
                yield b": still at it\n\n"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _leaves(request: Request[Any, Any, Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _told(work: Work, tell: Callable[[float, float], None], news: asyncio.Queue[bytes]) -> None:
    try:
        news.put_nowait(_event("result", await work(tell)))
    except Problem as problem:
        news.put_nowait(_event("error", problem.body))
    except Exception:  # the client waits for a last event, whatever went wrong
        log.exception("a recording could not be transcribed")
        fault = Problem(500, "the gateway could not answer; its log says why", "internal")
        news.put_nowait(_event("error", fault.body))


def _event(name: str, data: dict[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(data))
