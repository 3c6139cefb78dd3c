"""/v1/chat/completions and /v1/completions, whole and streamed."""

import json
import time
from collections.abc import AsyncGenerator, Iterator
from typing import Any

from simulator.engine.asks import ApiError, Ask, contents, make_ask
from simulator.engine.engine import Engine
from simulator.engine.http import Answer, as_json

CHAT = "chat.completion"
TEXT = "text_completion"


async def chat(engine: Engine, body: dict[str, Any]) -> Answer:
    """Answer a chat."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ApiError("[{'type': 'missing', 'loc': ('body', 'messages')}]")
    texts = [contents(engine, message.get("content")) for message in messages]
    said = [t for t, m in zip(texts, messages, strict=True) if m.get("role") == "user"]
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    ask = make_ask(engine, body, "chatcmpl", [*texts[:-1], (said or texts)[-1]], limit)
    return await _answer(engine, ask, bool(body.get("stream")), CHAT)


async def complete(engine: Engine, body: dict[str, Any]) -> Answer:
    """Answer a prompt; a list of prompts is answered by its last."""
    prompt = body.get("prompt", "")
    if isinstance(prompt, list) and prompt and isinstance(prompt[0], int):
        prompt = engine.vocabulary.decode(prompt)
    texts = prompt if isinstance(prompt, list) else [prompt]
    ask = make_ask(engine, body, "cmpl", texts, body.get("max_tokens", 16))
    return await _answer(engine, ask, bool(body.get("stream")), TEXT)


async def _answer(engine: Engine, ask: Ask, stream: bool, kind: str) -> Answer:
    if stream:
        return Answer(_events(engine, ask, kind), content_type="text/event-stream; charset=utf-8")
    text = ""
    async for token in engine.stream(ask.name, ask.prompt, ask.tokens, _end(ask)):
        text += token
    choices = [_whole(ask, kind, index, text) for index in range(ask.choices)]
    return as_json(_frame(ask, kind, choices) | {"usage": ask.usage})


async def _events(engine: Engine, ask: Ask, kind: str) -> AsyncGenerator[bytes, None]:
    """The server-sent events of a streamed answer."""
    part = CHAT + ".chunk" if kind == CHAT else TEXT
    each = ask.options.get("continuous_usage_stats") and ask.options.get("include_usage")
    done = 0
    opened = kind == TEXT
    tokens = engine.stream(ask.name, ask.prompt, ask.tokens, _end(ask))
    try:
        async for token in tokens:
            if not opened:
                opened = True
                for choice in _opening(ask):
                    yield _event(ask, part, choice, 0 if each else None)
            done += 1
            last = done == len(ask.tokens)
            for index in range(ask.choices):
                choice = _piece(ask, kind, index, token, last)
                yield _event(ask, part, choice, done if each else None)
    finally:
        await tokens.aclose()
    if ask.options.get("include_usage"):
        yield sse(_frame(ask, part, []) | {"usage": ask.usage})
    yield b"data: [DONE]\n\n"


def sse(value: dict[str, Any], event: str = "") -> bytes:
    """One server-sent event."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    lead = f"event: {event}\n" if event else ""
    return f"{lead}data: {text}\n\n".encode()


def _end(ask: Ask) -> str:
    return "length" if ask.reason == "length" else "stop"


def _event(ask: Ask, part: str, choice: dict[str, Any], done: int | None) -> bytes:
    frame = _frame(ask, part, [choice])
    return sse(frame if done is None else frame | {"usage": ask.usage_after(done)})


def _frame(ask: Ask, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
    now = int(time.time())
    return {"id": ask.name, "object": kind, "created": now, "model": ask.model, "choices": choices}


def _opening(ask: Ask) -> Iterator[dict[str, Any]]:
    """First chunks of a chat: the role, then the head of a tool call."""
    for index in range(ask.choices):
        yield _choice(index, {"delta": {"role": "assistant", "content": ""}})
        if ask.call is not None:
            function = {"name": ask.call.name, "arguments": ""}
            call = {"id": ask.call.id, "type": "function", "index": 0, "function": function}
            yield _choice(index, {"delta": {"tool_calls": [call]}})


def _piece(ask: Ask, kind: str, index: int, token: str, last: bool) -> dict[str, Any]:
    ending = {"finish_reason": ask.reason, "stop_reason": ask.stop} if last else {}
    if kind == TEXT:
        return _choice(index, {"text": token} | ending)
    if ask.call is not None:
        call = {"index": 0, "function": {"arguments": token}}
        return _choice(index, {"delta": {"tool_calls": [call]}} | ending)
    return _choice(index, {"delta": {"content": token}} | ending)


def _whole(ask: Ask, kind: str, index: int, text: str) -> dict[str, Any]:
    ending = {"finish_reason": ask.reason, "stop_reason": ask.stop}
    if kind == TEXT:
        return _choice(index, {"text": text} | ending)
    message: dict[str, Any] = {"role": "assistant", "content": text, "tool_calls": []}
    if ask.call is not None:
        function = {"name": ask.call.name, "arguments": text}
        call = {"id": ask.call.id, "type": "function", "function": function}
        message |= {"content": None, "tool_calls": [call]}
    return _choice(index, {"message": message} | ending)


def _choice(index: int, content: dict[str, Any]) -> dict[str, Any]:
    return {"index": index, "logprobs": None, "finish_reason": None} | content
