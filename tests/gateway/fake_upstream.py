"""A scripted upstream over a raw socket: it answers GET /v1/models itself, the rest as a test says."""

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field


@dataclass
class Call:
    """One request that arrived, and the way to answer it; `left` is set when the gateway hung up."""

    line: bytes
    head: bytes
    body: bytes
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def headers(self) -> dict[bytes, bytes]:
        lines = self.head.split(b"\r\n")[1:]
        return {
            name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines if line)
        }

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def answer(
        self, body: bytes, head: bytes = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
    ) -> None:
        await self.send(head, b"content-length: %d\r\n\r\n" % len(body), body)

    async def begin_stream(self) -> None:
        await self.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )

    async def chunk(self, data: bytes) -> None:
        await self.send(b"%x\r\n%b\r\n" % (len(data), data))

    async def wait_until_left(self) -> None:
        """The gateway closes its connection."""
        try:
            while await self.reader.read(4096):
                pass
        except ConnectionError:
            pass
        self.left.set()

    def hang_up(self) -> None:
        """Close without another word."""
        self.writer.close()

    def reset(self) -> None:
        """Close with a reset."""
        at_once = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()


Script = Callable[[Call], Awaitable[None]]


async def say_ok(call: Call) -> None:
    """The answer of an upstream without a script."""
    await call.answer(b'{"ok": true}')


class FakeUpstream:
    """Listens on a free port of the loopback; a script reads bodies by itself unless `reads_bodies`."""

    def __init__(self) -> None:
        self.models = ["alpha"]
        self.version = "0.33.0"
        self.script: Script = say_ok
        self.reads_bodies = True
        self.key = b""
        self.calls: asyncio.Queue[Call] = asyncio.Queue()
        self.connections = 0
        self.port = 0
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self, port: int = 0) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**24)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Refuse from now on, and close what is open."""
        self._server.close()
        for writer in self._writers:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                call = await _read_head(reader, writer)
                if self.reads_bodies:
                    await _read_body(call)
                if self.key and call.headers.get(b"authorization") != b"Bearer " + self.key:
                    await call.answer(b"{}", b"HTTP/1.1 401 Unauthorized\r\n")
                    continue
                if call.line.startswith((b"GET /v1/models ", b"GET /health ")):
                    listed = {"object": "list", "data": [{"id": name} for name in self.models]}
                    await call.answer(json.dumps(listed).encode())
                    continue
                if call.line.startswith(b"GET /version "):
                    await call.answer(json.dumps({"version": self.version}).encode())
                    continue
                self.calls.put_nowait(call)
                await self.script(call)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def _read_head(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Call:
    head = await reader.readuntil(b"\r\n\r\n")
    return Call(head.split(b"\r\n")[0], head, b"", reader, writer)


async def _read_body(call: Call) -> None:
    if b"content-length" in call.headers:
        call.body = await call.reader.readexactly(int(call.headers[b"content-length"]))
    elif call.headers.get(b"transfer-encoding") == b"chunked":
        call.body = await _read_chunks(call.reader)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readline()
    return body
