"""The way back: tokens of a task become its originals again, in whole texts and in streams."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from gateway.redaction.task_map import TaskMap
from gateway.redaction.tokens import safe_length, tokens

Escape = Callable[[str], str]


@dataclass(frozen=True)
class Restored:
    """
    A text with its originals back.

    Attributes:
        text: The text.
        count: How many tokens were restored.
        unknown: Tokens, as given out, that this task never gave out: they stay as they were.
    """

    text: str
    count: int
    unknown: tuple[str, ...]


def as_it_is(value: str) -> str:
    """For plain text."""
    return value


def in_json(value: str) -> str:
    """For text inside a JSON string."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


def restored(text: str, task: TaskMap, *, strict: bool = False, escape: Escape = as_it_is) -> Restored:
    """
    One pass from left to right; what was put in is not looked at again.

    Args:
        text: What a model said.
        task: Whose tokens count.
        strict: Only tokens written just as they were given out.
        escape: How an original is written in this text.
    """
    pieces: list[str] = []
    unknown: dict[str, None] = {}
    count = end = 0
    for token in tokens(text):
        entry = task.values.get(token.text)
        if entry is None:
            unknown[token.text] = None
        elif token.exact or not strict:
            pieces += (text[end : token.start], escape(entry.value))
            count += 1
            end = token.end
    return Restored("".join((*pieces, text[end:])), count, tuple(unknown))


class Restorer:
    """
    One stream of text on its way back: what is certain passes at once, no more than one token is held.

    Args:
        task: Whose tokens count.
        escape: How an original is written in this stream.
    """

    def __init__(self, task: TaskMap, escape: Escape = as_it_is) -> None:
        self._task = task
        self._escape = escape
        self._held = ""
        self._before = ""

    def feed(self, text: str) -> str:
        """What can be passed on now."""
        self._held += text
        length = safe_length(self._before + self._held) - len(self._before)
        return self._pass(max(0, length))

    def end(self) -> str:
        """What was held back, when the stream is over."""
        return self._pass(len(self._held))

    def _pass(self, length: int) -> str:
        ready, self._held = self._held[:length], self._held[length:]
        if not ready:
            return ""
        told = restored(self._before + ready, self._task, escape=self._escape).text[len(self._before) :]
        self._before = "x" if ready[-1].isascii() and ready[-1].isalnum() else ""
        return told
