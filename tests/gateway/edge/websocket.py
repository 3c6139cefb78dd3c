"""How a WebSocket is asked for and agreed to."""

from tests.gateway.edge.raw import Raw, request

ASK = (
    "connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13",
    "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-protocol: realtime, b",
)  # fmt: skip
AGREED = (
    b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n"
    b"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nsec-websocket-protocol: realtime\r\n\r\n"
)


async def agreed(raw: Raw, path: str = "/v1/realtime", *more: str) -> None:
    await raw.send(request("GET", path, None, *ASK, *more))
    head = await raw.head()
    assert head.status == 101
    assert head.headers[b"upgrade"].lower() == b"websocket"
    assert head.headers[b"connection"].lower() == b"upgrade"
    assert head.headers[b"sec-websocket-accept"] == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert head.headers[b"sec-websocket-protocol"] == b"realtime"
