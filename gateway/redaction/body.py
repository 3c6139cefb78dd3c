"""The texts inside a JSON value: taken out, and put back in another form (pure)."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from gateway.problem import Problem
from gateway.redaction.wordset import words

_KEPT = words(
    """
    role type id tool_call_id call_id tool_use_id model object finish_reason stop_reason status index
    detail tool_choice reasoning_effort service_tier truncation response_format cache_control
    previous_response_id signature encrypted_content
    """
)
"""Fields that hold words of the protocol."""

_MEDIA = words(
    """
    image_url input_image input_audio audio image file input_file document video video_url input_video
    source file_id file_data file_ids image_file computer_screenshot
    """
)
_IN_JSON = frozenset(("arguments",))
"""Fields whose text is JSON itself."""

_OF_TOOLS = frozenset(("tools", "functions"))
_SCHEMA_WORDS = frozenset(("name", "type", "required", "$ref", "format", "pattern", "strict"))


class Places:
    """
    Where the texts of a value stand.

    Args:
        value: A text, a list, or a chat request; `Problem` when it holds media, which cannot be searched.

    Attributes:
        texts: In the order in which they stand there.
    """

    def __init__(self, value: Any) -> None:
        self._value = value
        self.texts: list[str] = []
        _walked(value, self._take)

    def _take(self, text: str) -> str:
        self.texts.append(text)
        return text

    def filled(self, texts: Sequence[str]) -> Any:
        """The value with other texts in the same places."""
        rest = iter(texts)
        return _walked(self._value, lambda _text: next(rest))


def _walked(value: Any, change: Callable[[str], str], field: str = "") -> Any:
    if isinstance(value, str):
        return _text(value, change, field)
    if isinstance(value, list):
        return [_walked(one, change, field) for one in value]
    if not isinstance(value, dict):
        return value
    _require_no_media(value)
    return {name: _field(name, one, change) for name, one in value.items()}


def _field(name: str, value: Any, change: Callable[[str], str]) -> Any:
    if name in _OF_TOOLS:
        return _of_schema(value, change)
    if name == "input" and isinstance(value, dict):  # what a tool of Anthropic's form was called with
        return _leaves(value, change)
    return value if name in _KEPT and not isinstance(value, list | dict) else _walked(value, change, name)


def _text(value: str, change: Callable[[str], str], field: str) -> str:
    if field in _IN_JSON:
        try:
            told = json.loads(value)
        except ValueError:
            return change(value)
        if isinstance(told, dict | list):
            return json.dumps(_leaves(told, change), ensure_ascii=False)
    return change(value)


def _leaves(value: Any, change: Callable[[str], str]) -> Any:
    """Every text of a JSON value, the names of its fields as well."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_leaves(one, change) for one in value]
    if isinstance(value, dict):
        return {change(name): _leaves(one, change) for name, one in value.items()}
    if isinstance(value, int | float) and not isinstance(value, bool) and len(str(value)) > 6:
        return change(str(value))
    return value


def _of_schema(value: Any, change: Callable[[str], str], field: str = "") -> Any:
    """Definitions of tools: what they are called stays, what is said of them is searched."""
    if isinstance(value, str):
        return value if field in _SCHEMA_WORDS else change(value)
    if isinstance(value, list):
        return [_of_schema(one, change, field) for one in value]
    if isinstance(value, dict):
        return {name: _of_schema(one, change, name) for name, one in value.items()}
    return value


def _require_no_media(value: dict[str, Any]) -> None:
    kind = value.get("type")
    named = [name for name in value if name in _MEDIA and value[name] not in (None, [], "")]
    if named or (isinstance(kind, str) and kind in _MEDIA):
        what = named[0] if named else kind
        message = (
            f"the request holds media ({what}), which cannot be searched for sensitive parts: nothing "
            "was sent"
        )
        raise Problem(415, message, "media_refused")
