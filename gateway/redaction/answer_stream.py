"""A streamed answer on its way back: events as they come, each channel of text restored by itself."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from gateway.redaction.answer import restored_answer
from gateway.redaction.restore import Restorer, as_it_is, in_json
from gateway.redaction.task_map import TaskMap

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Piece:
    """
    One piece of text in an event.

    Attributes:
        key: Its channel: which choice, which tool call.
        holder, name: Where in the event it stands.
        json: It is part of a JSON text.
    """

    key: Key
    holder: dict[str, Any]
    name: str
    json: bool = False


def _of_chat(event: dict[str, Any]) -> Iterator[Piece]:
    for choice in event.get("choices") or ():
        index, delta = choice.get("index", 0), choice.get("delta") or {}
        for name in ("content", "refusal", "reasoning_content", "reasoning"):
            if isinstance(delta.get(name), str):
                yield Piece((index, name), delta, name)
        for call in delta.get("tool_calls") or ():
            function = call.get("function") or {}
            if isinstance(function.get("arguments"), str):
                yield Piece((index, "call", call.get("index", 0)), function, "arguments", json=True)
        if isinstance(choice.get("text"), str):
            yield Piece((index, "text"), choice, "text")


_ANTHROPIC = {"text": False, "thinking": False, "partial_json": True}


def _of_messages(event: dict[str, Any]) -> Iterator[Piece]:
    delta = event.get("delta")
    if event.get("type") == "content_block_delta" and isinstance(delta, dict):
        for name, is_json in _ANTHROPIC.items():
            if isinstance(delta.get(name), str):
                yield Piece((event.get("index", 0), name), delta, name, json=is_json)


def _of_responses(event: dict[str, Any]) -> Iterator[Piece]:
    kind = event.get("type", "")
    if isinstance(kind, str) and kind.endswith(".delta") and isinstance(event.get("delta"), str):
        place = (
            event.get("item_id"),
            event.get("output_index"),
            event.get("content_index"),
            kind.removesuffix(".delta"),
        )
        yield Piece(place, event, "delta", json="arguments" in kind)


def _ended_chat(event: dict[str, Any]) -> Iterator[Key]:
    for choice in event.get("choices") or ():
        if choice.get("finish_reason"):
            yield (choice.get("index", 0),)


def _ended_messages(event: dict[str, Any]) -> Iterator[Key]:
    if event.get("type") == "content_block_stop":
        yield (event.get("index", 0),)


def _ended_responses(event: dict[str, Any]) -> Iterator[Key]:
    kind = event.get("type", "")
    if isinstance(kind, str) and kind.endswith(".done"):
        yield (event.get("item_id"), event.get("output_index"), event.get("content_index"))


@dataclass(frozen=True)
class Dialect:
    """How one API streams: its pieces of text, and which channels an event ends."""

    pieces: Callable[[dict[str, Any]], Iterator[Piece]]
    ended: Callable[[dict[str, Any]], Iterator[Key]]


DIALECTS = {
    "chat/completions": Dialect(_of_chat, _ended_chat),
    "messages": Dialect(_of_messages, _ended_messages),
    "responses": Dialect(_of_responses, _ended_responses),
}


@dataclass
class _Channel:
    """One channel: its restorer, and the last event that carried it, as the form of one more."""

    restorer: Restorer
    head: list[bytes]
    event: dict[str, Any]
    place: int


@dataclass
class AnswerStream:
    """
    Server-sent events with originals in place of tokens.

    Args:
        task: Whose tokens count.
        dialect: How the API streams.
    """

    task: TaskMap
    dialect: Dialect
    _rest: bytes = b""
    _channels: dict[Key, _Channel] = field(default_factory=dict)

    def feed(self, data: bytes) -> bytes:
        """What can be passed on after these bytes."""
        self._rest += data.replace(b"\r\n", b"\n")
        *whole, self._rest = self._rest.split(b"\n\n")
        return b"".join(self._event(one) for one in whole if one)

    def end(self) -> bytes:
        """What is left when the stream is over."""
        last, self._rest = self._rest.strip(b"\n"), b""
        return (self._event(last) if last else b"") + self._flushed(())

    def _event(self, block: bytes) -> bytes:
        head = [line for line in block.split(b"\n") if not line.startswith(b"data:")]
        data = b"\n".join(
            line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")
        )
        try:
            event = json.loads(data)
        except ValueError:
            return (self._flushed(()) if data else b"") + block + b"\n\n"
        if not isinstance(event, dict):
            return block + b"\n\n"
        told = (
            b"".join(self._flushed(key) for key in self.dialect.ended(event))
            if not self._has_text(event)
            else b""
        )
        pieces = list(self.dialect.pieces(event))
        if not pieces:
            return told + _written(head, restored_answer(event, self.task))
        for place, piece in enumerate(pieces):
            piece.holder[piece.name] = self._channel(piece, head, event, place).restorer.feed(
                piece.holder[piece.name]
            )
        if self._has_text(event):
            for key in self.dialect.ended(event):
                self._finish(pieces, key)
        return told + _written(head, event)

    def _has_text(self, event: dict[str, Any]) -> bool:
        return any(True for _ in self.dialect.pieces(event))

    def _finish(self, pieces: list[Piece], key: Key) -> None:
        """An event that ends channels and carries text takes the rest itself."""
        for piece in pieces:
            channel = self._channels.get(piece.key)
            if channel is not None and piece.key[: len(key)] == key:
                piece.holder[piece.name] += channel.restorer.end()

    def _channel(self, piece: Piece, head: list[bytes], event: dict[str, Any], place: int) -> _Channel:
        known = self._channels.get(piece.key)
        if known is None:
            known = _Channel(Restorer(self.task, in_json if piece.json else as_it_is), head, event, place)
            self._channels[piece.key] = known
        known.head, known.event, known.place = head, deepcopy(event), place
        return known

    def _flushed(self, begins: Key) -> bytes:
        """An event more for each channel of that beginning which still holds text back."""
        told = b""
        for key, channel in self._channels.items():
            if key[: len(begins)] == begins and (rest := channel.restorer.end()):
                event = deepcopy(channel.event)
                for place, piece in enumerate(self.dialect.pieces(event)):
                    piece.holder[piece.name] = rest if place == channel.place else ""
                told += _written(channel.head, event)
        return told


def _written(head: list[bytes], event: dict[str, Any]) -> bytes:
    data = b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode(
        "utf-8", "surrogatepass"
    )
    return b"\n".join((*head, data)) + b"\n\n"
