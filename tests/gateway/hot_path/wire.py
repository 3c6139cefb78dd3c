"""Requests written and answers read byte by byte, as no client library would do it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.gateway.conftest import Running
from tests.gateway.fake_upstream import Call

CHAT = "/v1/chat/completions"
OK = b"HTTP/1.1 200 OK\r\n"

Headers = list[tuple[bytes, bytes]]


@dataclass
class Answer:
    """What came; `whole` is False when it ended before its end."""

    line: bytes
    headers: Headers
    body: bytes = b""
    trailers: Headers = field(default_factory=list)
    whole: bool = True

    @property
    def status(self) -> int:
        return int(self.line.split()[1])

    def all(self, name: bytes) -> list[bytes]:
        """Every value of a header."""
        return [value for key, value in self.headers if key == name]

    def __getitem__(self, name: bytes) -> bytes:
        (value,) = self.all(name)
        return value


class Client:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, *parts: bytes) -> None:
        for part in parts:
            self.writer.write(part)
        await self.writer.drain()

    async def head(self) -> Answer:
        """Status and headers of the next answer."""
        line, headers = headers_of(await self.reader.readuntil(b"\r\n\r\n"))
        return Answer(line, headers)

    async def answer(self) -> Answer:
        """The next answer, as far as it comes."""
        got = await self.head()
        try:
            if got.all(b"transfer-encoding") == [b"chunked"]:
                async for chunk in self._chunks():
                    got.body += chunk
                end = await self.reader.readuntil(b"\r\n")
                while end != b"\r\n":
                    name, _, value = end.strip().partition(b": ")
                    got.trailers.append((name, value))
                    end = await self.reader.readuntil(b"\r\n")
            elif got.all(b"content-length"):
                got.body = await self.reader.readexactly(int(got[b"content-length"]))
            else:
                got.body = await self.reader.read()
        except asyncio.IncompleteReadError as short:
            got.body += short.partial if got.all(b"content-length") else b""
            got.whole = False
        except ConnectionError:
            got.whole = False
        return got

    async def _chunks(self):
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            yield (await self.reader.readexactly(size + 2))[:-2]

    async def chunk(self) -> bytes:
        """The next part of a chunked answer."""
        return await anext(self._chunks())

    async def ask(self, request: bytes) -> Answer:
        """Send a request and read its answer."""
        await self.send(request)
        return await self.answer()

    async def ended(self) -> bytes:
        """Whatever still comes, until the gateway closes."""
        return await self.reader.read()

    def leave(self) -> None:
        """Close without a word."""
        self.writer.close()


NewClient = Callable[[], Awaitable[Client]]
"""Gives another connection each time it is called."""


async def connect(gateway: Running) -> Client:
    """A connection to the gateway."""
    return Client(*await asyncio.open_connection("127.0.0.1", gateway.port, limit=2**24))


def headers_of(head: bytes) -> tuple[bytes, Headers]:
    """The first line of a head, and its headers in their order, names in lower case."""
    line, *lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    pairs = [one.partition(b":") for one in lines]
    return line, [(name.lower(), value.strip()) for name, _, value in pairs]


def received(call: Call) -> Headers:
    """All headers of a request that reached the upstream."""
    return headers_of(call.head)[1]


def request(method: str, target: str | bytes, *headers: str, body: bytes | None = None) -> bytes:
    """A request as bytes; its length is named when it has a body."""
    lines = [b"%b %b HTTP/1.1" % (method.encode(), target.encode() if isinstance(target, str) else target)]
    lines += [b"host: gateway", *(header.encode("latin-1") for header in headers)]
    if body is not None:
        lines.append(b"content-length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(*parts: bytes) -> bytes:
    """Parts as the chunks of a body, with its end."""
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def ask(model: str = "alpha") -> bytes:
    """A request for a chat."""
    return request("POST", CHAT, body=b'{"model": "%b", "messages": []}' % model.encode())


async def until_waiting(client: Client, count: int) -> None:
    """The gateway's own figures say that so many wait for their turn at vLLM."""
    async with asyncio.timeout(10):
        while b'spark_requests_waiting{service="vllm"} %d.0\n' % count not in await figures(client):
            pass


async def figures(client: Client) -> bytes:
    """What the gateway says of itself."""
    return (await client.ask(request("GET", "/metrics"))).body
