"""A record knows when an answer began, how it went on and how it ended."""

import pytest

from gateway.telemetry.record import Record

STREAM = [(b"content-type", b"text/event-stream")]


def record() -> Record:
    return Record("POST", "/v1/chat/completions", "192.0.2.7", "id-1")


def test_a_record_follows_an_answer_to_its_end():
    seen = record()
    seen.answer_begins(200, STREAM)
    for word in (b"data: a\n\n", b"data: b\n\n", b"data: c\n\n"):
        seen.passes(word)
    seen.ends("ok")

    assert (seen.status, seen.outcome, seen.bytes_out) == (200, "ok", 27)
    assert seen.answer.events == 3
    assert sum(seen.answer.gaps) == 2
    assert 0 <= seen.answer.gap_seconds <= seen.seconds
    assert 0 <= (seen.first_byte_seconds or -1) <= seen.seconds


def test_the_first_outcome_stays():
    seen = record()
    seen.ends("client_left")
    seen.ends("ok")

    assert (seen.outcome, seen.status, seen.first_byte_seconds) == ("client_left", 0, None)


@pytest.mark.parametrize(
    "silence",
    [
        b": ping\n\n",
        b'event: response.created\ndata: {"type":"response.created"}\n\n',
        b"event: response.created\r\ndata: {}\r\n\r\nevent: response.in_progress\r\ndata: {}\r\n\r\n",
        b'event: message_start\ndata: {"type":"message_start"}\n\n: still here\n\n',
    ],
)
def test_what_comes_before_the_model_speaks_is_not_its_first_word(silence):
    seen = record()
    seen.answer_begins(200, STREAM)
    seen.passes(silence)
    before = seen.first_byte_seconds
    seen.passes(b"data: word\n\n")

    assert before is None
    assert seen.first_byte_seconds is not None


def test_our_own_answers_are_counted_without_a_head():
    seen = record()
    seen.status = 429
    seen.passes(b"{}")
    seen.ends("busy")

    assert (seen.bytes_out, seen.usage) == (2, None)
