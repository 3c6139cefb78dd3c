"""Tool calls of a simulated model: when it makes one, which, and with what arguments."""

import json
from dataclasses import dataclass
from itertools import count
from typing import Any

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call; arguments are JSON text."""

    name: str
    id: str
    arguments: str


class ToolsRefused(ValueError):
    """Automatic tool choice on a server that was not started for it."""


def choose(body: dict[str, Any], said: str, automatic: bool) -> ToolCall | None:
    """The call a model makes: required or named always, automatic if the user speaks of calling.

    Raises:
        ToolsRefused: the server lacks --enable-auto-tool-choice.
    """
    tools = [tool.get("function", tool) for tool in body.get("tools") or []]
    wanted = body.get("tool_choice") or "auto"
    kind = wanted.get("type") if isinstance(wanted, dict) else wanted
    if not tools or kind == "none":
        return None
    if kind == "auto" and not automatic:
        raise ToolsRefused(
            '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'
        )
    if kind == "auto" and not _speaks_of(said, tools):
        return None
    name = wanted.get("function", wanted).get("name") if isinstance(wanted, dict) else None
    tool = next((tool for tool in tools if tool["name"] == name), tools[0])
    schema = tool.get("parameters") or tool.get("input_schema") or {}
    arguments = json.dumps(example(schema, said), ensure_ascii=False)
    return ToolCall(tool["name"], f"chatcmpl-tool-{next(_numbers):08x}", arguments)


def _speaks_of(said: str, tools: list[dict[str, Any]]) -> bool:
    words = said.lower()
    return "call" in words or any(tool["name"].lower() in words for tool in tools)


def example(schema: dict[str, Any], said: str) -> Any:
    """A value that fits a JSON schema; strings repeat the beginning of what was said."""
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if kind == "object":
        return {name: example(part, said) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example(schema.get("items") or {}, said)]
    simple = {"integer": 1, "number": 1.5, "boolean": True, "null": None}
    return simple.get(str(kind), said[:40])
