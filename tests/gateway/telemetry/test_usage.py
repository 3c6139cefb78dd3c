"""Tokens are read from the answer's own usage, never from its text, however the bytes are cut."""

import json
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.telemetry.passing import Passing, passing
from gateway.telemetry.usage import Usage

STREAM = [(b"content-type", b"text/event-stream; charset=utf-8")]
JSON = [(b"content-type", b"application/json")]
TOKENS = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
LIE = '{"usage":{"prompt_tokens":999}} "usage":{"prompt_tokens":999},\\"usage":'


def events(*payloads: object, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    texts = (payload if isinstance(payload, str) else json.dumps(payload) for payload in payloads)
    return "".join(f"{head}data: {text}\n\n" for text in texts).encode()


def chunk(text: str, **more: object) -> dict:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text}}], **more}


def read(headers: list, *parts: bytes) -> tuple[Usage | None, Passing]:
    seen = passing(headers)
    for part in parts:
        seen.passes(part)
    return seen.ends(), seen


CHAT = events(chunk("a"), chunk(LIE), {"choices": [], "usage": TOKENS}, "[DONE]")
CONTINUOUS = events(chunk("a", usage={**TOKENS, "completion_tokens": 1}), chunk("b", usage=TOKENS))
# The last event of this one is longer than what is kept of a stream.
RESPONSES = events(
    {"type": "response.created", "response": {"usage": None}}, name="response.created"
) + events(
    {
        "response": {
            "output": [{"text": LIE * 400}],
            "usage": {"input_tokens": 7, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 4}},
            "metadata": {"usage": "none"},
        },
        "type": "response.completed",
    },
    name="response.completed",
)
ANTHROPIC = (
    events({"type": "message_start", "message": {"usage": {"input_tokens": 7, "output_tokens": 1}}})
    + events(*({"delta": {"text": LIE}} for _ in range(400)))
    + events({"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5}}, {"type": "message_stop"})
)
HEARD = events({"type": "transcript.text.done", "text": LIE, "usage": {"type": "duration", "seconds": 31}})


@pytest.mark.parametrize(
    ("stream", "usage"),
    [
        (CHAT, Usage(7, 5)),
        (CHAT.replace(b"\n", b"\r\n"), Usage(7, 5)),
        (CHAT.replace(b"data: ", b"data:"), Usage(7, 5)),
        (CONTINUOUS + b'data: {"cut off', Usage(7, 5)),
        (RESPONSES, Usage(7, 5, 4)),
        (ANTHROPIC, Usage(7, 5)),
        (HEARD, Usage(audio_seconds=31)),
        (events(chunk("a", usage=None), "[DONE]"), None),
        (b'data: said "usage":{"prompt_tokens":9}}\n\n', None),
        (CHAT[: CHAT.rindex(b"total_tokens")] + b"\n\n", None),
    ],
    ids=["chat", "crlf", "no-space", "continuous", "responses", "anthropic", "audio", "none", "text", "torn"],
)
def test_a_stream_tells_its_tokens(stream, usage):
    assert read(STREAM, stream)[0] == usage


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        ({"choices": [{"message": {"content": LIE}}], "usage": TOKENS, "prompt_logprobs": None}, Usage(7, 5)),
        ({"choices": [{"message": {"content": LIE * 900}}], "usage": TOKENS}, Usage(7, 5)),
        ({"usage": {"prompt_tokens": 7, "total_tokens": 7}, "results": [{"text": LIE * 900}]}, Usage(7)),
        ({"model": "m", "usage": {"total_tokens": 7}, "results": []}, Usage(7)),
        ({"text": "spoken", "usage": {"type": "duration", "seconds": 2.5}}, Usage(audio_seconds=2.5)),
        (
            {"usage": {"input_tokens": 3, "cache_read_input_tokens": 4, "output_tokens": 5}},
            Usage(7, 5, 4),
        ),
        ({"choices": [{"usage": TOKENS}]}, None),
        ({"inner": {"usage": TOKENS}}, None),
        ({"words": ["usage"], "usage": None}, None),
        ({"usage": {"prompt_tokens": -1}}, None),
        ({"usage": "usage"}, None),
        ([{"usage": TOKENS}], None),
    ],
    ids=[
        "small",
        "large",
        "early",
        "rerank",
        "audio",
        "cache",
        "deep",
        "inner",
        "null",
        "negative",
        "word",
        "list",
    ],
)
def test_a_body_tells_its_tokens(body, usage):
    assert read(JSON, json.dumps(body).encode())[0] == usage
    assert read(JSON, json.dumps(body, indent=2).encode())[0] == usage


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [CHAT, CONTINUOUS, RESPONSES, ANTHROPIC, HEARD, b"\n", b"\r", b'"usage":{', b"data:", b"{"]
            ),
            st.binary(max_size=40),
            st.integers(0, 30_000).map(lambda size: b'{"usage":' * (size // 9)),
        ),
        max_size=5,
    ).map(b"".join),
    st.lists(st.integers(0, 60_000), max_size=12),
    st.sampled_from([STREAM, JSON]),
)
def test_how_the_bytes_are_split_changes_nothing(data, cuts, headers):
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    parts = [data[start:end] for start, end in pairwise(places)]

    whole_usage, whole = read(headers, data)
    usage, split = read(headers, *parts)

    assert (usage, split.size, split.events) == (whole_usage, whole.size, whole.events)
    assert whole.size == len(data)


@settings(deadline=None)
@given(
    st.recursive(
        st.text() | st.none() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.just("usage"), inner),
        max_leaves=20,
    ),
    st.sampled_from(["", "x" * 30_000]),
)
def test_no_other_part_of_a_body_is_taken_for_its_usage(content, filler):
    body = {"content": content, "filler": filler, "usage": TOKENS}

    assert read(JSON, json.dumps(body).encode())[0] == Usage(7, 5)
    assert read(STREAM, events(body))[0] == Usage(7, 5)


def test_events_are_counted_wherever_they_are_split():
    stream = b": ping\n\n" + CHAT + events(*("x" * 999 for _ in range(100)))

    assert read(STREAM, stream)[1].events == 104
    assert read(STREAM, *(bytes([byte]) for byte in stream))[1].events == 104


def test_a_compressed_answer_is_not_read():
    usage, seen = read([*STREAM, (b"content-encoding", b"gzip")], CHAT)

    assert (usage, seen.events, seen.size) == (None, 0, len(CHAT))


def test_only_the_ends_of_a_long_answer_are_kept():
    seen = passing(STREAM)
    for _ in range(10_000):
        seen.passes(CHAT)

    assert seen.size == 10_000 * len(CHAT)
    assert (
        sum(len(value) for value in vars(seen).values() if isinstance(value, bytes | bytearray)) < 32 * 1024
    )
