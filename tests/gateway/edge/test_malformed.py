"""What could be read in two ways, or not at all, is refused; what hides behind it is never looked at."""

import asyncio
import json
from pathlib import Path

import pytest

from blocks.ledger.keys import create_key
from blocks.ledger.store import Ledger
from gateway.options import Options
from tests.gateway.conftest import Running
from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import SECONDS, Raw
from tests.gateway.fake_upstream import Call, FakeUpstream

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: here\r\n"
GET = b"GET /health HTTP/1.1\r\nhost: here\r\n"
LENGTH, CHUNKS, EMPTY = b"content-length: 5\r\n", b"transfer-encoding: chunked\r\n", b"\r\n0\r\n\r\n"
CHUNKED = CHAT + CHUNKS + b"\r\n"
HIDDEN = b"POST /v1/chat/completions HTTP/1.1\r\nhost: here\r\nx-api-key: KEY\r\ncontent-length: 2\r\n\r\n{}"

MALFORMED = {
    "two lengths that agree": (400, CHAT + b"content-length: 2\r\ncontent-length: 2\r\n\r\n{}"),
    "two lengths that differ": (400, CHAT + b"content-length: 2\r\ncontent-length: 90\r\n\r\n{}"),
    "a list of lengths": (400, CHAT + b"content-length: 2, 2\r\n\r\n{}"),
    "a negative length": (400, CHAT + b"content-length: -2\r\n\r\n{}"),
    "a length with a sign": (400, CHAT + b"content-length: +2\r\n\r\n{}"),
    "a length in hex": (400, CHAT + b"content-length: 0x2\r\n\r\n{}"),
    "a length without digits": (400, CHAT + b"content-length:\r\n\r\n{}"),
    "a length beyond 64 bits": (400, CHAT + b"content-length: 18446744073709551616\r\n\r\n{}"),
    "a length of 64 bits": (413, CHAT + b"content-length: 18446744073709551615\r\n\r\n{}"),
    "length, then chunked": (400, CHAT + LENGTH + CHUNKS + EMPTY),
    "chunked, then length": (400, CHAT + CHUNKS + LENGTH + EMPTY),
    "gzip alone": (501, CHAT + b"transfer-encoding: gzip\r\n\r\n{}"),
    "gzip, chunked": (501, CHAT + b"transfer-encoding: gzip, chunked\r\n" + EMPTY),
    "gzip, chunked on two lines": (
        501,
        CHAT + b"transfer-encoding: gzip\r\n" + CHUNKS + EMPTY,
    ),
    "chunked, gzip": (400, CHAT + b"transfer-encoding: chunked, gzip\r\n" + EMPTY),
    "chunked twice": (400, CHAT + b"transfer-encoding: chunked, chunked\r\n" + EMPTY),
    "xchunked": (501, CHAT + b"transfer-encoding: xchunked\r\n" + EMPTY),
    "identity": (501, CHAT + b"transfer-encoding: identity\r\n" + EMPTY),
    "no transfer encoding": (400, CHAT + b"transfer-encoding:\r\n" + EMPTY),
    "a vertical tab before chunked": (400, CHAT + b"transfer-encoding: \x0bchunked\r\n" + EMPTY),
    "chunked in HTTP/1.0": (
        400,
        CHAT.replace(b"/1.1", b"/1.0") + CHUNKS + EMPTY,
    ),
    "lines that end with LF": (400, GET.replace(b"\r\n", b"\n") + b"\n"),
    "one line that ends with LF": (400, GET + b"a: b\nc: d\r\n\r\n"),
    "a last line that ends with LF": (400, GET + b"\n"),
    "a CR within a value": (400, GET + b"a: b\rc: d\r\n\r\n"),
    "a NUL in a value": (400, GET + b"a: b\x00c\r\n\r\n"),
    "a NUL in a name": (400, GET + b"a\x00b: c\r\n\r\n"),
    "a NUL in the URL": (400, b"GET /he\x00alth HTTP/1.1\r\nhost: here\r\n\r\n"),
    "a control character in a value": (400, GET + b"a: \x01\r\n\r\n"),
    "a space in a name": (400, GET + b"a b: c\r\n\r\n"),
    "a space before the colon": (400, GET + b"a : b\r\n\r\n"),
    "a line without a colon": (400, GET + b"ab\r\n\r\n"),
    "a header without a name": (400, GET + b": b\r\n\r\n"),
    "a value on two lines": (400, GET + b"a: b\r\n c\r\n\r\n"),
    "a length on two lines": (400, CHAT + b"content-length: 2\r\n 0\r\n\r\n{}"),
    "a space before the first header": (400, b"GET /health HTTP/1.1\r\n host: here\r\n\r\n"),
    "no Host": (400, b"GET /health HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, GET + b"host: there\r\n\r\n"),
    "a space in the URL": (400, b"GET /he alth HTTP/1.1\r\nhost: here\r\n\r\n"),
    "bytes beyond ASCII in the URL": (400, b"GET /\xc3\xa9 HTTP/1.1\r\nhost: here\r\n\r\n"),
    "a URL that is no path": (400, b"GET health HTTP/1.1\r\nhost: here\r\n\r\n"),
    "an unknown method": (400, b"FETCH /health HTTP/1.1\r\nhost: here\r\n\r\n"),
    "a method in small letters": (400, b"get /health HTTP/1.1\r\nhost: here\r\n\r\n"),
    "CONNECT": (405, b"CONNECT there:443 HTTP/1.1\r\nhost: here\r\n\r\n"),
    "HTTP/0.9": (505, b"GET /health\r\n\r\n"),
    "HTTP/1.2": (400, b"GET /health HTTP/1.2\r\nhost: here\r\n\r\n"),
    "HTTP/2.0": (505, b"GET /health HTTP/2.0\r\nhost: here\r\n\r\n"),
    "HTTP/2's preface": (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "http in small letters": (400, b"GET /health http/1.1\r\nhost: here\r\n\r\n"),
    "TLS": (400, bytes.fromhex("1603010200010001fc0303") + bytes(48)),
    "a chunk size in 0x": (400, CHUNKED + b"0x2\r\n{}\r\n0\r\n\r\n"),
    "a negative chunk size": (400, CHUNKED + b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size with a space": (400, CHUNKED + b"2 \r\n{}\r\n0\r\n\r\n"),
    "a chunk size beyond 64 bits": (400, CHUNKED + b"10000000000000002\r\n{}\r\n0\r\n\r\n"),
    "no chunk size": (400, CHUNKED + b"\r\n{}\r\n0\r\n\r\n"),
    "a chunk size that ends with LF": (400, CHUNKED + b"2\n{}\r\n0\r\n\r\n"),
    "an extension that ends with LF": (400, CHUNKED + b"2;a\n{}\r\n0\r\n\r\n"),
    "a chunk that does not end": (400, CHUNKED + b"2\r\n{}0\r\n\r\n"),
    "a chunk that ends with LF": (400, CHUNKED + b"2\r\n{}\n0\r\n\r\n"),
    "headers that are too large": (431, GET + b"a: %b\r\n\r\n" % (b"b" * 65536)),
    "headers without an end": (431, GET + b"a: %b" % (b"b" * 600_000)),
    "too many headers": (431, GET + b"a: b\r\n" * 100 + b"\r\n"),
    "a URL that is too long": (414, b"GET /%b HTTP/1.1\r\nhost: here\r\n\r\n" % (b"a" * 16384)),
    "a URL without an end": (414, b"GET /" + b"a" * 600_000),
    "trailers without an end": (431, CHUNKED + b"2\r\n{}\r\n0\r\na: " + b"b" * 600_000),
    "an extension without an end": (431, CHUNKED + b"2;a=" + b"b" * 600_000),
}  # fmt: skip


@pytest.fixture
def options(options: Options, ledger: Ledger, tmp_path: Path) -> Options:
    """Of a gateway with a key."""
    (tmp_path / "key").write_text(create_key(ledger, "phone", ["inference", "control"]))
    return options


@pytest.mark.parametrize(("status", "sent"), MALFORMED.values(), ids=MALFORMED)
async def test_it_is_refused_in_our_envelope_and_nothing_behind_it_is_answered(
    edge: Edge, status: int, sent: bytes
):
    async with Raw(edge.port) as raw:
        await raw.send(sent + HIDDEN)
        answer = await raw.answer()

        assert (answer.status, answer.headers[b"content-type"]) == (status, b"application/json")
        assert answer.headers[b"connection"] == b"close"
        assert set(json.loads(answer.body)["error"]) == {"message", "type", "code", "param"}
        assert await raw.is_closed()
    assert edge.seen == []


async def test_none_of_it_reaches_an_upstream_whatever_is_hidden_in_it(
    gateway: Running, upstream: FakeUpstream, tmp_path: Path
):
    key = (tmp_path / "key").read_bytes()
    statuses = {}
    for name, (_, sent) in MALFORMED.items():
        async with Raw(gateway.port) as raw:
            keyed = sent.replace(b"host: here\r\n", b"host: here\r\nx-api-key: %b\r\n" % key, 1)
            await raw.send(keyed + HIDDEN.replace(b"KEY", key))
            answer = await raw.answer()
            statuses[name] = answer.status
            assert answer.headers[b"connection"] == b"close", name
            assert await raw.is_closed(), name

    assert statuses == {name: status for name, (status, _) in MALFORMED.items()}
    assert upstream.calls.empty()


async def test_an_upload_that_turns_out_to_be_malformed_is_no_whole_one_to_the_upstream(
    gateway: Running, upstream: FakeUpstream, tmp_path: Path
):
    key = (tmp_path / "key").read_bytes()
    upstream.script, upstream.reads_bodies = Call.wait_until_left, False
    head = b"POST /upstream/vllm/x HTTP/1.1\r\nhost: here\r\nx-api-key: %b\r\n" % key + CHUNKS + b"\r\n"
    async with Raw(gateway.port) as raw:
        await raw.send(head + b"2\r\n{}\r\n")
        call = await upstream.calls.get()
        await raw.send(b"0x\r\n" + HIDDEN.replace(b"KEY", key))

        assert (await raw.answer()).status == 400
        assert await raw.is_closed()
    await asyncio.wait_for(call.left.wait(), SECONDS)
    assert upstream.calls.empty()


async def test_a_malformed_body_is_refused_wherever_it_goes(gateway: Running, tmp_path: Path):
    key = (tmp_path / "key").read_bytes()
    for path in (b"/api/swap", b"/api/swap/lock", b"/v1/messages"):
        head = b"POST %b HTTP/1.1\r\nhost: here\r\nx-api-key: %b\r\n" % (path, key) + CHUNKS
        async with Raw(gateway.port) as raw:
            await raw.send(head + b"content-type: application/json\r\n\r\n2\r\n{}\r\n", b"zz\r\n")
            answer = await raw.answer()

            assert (answer.status, answer.code) == (400, "bad_http")
            assert await raw.is_closed()


async def test_a_good_request_before_a_bad_one_is_answered_first(edge: Edge):
    async with Raw(edge.port) as raw:
        await raw.send(GET + b"\r\n" + MALFORMED["two Hosts"][1] + HIDDEN)

        assert (await raw.answer()).status == 200
        assert (await raw.answer()).status == 400
        assert await raw.is_closed()
    assert edge.seen == [("GET", b"/health", b"")]


async def test_spaces_and_tabs_around_a_value_are_no_part_of_it(edge: Edge):
    headers = {}

    async def script(exchange):
        headers.update(exchange.headers)
        exchange.answer(200, [], await exchange.body.whole(10))

    edge.script = script
    async with Raw(edge.port) as raw:
        await raw.send(CHAT + b"a: \t b \t \r\ncontent-length: 2 \r\n\r\n{}")

        assert (await raw.answer()).body == b"{}"
    assert (headers[b"a"], headers[b"content-length"]) == (b"b", b"2")


@pytest.mark.parametrize(
    "said", [b"close", b"Keep-Alive, Close", b"x, close", b"keep-alive\r\nconnection: close"]
)
async def test_what_follows_a_request_that_closes_is_never_answered(edge: Edge, said: bytes):
    async with Raw(edge.port) as raw:
        await raw.send(GET + b"connection: %b\r\n\r\n" % said + HIDDEN)

        assert (await raw.answer()).headers[b"connection"] == b"close"
        assert await raw.is_closed()
    assert len(edge.seen) == 1
