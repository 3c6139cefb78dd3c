"""/api/changes: one stream that says when an answer of the control API has changed."""

from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from typing import Annotated, Any

from litestar import Controller, Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Stream

from gateway.api.runs import STREAM_HEADERS
from gateway.changes import TOPICS, Changes
from gateway.keys import Keys
from gateway.problem import Problem

Topics = Annotated[str, QueryParameter(max_length=1000)]


class ChangesApi(Controller):
    """Changes."""

    path = "/api/changes"
    tags = ("status",)

    @get("/")
    async def follow(
        self,
        request: Request[Any, Any, Any],
        changes: NamedDependency[Changes],
        keys: NamedDependency[Keys],
        *,
        topics: FromQuery[Topics] = "",
    ) -> Stream:
        """
        Each topic once, then whenever its answer changed; `?topics=status,models`, none: all.

        Events: `change` with `{"topic", "at", "data", "error"}`, and `beat` after 5 s without one.
        """
        wanted = topics_in(topics)
        events = changes.events(wanted, request.headers.get("host", ""))
        allowed = _while_allowed(events, keys, request.scope["headers"])
        return Stream(allowed, media_type="text/event-stream", headers=STREAM_HEADERS)


def topics_in(text: str) -> list[str]:
    """The topics that a list with commas names, all for none; `Problem` 400 names one that does not exist."""
    named = [name for each in text.split(",") if (name := each.strip())]
    for name in named:
        if name not in TOPICS:
            message = f"there is no topic {name[:40]!r}: known are {', '.join(TOPICS)}"
            raise Problem(400, message, "unknown_topic", param="topics")
    return list(dict.fromkeys(named)) or list(TOPICS)


async def _while_allowed(
    events: AsyncIterator[bytes], keys: Keys, headers: Iterable[tuple[bytes, bytes]]
) -> AsyncIterator[bytes]:
    """The events for as long as the listener's key opens the gateway: a stream may outlast it."""
    async with aclosing(events):  # type: ignore[type-var]
        async for each in events:
            try:
                keys.require(headers, "control")
            except Problem:
                return
            yield each
