"""A client of bare sockets: it says any bytes, and reads answers as HTTP frames them."""

import asyncio
import json
import socket
from dataclasses import dataclass
from types import TracebackType

SECONDS = 20.0
"""The longest anything may take on a busy machine."""


@dataclass
class Answer:
    """One answer: status, headers in lower case, body without framing; `whole` when it ended as it said."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes = b""
    whole: bool = True

    @property
    def code(self) -> str:
        """The code of our envelope."""
        return json.loads(self.body)["error"]["code"]


class Raw:
    """`async with Raw(port) as raw:` a connection; a `small` one has room for little until it is widened."""

    def __init__(self, port: int, *, small: bool = False) -> None:
        self._port, self._small = port, small

    async def __aenter__(self) -> "Raw":
        loop = asyncio.get_running_loop()
        sock = _socket(small=self._small)
        await loop.sock_connect(sock, ("127.0.0.1", self._port))
        limit = 2**14 if self._small else 2**22
        self.reader, self.writer = await asyncio.open_connection(sock=sock, limit=limit)
        return self

    def widen(self) -> None:
        """Take more at once from now on."""
        room = self.writer.get_extra_info("socket")
        room.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**22)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.transport.abort()

    async def send(self, *parts: bytes) -> None:
        """Each part in a write of its own."""
        for part in parts:
            self.writer.write(part)
            await asyncio.wait_for(self.writer.drain(), SECONDS)

    async def until(self, mark: bytes) -> bytes:
        """All bytes up to and with a mark."""
        return await asyncio.wait_for(self.reader.readuntil(mark), SECONDS)

    async def rest(self) -> bytes:
        """Everything until the connection ends; what a reset leaves of it."""
        got = bytearray()
        try:
            while data := await asyncio.wait_for(self.reader.read(2**20), SECONDS):
                got += data
        except ConnectionError:
            got += b"<reset>"
        return bytes(got)

    async def head(self) -> Answer:
        """Status and headers of an answer."""
        first, *lines = (await self.until(b"\r\n\r\n"))[:-4].split(b"\r\n")
        pairs = (line.partition(b": ") for line in lines)
        return Answer(int(first.split()[1]), {name.lower(): value for name, _, value in pairs})

    async def answer(self, *, bodiless: bool = False) -> Answer:
        """A whole answer, with its body read as its headers say."""
        answer = await self.head()
        if bodiless or answer.status in (204, 304):
            return answer
        if b"content-length" in answer.headers:
            answer.body = await self.exactly(int(answer.headers[b"content-length"]))
        elif answer.headers.get(b"transfer-encoding") == b"chunked":
            await self._read_chunks(answer)
        else:
            answer.body = await self.rest()
        return answer

    async def exactly(self, size: int) -> bytes:
        """So many bytes."""
        return await asyncio.wait_for(self.reader.readexactly(size), SECONDS)

    async def is_closed(self) -> bool:
        """The server ends the connection, without another byte."""
        return await self.rest() in (b"", b"<reset>")

    async def _read_chunks(self, answer: Answer) -> None:
        try:
            while size := int(await self.until(b"\r\n"), 16):
                answer.body += (await self.exactly(size + 2))[:-2]
            while await self.until(b"\r\n") != b"\r\n":
                pass
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            answer.whole = False


def _socket(*, small: bool) -> socket.socket:
    sock = socket.socket()
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    return sock


def request(method: str, path: str, body: bytes | None = None, *headers: str, version: str = "1.1") -> bytes:
    """A request as an ordinary client writes it."""
    lines = [f"{method} {path} HTTP/{version}", "host: here", *headers]
    if body is not None:
        lines.append(f"content-length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
