"""Valid requests of every kind, and ways to cut their bytes (strategies)."""

import asyncio

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.gateway.edge.raw import Raw

TRIES = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""One server serves all examples of a test."""

TOKENS = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=12)
VALUES = st.text('abc ,;="\t\\/:~', max_size=20).map(str.strip)
SPACES = st.sampled_from(["", " ", " \t"])
EXTENSIONS = st.sampled_from([b"", b";a", b";a=b", b';a="b;c"', b";x=y;z"])


@st.composite
def chunked(draw: st.DrawFn, body: bytes) -> bytes:
    """A body in chunks of any sizes, with extensions and trailers."""
    out, left = b"", body
    while left:
        size = draw(st.integers(1, len(left)))
        digits = draw(st.sampled_from(["%x", "%X", "00%x"])) % size
        out += digits.encode() + draw(EXTENSIONS) + b"\r\n" + left[:size] + b"\r\n"
        left = left[size:]
    trailers = draw(st.lists(st.tuples(TOKENS, VALUES), max_size=2))
    return out + b"0\r\n" + b"".join(b"%b:%b\r\n" % (n.encode(), v.encode()) for n, v in trailers) + b"\r\n"


@st.composite
def requests(draw: st.DrawFn) -> tuple[bytes, tuple[str, bytes, bytes]]:
    """A valid request as it is sent, and what the app is to see of it."""
    method = draw(st.sampled_from(["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]))
    path = "/" + draw(st.text("ab/%2F.~", max_size=20))
    body = draw(st.binary(max_size=300)) if method != "GET" else b""
    lines = [f"{method} {path}?{draw(st.text('ab=&', max_size=5))} HTTP/1.1", "Host: here"]
    for number, value in enumerate(draw(st.lists(VALUES, max_size=4))):
        lines.append(f"x-{number}:{draw(SPACES)}{value}")
    if draw(st.booleans()):
        lines.append("transfer-encoding: chunked")
        framed = draw(chunked(body))
    elif body or draw(st.booleans()):
        lines.append(f"content-length: {len(body)}")
        framed = body
    else:
        framed = b""
    return "\r\n".join([*lines, "", ""]).encode() + framed, (method, path.encode(), body)


@st.composite
def cut(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces."""
    places = sorted(draw(st.sets(st.integers(1, max(1, len(data) - 1)), max_size=30)))
    return [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]


async def send_pieces(raw: Raw, pieces: list[bytes]) -> None:
    """Each piece is read before the next one is sent."""
    for piece in pieces:
        await raw.send(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
