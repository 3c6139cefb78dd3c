"""/v1/messages and its count_tokens: Anthropic's API as vLLM serves it."""

import json
from collections.abc import AsyncGenerator
from typing import Any

from simulator.engine.asks import ApiError, Ask, contents, make_ask
from simulator.engine.completions import sse
from simulator.engine.engine import Engine
from simulator.engine.http import Answer, as_json

REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


async def message(engine: Engine, body: dict[str, Any]) -> Answer:
    """Answer a conversation."""
    if not body.get("max_tokens"):
        raise ApiError("[{'type': 'missing', 'loc': ('body', 'max_tokens')}]")
    ask = _ask(engine, body)
    if body.get("stream"):
        return Answer(_events(engine, ask), content_type="text/event-stream; charset=utf-8")
    text = ""
    async for token in engine.stream(ask.name, ask.prompt, ask.tokens):
        text += token
    ending = {"content": [_block(ask, text)], "stop_reason": REASONS[ask.reason]}
    return as_json(_message(ask) | ending | {"usage": _usage(ask, len(ask.tokens))})


async def count_tokens(engine: Engine, body: dict[str, Any]) -> Answer:
    """How many tokens the conversation is."""
    return as_json({"input_tokens": _ask(engine, body).prompt})


def _ask(engine: Engine, body: dict[str, Any]) -> Ask:
    conversation = body.get("messages")
    if not isinstance(conversation, list) or not conversation:
        raise ApiError("[{'type': 'missing', 'loc': ('body', 'messages')}]")
    texts = [contents(engine, turn.get("content")) for turn in conversation]
    if body.get("system"):
        texts.insert(0, contents(engine, body["system"]))
    return make_ask(engine, body, "msg", texts, body.get("max_tokens"))


async def _events(engine: Engine, ask: Ask) -> AsyncGenerator[bytes, None]:
    opening = _message(ask) | {"content": [], "stop_reason": None, "usage": _usage(ask, 0)}
    tokens = engine.stream(ask.name, ask.prompt, ask.tokens)
    kind = "text_delta" if ask.call is None else "input_json_delta"
    key = "text" if ask.call is None else "partial_json"
    started = False
    try:
        async for token in tokens:
            if not started:
                started = True
                yield sse({"type": "message_start", "message": opening}, "message_start")
                block = {"type": "content_block_start", "index": 0, "content_block": _empty(ask)}
                yield sse(block, "content_block_start")
            delta = {"type": kind, key: token}
            event = {"type": "content_block_delta", "index": 0, "delta": delta}
            yield sse(event, "content_block_delta")
    finally:
        await tokens.aclose()
    yield sse({"type": "content_block_stop", "index": 0}, "content_block_stop")
    ending = {"stop_reason": REASONS[ask.reason], "stop_sequence": ask.stop}
    last = {"type": "message_delta", "delta": ending, "usage": _usage(ask, len(ask.tokens))}
    yield sse(last, "message_delta")
    yield sse({"type": "message_stop"}, "message_stop")
    yield b"data: [DONE]\n\n"


def _message(ask: Ask) -> dict[str, Any]:
    lead = {"id": ask.name, "type": "message", "role": "assistant", "model": ask.model}
    return lead | {"stop_sequence": ask.stop}


def _usage(ask: Ask, made: int) -> dict[str, int]:
    return {"input_tokens": ask.prompt, "output_tokens": made}


def _block(ask: Ask, text: str) -> dict[str, Any]:
    if ask.call is None:
        return {"type": "text", "text": text}
    return _empty(ask) | {"input": json.loads(text)}


def _empty(ask: Ask) -> dict[str, Any]:
    if ask.call is None:
        return {"type": "text", "text": ""}
    return {"type": "tool_use", "id": ask.call.id, "name": ask.call.name, "input": {}}
