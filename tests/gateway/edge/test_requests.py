"""The forms a request may have: targets, HEAD, OPTIONS, and offers of another protocol."""

from dataclasses import replace

import pytest

from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import Raw, request
from tests.gateway.fake_upstream import Call, FakeUpstream


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("http://there/a%2Fb?x=1", b"/a%2Fb"), ("HTTPS://there:1/a", b"/a"), ("http://there", b"/"),
        ("http://there?x=/y", b"/"), ("*", b"*"), ("//there/a", b"//there/a"), ("/a/../b", b"/a/../b"),
    ],
)  # fmt: skip
async def test_a_target_in_any_form_is_understood(edge: Edge, target: str, path: bytes):
    async with Raw(edge.port) as raw:
        await raw.send(request("OPTIONS", target))

        assert (await raw.answer()).body == b"OPTIONS %b 0" % path


async def test_a_head_request_gets_the_headers_and_no_body(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(request("HEAD", "/a") + request("GET", "/b"))
        head = await raw.answer(bodiless=True)

        assert head.headers[b"content-length"] == b"9"
        assert (await raw.answer()).body == b"GET /b 0"


@pytest.mark.parametrize("framing", ["content-length: 4", "transfer-encoding: chunked"])
async def test_an_offer_of_another_protocol_with_a_body_is_an_ordinary_request(edge: Edge, framing: str):
    """As Java's HttpClient writes every first request of a connection."""
    offer = ("connection: Upgrade, HTTP2-Settings", "upgrade: h2c", "http2-settings: AAEAAEAA", framing)
    body = b"body" if framing.startswith("content") else b"2;x=y\r\nbo\r\n2\r\ndy\r\n0\r\nt: r\r\n\r\n"
    async with Raw(edge.port) as raw:
        await raw.send(request("POST", "/a", None, *offer) + body + request("GET", "/b"))
        assert (await raw.answer()).body == b"POST /a 4"
        assert (await raw.answer()).body == b"GET /b 0"
        await raw.send(request("POST", "/c", None, *offer), *(body[n : n + 1] for n in range(len(body))))
        await raw.send(request("GET", "/d", None, *offer[:3]))

        assert (await raw.answer()).body == b"POST /c 4"
        assert (await raw.answer()).body == b"GET /d 0"
    assert [body for _, _, body in edge.seen] == [b"body", b"", b"body", b""]


async def test_any_number_of_offers_in_one_packet_are_ordinary_requests(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(request("GET", "/", None, "connection: upgrade", "upgrade: h2c") * 3000)

        assert {(await raw.answer()).body for _ in range(3000)} == {b"GET / 0"}


async def test_a_malformed_chunk_behind_an_offer_of_another_protocol_is_refused(edge: Edge):
    offer = request("POST", "/a", None, "connection: upgrade", "upgrade: h2c", "transfer-encoding: chunked")
    async with Raw(edge.port) as raw:
        await raw.send(offer + b"zz\r\n" + request("GET", "/hidden"))

        assert (await raw.answer()).status == 400
        assert await raw.is_closed()
    assert edge.seen == []


@pytest.fixture
def options(options: Options) -> Options:
    """Of a gateway that one page of another origin may use."""
    return replace(options, cors_origins=frozenset({"https://chat.example"}))


async def test_head_on_the_control_api_says_what_get_would_and_sends_no_body(gateway: Running):
    for path in ("/v1/models", "/api/status", "/health", "/api/nothing", "/"):
        async with Raw(gateway.port) as raw:
            await raw.send(request("HEAD", path) + request("GET", path))
            head = await raw.answer(bodiless=True)
            whole = await raw.answer()

        assert head.status == whole.status
        assert {*head.headers} == {*whole.headers}
        assert whole.body


async def test_head_on_a_service_keeps_its_length_and_the_connection(
    gateway: Running, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1234\r\netag: x\r\n\r\n")

    upstream.script = script
    async with Raw(gateway.port) as raw:
        for _ in range(2):
            await raw.send(request("HEAD", "/upstream/vllm/file"))
            head = await raw.answer(bodiless=True)
            assert (head.headers[b"content-length"], head.headers[b"etag"]) == (b"1234", b"x")
        await raw.send(request("GET", "/health"))

        assert (await raw.answer()).status == 200
    assert (await upstream.calls.get()).line == b"HEAD /file HTTP/1.1"


async def test_options_says_the_methods_and_to_a_known_page_what_it_may_do(
    gateway: Running, upstream: FakeUpstream
):
    asked = ("origin: https://chat.example", "access-control-request-method: POST")
    async with Raw(gateway.port) as raw:
        await raw.send(request("OPTIONS", "/v1/chat/completions") + request("OPTIONS", "/upstream/vllm/x"))
        plain, service = await raw.answer(), await raw.answer()
        await raw.send(request("OPTIONS", "/v1/chat/completions", None, *asked))
        known = await raw.answer()
        await raw.send(request("OPTIONS", "/v1/models", None, "origin: https://other.example", asked[1]))
        foreign = await raw.answer()

    assert (plain.status, plain.headers[b"allow"]) == (204, b"POST")
    assert service.headers[b"allow"] == b"GET, HEAD, POST"
    assert known.headers[b"access-control-allow-origin"] == b"https://chat.example"
    assert not {b"access-control-allow-origin", b"content-length"} & {*foreign.headers, *plain.headers}
    assert upstream.calls.empty()


async def test_options_for_the_server_itself_leaves_the_connection_usable(gateway: Running):
    async with Raw(gateway.port) as raw:
        await raw.send(request("OPTIONS", "*") + request("GET", "/health"))
        own = await raw.answer()

        assert own.status < 500
        assert (await raw.answer()).status == 200


async def test_a_hot_path_asked_for_in_the_absolute_form_is_the_same(
    gateway: Running, upstream: FakeUpstream
):
    async with Raw(gateway.port) as raw:
        await raw.send(request("POST", "http://here/v1/chat/completions?a=b", b'{"model": "alpha"}'))

        assert (await raw.answer()).status == 200
    assert (await upstream.calls.get()).line == b"POST /v1/chat/completions?a=b HTTP/1.1"


async def test_pipelined_requests_to_both_halves_are_answered_in_their_order(
    gateway: Running, upstream: FakeUpstream
):
    async def script(call: Call) -> None:
        await call.answer(call.body)

    upstream.script = script
    async with Raw(gateway.port) as raw:
        for n in range(20):
            raw.writer.write(request("POST", "/v1/completions", b'{"model": "alpha", "n": %d}' % n))
            raw.writer.write(request("GET", "/health"))
        got = [(await raw.answer()).body for _ in range(40)]

    assert got[::2] == [b'{"model": "alpha", "n": %d}' % n for n in range(20)]
    assert len(set(got[1::2])) == 1
