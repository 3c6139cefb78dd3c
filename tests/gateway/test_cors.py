"""CORS: what a browser is told about pages of other origins."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.cors import Cors

CHAT = b"https://chat.example"
LISTED = Cors({"https://chat.example", "app://notes"})
NOBODY, EVERYONE = Cors(()), Cors({"*"})
TOKEN = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def asks(origin: bytes = CHAT, *headers: bytes) -> list[tuple[bytes, bytes]]:
    """The headers of a preflight."""
    wanted = [(b"access-control-request-headers", value) for value in headers]
    return [(b"origin", origin), (b"access-control-request-method", b"POST"), *wanted]


@pytest.mark.parametrize("origin", [CHAT, b"HTTPS://Chat.Example", b"app://notes"])
def test_a_page_of_a_listed_origin_may_ask_and_read(origin: bytes):
    answer = dict(LISTED.preflight(asks(origin)))

    assert answer[b"access-control-allow-origin"] == origin
    assert answer[b"access-control-allow-methods"] == b"GET, HEAD, POST"
    assert answer[b"access-control-max-age"] == b"600"
    assert b"origin" in answer[b"vary"]
    assert LISTED.headers_for(origin) == [
        (b"access-control-allow-origin", origin),
        (b"vary", b"origin"),
        (b"access-control-expose-headers", b"x-request-id, x-queue-ms, x-queue-position, retry-after"),
    ]


FOREIGN = [
    b"null", b"", b"http://chat.example", b"https://chat.example:8443", b"https://chat.example.evil.example",
    b"https://evil.example", b"chat.example", b"*", b"https://chat.example, https://evil.example",
]  # fmt: skip


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_page_of_another_origin_is_told_nothing_but_that_answers_differ(origin: bytes):
    assert LISTED.preflight(asks(origin)) == [
        (b"vary", b"origin, access-control-request-method, access-control-request-headers")
    ]
    assert LISTED.headers_for(origin) == [(b"vary", b"origin")]


@pytest.mark.parametrize("origin", [CHAT, b"null", b"app://x", b"file://", b"http://10.0.0.9:3000"])
def test_a_star_lets_every_page_in_and_names_it(origin: bytes):
    assert EVERYONE.headers_for(origin)[0] == (b"access-control-allow-origin", origin)


@pytest.mark.parametrize("origin", [None, *FOREIGN, CHAT])
def test_without_configuration_answers_carry_nothing(origin: bytes | None):
    assert NOBODY.headers_for(origin) == []
    assert origin is None or not NOBODY.is_allowed(origin)


def test_an_answer_to_a_program_says_only_that_answers_differ():
    assert LISTED.headers_for(None) == [(b"vary", b"origin")]


@pytest.mark.parametrize("headers", [[], asks()[:1], asks()[1:]])
def test_other_requests_with_options_are_no_preflight(headers: list[tuple[bytes, bytes]]):
    assert LISTED.preflight(headers) == []


def test_headers_that_are_asked_for_are_allowed_when_they_can_be_headers():
    wanted = (b"authorization, x-api-key,Bad Header, Bad@Header,, x-stainless-os", b"openai-beta")

    answer = dict(LISTED.preflight(asks(CHAT, *wanted)))

    allowed = b"authorization, x-api-key, x-stainless-os, openai-beta"
    assert answer[b"access-control-allow-headers"] == allowed


def test_credentials_are_never_allowed():
    for cors in (LISTED, EVERYONE):
        names = [name for name, _ in (*cors.preflight(asks()), *cors.headers_for(CHAT))]
        assert b"access-control-allow-credentials" not in names


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=4))
def test_only_tokens_are_ever_echoed(wanted: list[bytes]):
    answer = dict(LISTED.preflight(asks(CHAT, *wanted)))
    echoed = answer.get(b"access-control-allow-headers", b"")

    assert all(TOKEN.fullmatch(word) for word in echoed.split(b", ") if echoed)
    sent = {word.strip() for value in wanted for word in value.split(b",")}
    assert set(echoed.split(b", ")) - {b""} == {word for word in sent if TOKEN.fullmatch(word)}


@settings(deadline=None)
@given(st.sampled_from([LISTED, NOBODY, EVERYONE]), st.binary(max_size=40))
def test_no_origin_can_break_out_of_its_header(cors: Cors, origin: bytes):
    told = [*cors.preflight(asks(origin)), *cors.headers_for(origin)]

    assert not any(set(value) & set(b"\r\n\0") for _, value in told)
