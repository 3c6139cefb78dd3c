"""/scrub and /rehydrate: text without its sensitive parts, and back."""

from typing import Any

import msgspec
from litestar import Controller, Request, Response, delete, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from gateway.keys import Keys
from gateway.problem import Problem
from gateway.redaction.body import Places
from gateway.redaction.policies import narrowed
from gateway.redaction.redaction import Redaction
from gateway.redaction.restore import restored
from gateway.redaction.scrub import Entity

_LARGEST = 16 * 1024 * 1024


class Scrub(msgspec.Struct):
    """
    What to scrub: one of `text`, `texts` and `messages`.

    Attributes:
        messages: As a chat model takes them.
        task_id: Of an earlier scrub: the same values get the same tokens.
        entities: Only these types; none: all of the caller's policy.
        known: Names and other values to find besides.
    """

    text: str | None = None
    texts: list[str] | None = None
    messages: list[Any] | None = None
    task_id: str = ""
    entities: list[str] = []
    known: list[str] = []


class Rehydrate(msgspec.Struct):
    """
    What to restore: one of `text`, `texts` and `messages`, and from which task.

    Attributes:
        mode: `tolerant` takes tokens as models change them, `strict` only as they were given out.
    """

    task_id: str
    text: str | None = None
    texts: list[str] | None = None
    messages: list[Any] | None = None
    mode: str = "tolerant"


class ScrubApi(Controller):
    """Redaction of texts."""

    path = "/"
    tags = ("redaction",)

    @post("/scrub", status_code=200, request_max_body_size=_LARGEST)
    async def scrub(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[Scrub],
        redaction: NamedDependency[Redaction],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """The same with tokens such as `[PERSON_1]`; the originals stay here, under the task's id."""
        caller = keys.name_in(request.scope["headers"]) or ""
        policy = narrowed(redaction.policies.of(caller).policy, data.entities)
        places = _places(data)
        headers = request.scope["headers"]
        told = await redaction.scrub(caller, places.texts, policy, data.task_id, data.known, headers)
        entities = [_entity(one, index, data) for index, some in enumerate(told.entities) for one in some]
        return {
            "task_id": told.task_id,
            **_answer(data, places.filled(told.texts)),
            "entities": entities,
            "counts": told.counts,
            "complete": told.complete,
        }

    @post("/rehydrate", status_code=200, request_max_body_size=_LARGEST)
    async def rehydrate(
        self,
        request: Request[Any, Any, Any],
        data: JSONBody[Rehydrate],
        redaction: NamedDependency[Redaction],
        keys: NamedDependency[Keys],
    ) -> dict[str, Any]:
        """The same with the task's originals back; tokens that it never gave out stay and are named."""
        if data.mode not in ("tolerant", "strict"):
            raise Problem(400, "'mode' is 'tolerant' or 'strict'", "bad_request", param="mode")
        task = await redaction.find_task(keys.name_in(request.scope["headers"]) or "", data.task_id)
        places = _places(data)
        told = [restored(text, task, strict=data.mode == "strict") for text in places.texts]
        return {
            **_answer(data, places.filled([one.text for one in told])),
            "restored": sum(one.count for one in told),
            "unknown": list(dict.fromkeys(token for one in told for token in one.unknown)),
        }

    @delete("/scrub/{task_id:str}", status_code=200)
    async def forget(
        self,
        request: Request[Any, Any, Any],
        task_id: FromPath[str],
        redaction: NamedDependency[Redaction],
        keys: NamedDependency[Keys],
    ) -> Response[dict[str, Any]]:
        """Forget a task: its key is gone at once, and its tokens cannot be restored any more."""
        there = await redaction.forget(keys.name_in(request.scope["headers"]) or "", task_id)
        return Response({"deleted": there}, status_code=200 if there else 404)


def _places(data: Scrub | Rehydrate) -> Places:
    given = [one for one in (data.text, data.texts, data.messages) if one is not None]
    if len(given) != 1:
        raise Problem(400, "give one of 'text', 'texts' and 'messages'", "bad_request", param="text")
    return Places(given[0])


def _answer(data: Scrub | Rehydrate, value: Any) -> dict[str, Any]:
    name = "text" if data.text is not None else "texts" if data.texts is not None else "messages"
    return {name: value}


def _entity(one: Entity, index: int, data: Scrub) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("type", "token", "start", "end", "rule", "score")}
    return told if data.text is not None else {"index": index, **told}
