"""/v1/redacted: an outside model behind redaction, in the form of OpenAI's and Anthropic's APIs."""

import json
from collections.abc import Iterable
from typing import Any

import httpx
from litestar import Controller, Request, Response, post
from litestar.di import NamedDependency
from litestar.response import Stream

from gateway.keys import Keys
from gateway.problem import Problem
from gateway.redaction.lan import Lan, parts_of
from gateway.redaction.outside import Outside, restored_stream, restored_whole

_LARGEST = 16 * 1024 * 1024
_TASK = "x-redaction-task"
_ROUTE = "x-redaction-route"
_OF_STREAMS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_EVENTS = "text/event-stream"


class RedactedApi(Controller):
    """The redacting chat routes."""

    path = "/v1/redacted"
    tags = ("redaction",)

    @post("/chat/completions", status_code=200, request_max_body_size=_LARGEST)
    async def chat(
        self,
        request: Request[Any, Any, Any],
        outside: NamedDependency[Outside],
        lan: NamedDependency[Lan],
        keys: NamedDependency[Keys],
    ) -> Response[Any] | Stream:
        """Chat completions: scrubbed, sent to the outside model, restored, streamed or whole."""
        return await _answered(request, outside, lan, keys, "chat/completions")

    @post("/messages", status_code=200, request_max_body_size=_LARGEST)
    async def messages(
        self,
        request: Request[Any, Any, Any],
        outside: NamedDependency[Outside],
        lan: NamedDependency[Lan],
        keys: NamedDependency[Keys],
    ) -> Response[Any] | Stream:
        """The same for Anthropic's messages."""
        return await _answered(request, outside, lan, keys, "messages")

    @post("/responses", status_code=200, request_max_body_size=_LARGEST)
    async def responses(
        self,
        request: Request[Any, Any, Any],
        outside: NamedDependency[Outside],
        lan: NamedDependency[Lan],
        keys: NamedDependency[Keys],
    ) -> Response[Any] | Stream:
        """The same for OpenAI's responses."""
        return await _answered(request, outside, lan, keys, "responses")


async def _answered(
    request: Request[Any, Any, Any], outside: Outside, lan: Lan, keys: Keys, api: str
) -> Response[Any] | Stream:
    body, headers = _body(await request.body()), request.scope["headers"]
    caller = keys.name_in(headers) or ""
    rules = outside.rules(caller)
    if not rules.outside:
        return await _on_the_lan(lan, api, body, headers)
    try:
        earlier = request.headers.get(_TASK) or ""
        sent, task, task_id = await outside.scrubbed(caller, api, body, earlier, headers)
    except Problem as problem:
        if rules.keeps_inside(problem.code):
            return await _on_the_lan(lan, api, body, headers)
        raise
    answer = await outside.ask(api, sent)
    told = {_TASK: task_id, _ROUTE: "outside"}
    if answer.status_code == 200 and _is_stream(answer):
        return Stream(restored_stream(answer, api, task), media_type=_EVENTS, headers=told | _OF_STREAMS)
    status = answer.status_code
    whole = await restored_whole(answer, task)
    return Response(whole, status_code=status, media_type="application/json", headers=told)


async def _on_the_lan(
    lan: Lan, api: str, body: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]
) -> Stream:
    """The request as it came, answered by the model on the LAN: nothing of it goes outside."""
    answer = await lan.ask(api, body, headers)
    kind = answer.headers.get("content-type", "application/json")
    told = {_ROUTE: "lan"} | (_OF_STREAMS if _is_stream(answer) else {})
    return Stream(parts_of(answer), status_code=answer.status_code, media_type=kind, headers=told)


def _is_stream(answer: httpx.Response) -> bool:
    kind: str = answer.headers.get("content-type", "")
    return kind.startswith(_EVENTS)


def _body(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        raise Problem(400, "the body is not valid JSON", "bad_json") from None
    if not isinstance(body, dict):
        raise Problem(400, "the body has to be a JSON object", "bad_request")
    return body
