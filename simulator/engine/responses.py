"""/v1/responses: OpenAI's newer API, whole and streamed."""

import time
from collections.abc import AsyncGenerator, Iterator
from itertools import count
from typing import Any

from simulator.engine.asks import ApiError, Ask, contents, make_ask
from simulator.engine.completions import sse
from simulator.engine.engine import Engine
from simulator.engine.http import Answer, as_json


async def respond(engine: Engine, body: dict[str, Any]) -> Answer:
    """Answer `input`, a string or a list of items."""
    given = body.get("input")
    if not given:
        raise ApiError("[{'type': 'missing', 'loc': ('body', 'input')}]")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    texts = [contents(engine, item.get("content") or item.get("output")) for item in items]
    if body.get("instructions"):
        texts.insert(0, body["instructions"])
    ask = make_ask(engine, body, "resp", texts, body.get("max_output_tokens"))
    if body.get("stream"):
        return Answer(_events(engine, ask), content_type="text/event-stream; charset=utf-8")
    text = ""
    async for token in engine.stream(ask.name, ask.prompt, ask.tokens):
        text += token
    return as_json(_response(ask, [_item(ask, text)]))


class _Events:
    """Makes the numbered events of one streamed response."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._numbers = count()
        self.kind = "response.output_text"
        self._place = {"output_index": 0, "item_id": _item(ask, "")["id"], "content_index": 0}
        if ask.call is not None:
            self.kind = "response.function_call_arguments"
            del self._place["content_index"]

    def one(self, kind: str, **content: Any) -> bytes:
        """An event about the whole response."""
        return sse({"type": kind, "sequence_number": next(self._numbers)} | content, kind)

    def inside(self, kind: str, **content: Any) -> bytes:
        """An event about its one item."""
        return self.one(kind, **content, **self._place)

    def opening(self) -> Iterator[bytes]:
        yield self.one("response.created", response=_response(self._ask, None))
        yield self.one("response.in_progress", response=_response(self._ask, None))
        item = _item(self._ask, "") | {"status": "in_progress"}
        yield self.one("response.output_item.added", output_index=0, item=item)
        if self._ask.call is None:
            yield self.inside("response.content_part.added", part=_part(""))

    def closing(self, text: str) -> Iterator[bytes]:
        if self._ask.call is not None:
            yield self.inside(f"{self.kind}.done", arguments=text, name=self._ask.call.name)
        else:
            yield self.inside(f"{self.kind}.done", text=text, logprobs=[])
            yield self.inside("response.content_part.done", part=_part(text))
        item = _item(self._ask, text)
        yield self.one("response.output_item.done", output_index=0, item=item)
        yield self.one("response.completed", response=_response(self._ask, [item]))


async def _events(engine: Engine, ask: Ask) -> AsyncGenerator[bytes, None]:
    events = _Events(ask)
    tokens = engine.stream(ask.name, ask.prompt, ask.tokens)
    for event in events.opening():
        yield event
    text = ""
    try:
        async for token in tokens:
            text += token
            yield events.inside(f"{events.kind}.delta", delta=token)
    finally:
        await tokens.aclose()
    for event in events.closing(text):
        yield event


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": None}


def _item(ask: Ask, text: str) -> dict[str, Any]:
    if ask.call is not None:
        call = {"id": f"fc_{ask.name}", "call_id": ask.call.id, "name": ask.call.name}
        return call | {"type": "function_call", "arguments": text, "status": "completed"}
    lead = {"id": f"msg_{ask.name}", "type": "message", "role": "assistant"}
    return lead | {"status": "completed", "content": [_part(text)] if text else []}


def _response(ask: Ask, output: list[dict[str, Any]] | None) -> dict[str, Any]:
    """The response object; without output it is still in progress."""
    state = "in_progress" if output is None else "completed"
    usage = {
        "input_tokens": ask.prompt,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": len(ask.tokens),
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": ask.prompt + len(ask.tokens),
    }
    return {
        "id": ask.name,
        "object": "response",
        "created_at": int(time.time()),
        "status": state,
        "model": ask.model,
        "output": output or [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "metadata": None,
        "usage": None if output is None else usage,
    }
