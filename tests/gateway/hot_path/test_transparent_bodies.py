"""Bodies go through byte for byte, both ways."""

import gzip
import os

import pytest

from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.hot_path.wire import CHAT, OK, Client, chunked, received, request

GRANULARITY = b'--b\r\ncontent-disposition: form-data; name="timestamp_granularities[]"\r\n\r\n'
FILE = b'Content-Disposition: form-data; name="file"; filename="a \\"b\\" \xc3\xa9.wav"\r\n'
FORMS = {
    "repeated fields": ("b", b"%bword\r\n%bsegment\r\n--b--\r\n" % (GRANULARITY, GRANULARITY)),
    "a file name with quotes and UTF-8, and a type": (
        '"odd boundary"',
        b"--odd boundary\r\n%bContent-Type: audio/x-odd; rate=1\r\n\r\n\x00\xff\r\n--odd boundary--" % FILE,
    ),
    "a file name as RFC 5987 has it": (
        "b",
        b"--b\r\ncontent-disposition: form-data; name=file; filename*=UTF-8''%e2%82%ac.wav\r\n\r\n\r\n--b--",
    ),
    "a preamble, an epilogue and a part that only looks like the end": (
        "b",
        b"hello\r\n--b\r\ncontent-disposition: form-data; name=prompt\r\n\r\n\r\n--bx\r\n--b--\r\ngood bye",
    ),
}


JSON = (
    b'{ "model" :"alpha",\n\t"messages": [ ],"seed": 12345678901234567890, "n":1.50e+01 }\r\n',
    b'{"model":"alpha","text":"not UTF-8: \xff\xfe\xe9"}',
    b'{"model":"alpha","temperature": NaN}',
    b'{"model":"alpha","a":1,"a":2,"deep":{"model":"beta"}}',
)


def both_framings(target: str, *headers: str, body: bytes) -> list[bytes]:
    """The same request, once with its length and once in chunks."""
    pieces = [body[at : at + 11] for at in range(0, len(body), 11)]
    in_chunks = request("POST", target, *headers, "transfer-encoding: chunked") + chunked(*pieces)
    return [request("POST", target, *headers, body=body), in_chunks]


async def test_json_reaches_the_model_as_it_was_written(client: Client, upstream: FakeUpstream):
    for body in JSON:
        for asked in both_framings(CHAT, "content-type: application/json", body=body):
            assert (await client.ask(asked)).status == 200
            assert upstream.calls.get_nowait().body == body


async def test_a_compressed_request_goes_on_unread(client: Client, upstream: FakeUpstream):
    body = gzip.compress(b'{"model": "alpha"}')
    for asked in both_framings(CHAT, "content-encoding: gzip", body=body):
        assert (await client.ask(asked)).status == 200
        call = upstream.calls.get_nowait()

        assert (call.body, call.headers[b"content-encoding"]) == (body, b"gzip")
        assert call.headers[b"content-length"] == b"%d" % len(body)


async def test_a_compressed_answer_stays_compressed(client: Client, upstream: FakeUpstream):
    body = gzip.compress(os.urandom(50_000))
    head = OK + b"content-type: application/json\r\ncontent-encoding: gzip\r\n"

    async def with_length(call: Call) -> None:
        await call.answer(body, head)

    async def in_chunks(call: Call) -> None:
        await call.send(head + b"transfer-encoding: chunked\r\n\r\n" + chunked(body[:9], body[9:]))

    for upstream.script in (with_length, in_chunks):
        got = await client.ask(request("POST", CHAT, "accept-encoding: gzip, br;q=0.1", body=b"{}"))

        assert (got.body, got[b"content-encoding"]) == (body, b"gzip")
        assert upstream.calls.get_nowait().headers[b"accept-encoding"] == b"gzip, br;q=0.1"


async def test_nobody_is_offered_compression_who_did_not_ask_for_it(client: Client, upstream: FakeUpstream):
    await client.ask(request("POST", CHAT, body=b"{}"))

    assert b"accept-encoding" not in upstream.calls.get_nowait().headers


async def test_bodies_of_no_bytes_are_bodies(client: Client, upstream: FakeUpstream):
    async def script(call: Call) -> None:
        await call.answer(b"")

    upstream.script = script
    empty = await client.ask(request("POST", "/upstream/vllm/x", body=b""))
    none = await client.ask(request("POST", "/upstream/vllm/x"))
    await client.ask(request("GET", "/upstream/vllm/x"))
    calls = [received(upstream.calls.get_nowait()) for _ in range(3)]

    assert (empty.status, empty.body, empty[b"content-length"], none.body) == (200, b"", b"0", b"")
    assert [dict(headers).get(b"content-length") for headers in calls] == [b"0", b"0", None]
    assert not any(b"transfer-encoding" in dict(headers) for headers in calls)


class TestForms:
    @pytest.fixture
    def prefect(self, prefect: FakePrefect, speech: FakeUpstream) -> FakePrefect:
        prefect.documents["cluster"]["services"].append(
            {"name": "ears", "kind": "stt", "host": "spark-2", "port": speech.port, "container": "ears"}
        )
        return prefect

    async def test_forms_reach_a_service_as_they_were_written(
        self, client: Client, upstream: FakeUpstream, speech: FakeUpstream
    ):
        for boundary, body in FORMS.values():
            kind = f"content-type: multipart/form-data; boundary={boundary}"
            for path, service in (("/v1/audio/transcriptions", speech), ("/upstream/vllm/x", upstream)):
                for asked in both_framings(path, kind, body=body):
                    assert (await client.ask(asked)).status == 200
                    call = service.calls.get_nowait()

                    assert call.body == body
                    assert call.headers[b"content-type"] == kind.partition(": ")[2].encode()


async def test_a_body_that_is_nested_without_end_is_refused_in_words(client: Client, upstream: FakeUpstream):
    got = await client.ask(request("POST", CHAT, body=b'{"a":' + b"[" * 300_000))

    assert got.status == 400
    assert b"nested too deeply" in got.body
    assert upstream.calls.empty()
