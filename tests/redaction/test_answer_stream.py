"""Streams of every API are restored channel by channel, wherever a token is cut."""

import json
from typing import Any

import pytest

from gateway.redaction.answer_stream import DIALECTS, AnswerStream
from gateway.redaction.task_map import TaskMap

VALUE = 'Ylva "Y" Ceesay'
TOLD = "Ask [PERSON_1] now, PERSON_1"
WHOLE = f"Ask {VALUE} now, {VALUE}"


def events(api: str, kinds: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """What is left of the events after a way through the stream in pieces of some bytes."""
    task = TaskMap()
    task.entry("PERSON", VALUE)
    stream = AnswerStream(task, DIALECTS[api])
    raw = "".join(f"event: x\ndata: {json.dumps(one)}\n\n" for one in kinds).encode()
    out = b"".join(stream.feed(raw[at : at + size]) for at in range(0, len(raw), size)) + stream.end()
    return [json.loads(line[6:]) for line in out.decode().splitlines() if line.startswith("data: ")]


def cut(text: str) -> list[str]:
    return [text[at : at + 3] for at in range(0, len(text), 3)]


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_two_tool_calls_of_a_chat_do_not_share_a_buffer(size: int) -> None:
    arguments = json.dumps({"to": TOLD})
    calls = [
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": n, "function": {"arguments": piece}}]}}]}
        for piece in cut(arguments)
        for n in (0, 1)
    ]
    told: dict[int, str] = {0: "", 1: ""}
    for event in events(
        "chat/completions", [*calls, {"choices": [{"index": 0, "finish_reason": "stop"}]}], size
    ):
        for call in event["choices"][0].get("delta", {}).get("tool_calls", ()):
            told[call["index"]] += call["function"]["arguments"]
    assert [json.loads(one) for one in told.values()] == [{"to": WHOLE}] * 2


def test_what_is_held_back_comes_before_the_end_of_a_choice() -> None:
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in cut(TOLD)]
    told = events(
        "chat/completions", [*chunks, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}], 64
    )
    assert told[-1]["choices"][0]["finish_reason"] == "stop"
    assert "".join(one["choices"][0]["delta"].get("content", "") for one in told) == WHOLE


@pytest.mark.parametrize("size", [1, 4096])
def test_messages_are_restored_block_by_block(size: int) -> None:
    blocks: list[dict[str, Any]] = []
    for index, (kind, text) in enumerate((("text", TOLD), ("partial_json", json.dumps({"to": TOLD})))):
        blocks += [
            {"type": "content_block_delta", "index": index, "delta": {kind: piece}} for piece in cut(text)
        ]
        blocks.append({"type": "content_block_stop", "index": index})
    told = events("messages", blocks, size)
    deltas = [one for one in told if one["type"] == "content_block_delta"]
    assert "".join(one["delta"].get("text", "") for one in deltas) == WHOLE
    assert json.loads("".join(one["delta"].get("partial_json", "") for one in deltas)) == {"to": WHOLE}
    assert told[-1] == {"type": "content_block_stop", "index": 1}


def test_responses_are_restored_in_pieces_and_whole() -> None:
    place = {"item_id": "m", "output_index": 0, "content_index": 0}
    pieces = [{"type": "response.output_text.delta", **place, "delta": piece} for piece in cut(TOLD)]
    done = {"type": "response.output_text.done", **place, "text": TOLD}
    told = events("responses", [*pieces, done], 4096)
    assert "".join(one["delta"] for one in told if "delta" in one) == WHOLE
    assert told[-1]["text"] == WHOLE
