"""Heads go through: what is meant for the other end stays, what is meant for one connection goes."""

from dataclasses import replace

import pytest

from gateway.options import Options
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, OK, Client, ask, chunked, received, request

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def answers(head: bytes, body: bytes = b"{}"):
    """A script that answers with that head."""

    async def script(call: Call) -> None:
        await call.answer(body, head)

    return script


LINES = {
    b"HTTP/1.1 200 OK": b"HTTP/1.1 200 OK",
    b"HTTP/1.1 418 I'm a teapot": b"HTTP/1.1 418 I'm a teapot",
    b"HTTP/1.1 200 Tr\xe8s bien": b"HTTP/1.1 200 Tr\xe8s bien",
    b"HTTP/1.0 404 Nowhere": b"HTTP/1.1 404 Nowhere",
    b"HTTP/1.1 429 ": b"HTTP/1.1 429 Too Many Requests",
    b"HTTP/1.1 599 Odd": b"HTTP/1.1 599 Odd",
    b"HTTP/1.1 503 Busy": b"HTTP/1.1 503 Busy",
}
"""What the upstream says, and what the client reads."""


async def test_status_and_reason_are_the_upstreams(client: Client, upstream: FakeUpstream):
    for line, told in LINES.items():
        upstream.script = answers(line + b"\r\nretry-after: 7\r\n", b'{"detail": "theirs"}')
        got = await client.ask(ask())

        assert (got.line, got.body, got[b"retry-after"]) == (told, b'{"detail": "theirs"}', b"7")


async def test_headers_that_are_repeated_stay_repeated_and_in_order(client: Client, upstream: FakeUpstream):
    upstream.script = answers(OK + b"set-cookie: a=1\r\nx-b: 2\r\nset-cookie: c=3; path=/\r\nx-empty:\r\n")
    got = await client.ask(request("POST", CHAT, "cookie: q=1", "accept: a", "accept: b", body=b"{}"))
    sent = received(upstream.calls.get_nowait())

    assert got.all(b"set-cookie") == [b"a=1", b"c=3; path=/"]
    assert (got[b"x-b"], got[b"x-empty"]) == (b"2", b"")
    assert [pair for pair in sent if pair[0] in (b"accept", b"cookie")] == [
        (b"cookie", b"q=1"), (b"accept", b"a"), (b"accept", b"b"),
    ]  # fmt: skip


async def test_what_speaks_of_one_connection_is_dropped_on_the_way_up(client: Client, upstream: FakeUpstream):
    hops = ("te: trailers", "keep-alive: timeout=5", "proxy-authorization: Basic eA==", "x-private: 1")
    hops += ("upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__", "x-also: 2", "x-kept: 3")
    named = "connection: keep-alive, X-Private, upgrade,http2-settings"
    await client.ask(request("POST", CHAT, named, *hops, "connection: x-also", body=b"{}"))
    names = {name for name, _ in received(upstream.calls.get_nowait())}

    assert names == {b"host", b"content-length", b"x-request-id", b"x-kept"}


async def test_what_speaks_of_one_connection_is_dropped_on_the_way_down(
    client: Client, upstream: FakeUpstream
):
    hops = b"keep-alive: timeout=5\r\nproxy-authenticate: Basic\r\nx-hop: 1\r\nx-kept: 2\r\nupgrade: h2c\r\n"
    upstream.script = answers(OK + b"connection: keep-alive, X-Hop\r\n" + hops)
    got = await client.ask(ask())

    assert {name for name, _ in got.headers} == {b"content-length", b"x-request-id", b"x-kept"}


async def test_trailers_reach_the_client(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        end = chunked(b"one", b"two").removesuffix(b"\r\n") + b"X-Sum: abc\r\nx-sum: def\r\n\r\n"
        await call.send(OK, b"trailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n", end)

    upstream.script = script
    got = await client.ask(ask())

    assert (got.body, got[b"trailer"]) == (b"onetwo", b"x-sum")
    assert got.trailers == [(b"x-sum", b"abc"), (b"x-sum", b"def")]


async def test_the_host_is_the_upstreams_own(client: Client, upstream: FakeUpstream):
    await client.ask(ask())

    assert upstream.calls.get_nowait().headers[b"host"] == b"127.0.0.1:%d" % upstream.port


async def test_keys_of_clients_stay_here(client: Client, upstream: FakeUpstream):
    keys = ("authorization: Bearer sk-client", "x-api-key: sk-client", "proxy-authorization: Basic c2s=")
    await client.ask(request("POST", CHAT, *keys, "cookie: theirs", body=b"{}"))
    call = upstream.calls.get_nowait()

    assert b"sk-client" not in call.head
    assert call.headers[b"cookie"] == b"theirs"


async def test_a_request_keeps_its_id_and_its_trace(client: Client, upstream: FakeUpstream):
    upstream.script = answers(OK + b"x-request-id: upstreams-own\r\n")
    headers = ("x-request-id: mine-1", f"traceparent: {TRACE}", "tracestate: a=b,c=d")
    got = await client.ask(request("POST", CHAT, *headers, body=b"{}"))
    sent = upstream.calls.get_nowait().headers

    assert got[b"x-request-id"] == sent[b"x-request-id"] == b"mine-1"
    assert (sent[b"traceparent"], sent[b"tracestate"]) == (TRACE.encode(), b"a=b,c=d")


async def test_a_request_without_an_id_gets_one(client: Client, upstream: FakeUpstream):
    for given in ((), ("x-request-id: not a word",), ("x-request-id: ",)):
        got = await client.ask(request("POST", CHAT, *given, body=b"{}"))
        refused = await client.ask(request("POST", CHAT, *given, body=b"no json"))

        assert got[b"x-request-id"] == upstream.calls.get_nowait().headers[b"x-request-id"]
        assert len(got[b"x-request-id"]) == len(refused[b"x-request-id"]) == 32
        assert got[b"x-request-id"] != refused[b"x-request-id"]


async def test_an_interim_answer_is_not_the_answer(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n")
        await call.answer(b"{}", OK)

    upstream.script = script
    got = await client.ask(ask())

    assert (got.status, got.body, got.all(b"link")) == (200, b"{}", [])


async def test_an_answer_that_has_no_body_has_none(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 %b\r\netag: x\r\n\r\n" % call.line.split(b"?")[1].split()[0])

    for status in ("204", "304"):
        upstream.script = script
        await client.send(request("GET", f"/upstream/vllm/x?{status}"))
        got = await client.head()
        upstream.script = answers(OK)

        assert (got.status, got[b"etag"], got.all(b"transfer-encoding")) == (int(status), b"x", [])
        assert (await client.ask(request("GET", "/upstream/vllm/x"))).body == b"{}"


async def test_a_head_request_gets_the_head_alone(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.send(OK, b"content-length: 12345\r\nx-kept: 1\r\n\r\n")

    upstream.script = script
    await client.send(request("HEAD", "/upstream/vllm/x"))
    got = await client.head()
    upstream.script = answers(OK)

    assert (got[b"content-length"], got[b"x-kept"]) == (b"12345", b"1")
    assert (await client.ask(request("GET", "/upstream/vllm/x"))).body == b"{}"


class TestCors:
    @pytest.fixture
    def options(self, options: Options) -> Options:
        return replace(options, cors_origins=frozenset(("https://chat.example",)))

    async def test_which_pages_may_read_is_ours_to_say(self, client: Client, upstream: FakeUpstream):
        theirs = (
            b"access-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\nvary: accept\r\n"
        )
        upstream.script = answers(OK + theirs)
        got = await client.ask(request("POST", CHAT, "origin: https://chat.example", body=b"{}"))

        assert got[b"access-control-allow-origin"] == b"https://chat.example"
        assert got.all(b"access-control-allow-credentials") == []
        assert got.all(b"vary") == [b"accept", b"origin"]

    async def test_our_own_errors_can_be_read_as_well(self, client: Client):
        page = "origin: https://chat.example"
        got = await client.ask(request("POST", CHAT, page, body=b'{"model": "gamma"}'))

        assert (got.status, got[b"access-control-allow-origin"]) == (404, b"https://chat.example")
