"""Go templates as far as people use them with docker's --format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

TOKEN = re.compile(r"\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
WORD = re.compile(r'"(?:[^"\\]|\\.)*"|\S+')


class TemplateError(Exception):
    """A template that the stand-in cannot evaluate."""


def render(template: str, value: Any) -> str:
    """Evaluate a template on one value."""
    text = template.replace(r"\t", "\t").replace(r"\n", "\n")
    text = re.sub(r"\s+(?=\{\{-)|(?<=-\}\})\s+", "", text)
    return _block(_pieces(text), value, value)[0]


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """(is an action, its text) from left to right."""
    last = 0
    for found in TOKEN.finditer(text):
        yield False, text[last : found.start()]
        yield True, found[1]
        last = found.end()
    yield False, text[last:]


def _block(pieces: Iterator[tuple[bool, str]], value: Any, root: Any) -> tuple[str, str]:
    """Evaluate up to the end of the block; returns the text and the action that ended it."""
    out = ""
    for action, text in pieces:
        if not action:
            out += text
        elif text in ("end", "else"):
            return out, text
        elif text.startswith(("range ", "if ", "with ")):
            out += _nested(pieces, text, value, root)
        else:
            out += _shown(_value(text, value, root))
    return out, ""


def _nested(pieces: Iterator[tuple[bool, str]], head: str, value: Any, root: Any) -> str:
    keyword, _, expression = head.partition(" ")
    body, depth = [], 0
    for action, text in pieces:
        depth += action and text.startswith(("range ", "if ", "with "))
        if action and text == "end":
            if not depth:
                break
            depth -= 1
        body.append((action, text))
    found = _value(expression, value, root)
    if keyword == "range":
        items = found.values() if isinstance(found, dict) else found or []
        return "".join(_block(iter(body), item, root)[0] for item in items)
    if found:
        return _block(iter(body), found if keyword == "with" else value, root)[0]
    return _block(iter(_otherwise(body)), value, root)[0]


def _otherwise(body: list[tuple[bool, str]]) -> list[tuple[bool, str]]:
    """What follows a block's own else; nothing without one.  What comes before is not evaluated."""
    depth = 0
    for place, (action, text) in enumerate(body):
        if action and text == "else" and not depth:
            return body[place + 1 :]
        depth += action and text.startswith(("range ", "if ", "with "))
        depth -= action and text == "end"
    return []


def _value(expression: str, value: Any, root: Any) -> Any:
    name, *rest = WORD.findall(expression)
    if not rest and not name.isalpha():
        return _field(name, value, root)
    arguments = [_field(word, value, root) for word in rest]
    if name == "json":
        return json.dumps(arguments[0], separators=(",", ":"), ensure_ascii=False)
    if name == "println":
        return " ".join(map(_shown, arguments)) + "\n"
    if name == "index":
        found = arguments[0]
        return found[arguments[1]] if isinstance(found, list) else found.get(arguments[1], "")
    if name == "join":
        return arguments[1].join(arguments[0])
    if name in ("upper", "lower"):
        return getattr(str(arguments[0]), name)()
    raise TemplateError(f'template parsing error: template: :1: function "{name}" not defined')


def _field(word: str, value: Any, root: Any) -> Any:
    if word.startswith('"'):
        return json.loads(word)
    if word.isdigit():
        return int(word)
    found = root if word.startswith("$") else value
    for key in word.lstrip("$").split("."):
        if not key:
            continue
        if not isinstance(found, dict) or key not in found:
            raise TemplateError(f'template: :1:2: executing "" at <{word}>: map has no entry for key "{key}"')
        found = found[key]
    return found


def _shown(value: Any) -> str:
    """A value as Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if value is None:
        return "<no value>"
    if isinstance(value, list):
        return f"[{' '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"map[{' '.join(f'{key}:{_shown(item)}' for key, item in value.items())}]"
    return str(value)
