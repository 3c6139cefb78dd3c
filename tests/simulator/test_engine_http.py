"""The small HTTP server of the stand-ins, spoken to by raw sockets."""

import asyncio
import json

import pytest

from simulator.engine.http import Answer, CutError, as_json, bind, listen

BODY = b'{"x":1}'


async def echo(request):
    """What arrived; /stream answers in three pieces, /cut breaks off after one."""
    if request.path == "/stream":
        return Answer(pieces(3), content_type="text/plain")
    if request.path == "/cut":
        return Answer(pieces(1, cut=True))
    return as_json([request.method, request.path, request.query, request.body.decode()])


async def pieces(count, cut=False):
    for number in range(count):
        yield b"%d" % number
    if cut:
        raise CutError


@pytest.fixture
async def server():
    running = await listen(echo, bind("127.0.0.1", 0))
    yield running.sockets[0].getsockname()[1]
    running.close()
    await running.wait_closed()


async def talk(port, *sent: bytes) -> bytes:
    """Send, then read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in sent:
        writer.write(piece)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    return answer


def post(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", *headers, "", ""]).encode()


def said(answer: bytes) -> list:
    return json.loads(answer.rpartition(b"\r\n\r\n")[2])


async def test_a_body_with_a_length_is_read(server):
    head = post("/a%20b?q=%C3%BC", "Content-Length: 7", "Connection: close")
    assert said(await talk(server, head, BODY)) == ["POST", "/a b", {"q": "ü"}, '{"x":1}']


async def test_a_chunked_body_is_read_however_it_is_cut(server):
    sent = post("/", "Transfer-Encoding: chunked", "Connection: close")
    sent += b'3\r\n{"x\r\n4;note=1\r\n":1}\r\n0\r\n\r\n'
    for place in range(1, len(sent), 7):
        assert said(await talk(server, sent[:place], sent[place:]))[3] == '{"x":1}'


async def test_a_client_that_waits_for_continue_is_told(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server)
    writer.write(post("/", "Content-Length: 7", "Expect: 100-continue", "Connection: close"))
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(BODY)
    assert said(await reader.read())[3] == '{"x":1}'
    writer.close()


async def test_a_connection_is_kept_and_answers_come_in_turn(server):
    one = post("/first", "Content-Length: 0")
    stream = post("/stream", "Content-Length: 0")
    last = post("/last", "Content-Length: 0", "Connection: close")
    answer = await talk(server, one + stream + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.index(b"/first") < answer.index(b"1\r\n0\r\n1\r\n1\r\n1\r\n2\r\n0\r\n\r\n")
    assert said(answer)[1] == "/last"


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_is_refused_and_closed(server, sent):
    assert (await talk(server, sent)).startswith(b"HTTP/1.1 400 Bad Request")


async def test_a_cut_stream_is_a_reset_not_an_end(server):
    reader, writer = await asyncio.open_connection("127.0.0.1", server)
    writer.write(post("/cut", "Content-Length: 0"))
    with pytest.raises(ConnectionResetError):
        await reader.read()
    writer.close()


async def test_an_idle_connection_is_closed_as_uvicorn_does(server, monkeypatch):
    monkeypatch.setattr("simulator.engine.http.KEEP_ALIVE", 0.05)
    assert (await talk(server, post("/", "Content-Length: 0"))).startswith(b"HTTP/1.1 200 OK")
