"""What a client asks of a model, read from the bodies of four APIs into one shape.

Errors are vLLM's: `{"error": {"message", "type", "param", "code"}}`.
"""

import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from simulator.engine.engine import Engine
from simulator.engine.http import Answer, as_json
from simulator.engine.text import answer, cut, pieces
from simulator.engine.tools import ToolCall, choose, example

_numbers = count(1)
IMAGES = {"image_url", "input_image", "image"}


class ApiError(Exception):
    """A request refused; becomes an answer in vLLM's shape."""

    def __init__(self, message: str, status: int = 400, kind: str = "BadRequestError") -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind

    @property
    def error(self) -> dict[str, Any]:
        return {"message": str(self), "type": self.kind, "param": None, "code": self.status}

    def answer(self) -> Answer:
        return as_json({"error": self.error}, self.status)


@dataclass(slots=True)
class Ask:
    """One request to a model, and the tokens it will be answered with."""

    name: str
    model: str
    prompt: int
    tokens: list[str]
    reason: str
    stop: str | None = None
    call: ToolCall | None = None
    choices: int = 1
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def usage(self) -> dict[str, Any]:
        return self.usage_after(len(self.tokens))

    def usage_after(self, done: int) -> dict[str, Any]:
        """Token counts when `done` tokens of each choice are made."""
        made = done * self.choices
        total = self.prompt + made
        return {"prompt_tokens": self.prompt, "total_tokens": total, "completion_tokens": made}


def body_of(raw: bytes) -> dict[str, Any]:
    """The JSON object of a body; raises ApiError."""
    try:
        body = json.loads(raw)
    except ValueError as reason:
        raise ApiError(f"[{{'type': 'json_invalid', 'msg': 'JSON decode error: {reason}'}}]") from None
    if not isinstance(body, dict):
        raise ApiError("[{'type': 'dict_type', 'msg': 'Input should be a valid dictionary'}]")
    return body


def check_model(engine: Engine, body: dict[str, Any]) -> str:
    """The served name the body asks for; raises ApiError 404."""
    names = engine.launch.names
    name = body.get("model") or names[0]
    if name not in names:
        raise ApiError(f"The model `{name}` does not exist.", 404, "NotFoundError")
    return str(name)


def make_ask(engine: Engine, body: dict[str, Any], kind: str, texts: list[str], limit: int | None) -> Ask:
    """Texts (the last is answered) and limits to an Ask; raises ApiError as vLLM would."""
    name = check_model(engine, body)
    said = texts[-1] if texts else ""
    prompt = sum(len(pieces(text)) + 4 for text in texts)
    _check_length(engine.launch.plan.context, prompt, limit)
    ask = Ask(f"{kind}-{next(_numbers):08x}", name, prompt, [], "stop", choices=_choices(body))
    ask.options = body.get("stream_options") or {}
    ask.call = choose(body, said, automatic=bool(engine.launch.args.enable_auto_tool_choice))
    if ask.call is not None:
        ask.tokens, ask.reason = pieces(ask.call.arguments), "tool_calls"
        return ask
    schema = _wanted_schema(body)
    if schema is not None:
        ask.tokens = pieces(json.dumps(example(schema, said)))
        return ask
    endless = bool(body.get("ignore_eos"))
    ask.tokens, ask.reason = answer(name, said, limit, endless)
    ask.tokens, ask.stop = cut(ask.tokens, _stops(body))
    if ask.stop is not None:
        # An answer that is all stop string is one empty token, as an end-of-text token is.
        ask.tokens, ask.reason = ask.tokens or [""], "stop"
    return ask


def contents(engine: Engine, content: Any) -> str:
    """The text of a message's content; image parts are refused by a model that has no eyes."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise ApiError("[{'type': 'string_type', 'loc': ('body', 'messages', 0, 'content')}]")
    parts = []
    for part in content:
        kind = part.get("type")
        sees = engine.launch.model.sees and not engine.launch.args.language_model_only
        if kind in IMAGES and not sees:
            raise ApiError(f"{engine.launch.model.name} is not a multimodal model")
        inner = part.get("content") if kind == "tool_result" else part.get("text", "")
        parts.append(contents(engine, inner))
    return "".join(parts)


def _check_length(context: int, prompt: int, limit: int | None) -> None:
    if limit is not None and limit < 1:
        raise ApiError(f"max_tokens must be at least 1, got {limit}.")
    if prompt >= context:
        raise ApiError(
            f"This model's maximum context length is {context} tokens. However, your request has "
            f"{prompt} input tokens. Please reduce the length of the input messages."
        )
    if limit is not None and prompt + limit > context:
        raise ApiError(
            f"'max_tokens' or 'max_completion_tokens' is too large: {limit}. This model's maximum "
            f"context length is {context} tokens and your request has {prompt} input tokens "
            f"({limit} > {context} - {prompt})."
        )


def _choices(body: dict[str, Any]) -> int:
    wanted = body.get("n")
    wanted = 1 if wanted is None else wanted
    if not isinstance(wanted, int) or wanted < 1:
        raise ApiError(f"n must be at least 1, got {wanted}.")
    return wanted


def _stops(body: dict[str, Any]) -> list[str]:
    stop = body.get("stop") or body.get("stop_sequences") or []
    return [stop] if isinstance(stop, str) else list(stop)


def _wanted_schema(body: dict[str, Any]) -> dict[str, Any] | None:
    """The JSON schema the answer must follow, if any."""
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return dict(wanted["json_schema"].get("schema") or {})
    if wanted.get("type") == "json_object":
        return {"type": "object", "properties": {"answer": {"type": "string"}}}
    return None
