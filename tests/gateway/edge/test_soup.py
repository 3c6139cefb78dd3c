"""Headers of any kind pass to the upstream as they came, or the request is refused; nothing hangs."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tests.gateway.conftest import Running
from tests.gateway.edge.raw import SECONDS, Raw
from tests.gateway.edge.written import TOKENS, TRIES, chunked, cut, send_pieces
from tests.gateway.fake_upstream import Call, FakeUpstream

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization proxy-connection te "
    b"transfer-encoding upgrade".split()
)
OURS = frozenset(b"host content-length expect authorization x-api-key x-request-id".split())
KNOWN = st.sampled_from(
    [name.decode().title() for name in sorted(HOP_BY_HOP | OURS)]
    + [
        "Accept",
        "Cookie",
        "X-A",
        "Origin",
        "Traceparent",
        "Content-Type",
        "Accept-Encoding",
        "Trailer",
        "Via",
    ]
)
WORDS = st.sampled_from(
    ["close", "keep-alive", "upgrade", "x-a, cookie", "h2c", "chunked", "100-continue", "0", ""]
)
VALUES = st.one_of(
    WORDS.map(str.encode),
    st.binary(max_size=20).filter(lambda value: b"\r\n" not in value),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.encode),
)
SOUP = st.lists(st.tuples(st.one_of(KNOWN, TOKENS).map(str.encode), VALUES), max_size=12)


@given(soup=SOUP)
@TRIES
async def test_headers_pass_unchanged_or_the_request_is_refused(
    gateway: Running, upstream: FakeUpstream, soup: list[tuple[bytes, bytes]]
):
    lines = b"".join(b"%b: %b\r\n" % pair for pair in soup)
    async with Raw(gateway.port) as raw:
        await raw.send(
            b"POST /upstream/vllm/x HTTP/1.1\r\nhost: here\r\n" + lines + b"content-length: 2\r\n\r\n{}"
        )
        answer = await raw.answer()

    if answer.status != 200:
        assert 400 <= answer.status < 500 or answer.status == 501
        assert upstream.calls.empty()
        return
    call = await asyncio.wait_for(upstream.calls.get(), SECONDS)
    came = [tuple(line.split(b": ", 1)) for line in call.head[:-4].split(b"\r\n")[1:]]
    assert [pair for pair in came if pair[0] not in OURS] == _meant_for_upstream(soup)
    assert call.body == b"{}"


def _meant_for_upstream(soup: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    named = {
        token.strip().lower()
        for name, value in soup
        if name.lower() == b"connection"
        for token in value.split(b",")
    }
    kept = [(name.lower(), value.strip(b" \t")) for name, value in soup]
    return [pair for pair in kept if pair[0] not in HOP_BY_HOP | OURS | named]


@given(data=st.data(), body=st.binary(max_size=2000))
@TRIES
async def test_an_upload_in_chunks_of_any_sizes_arrives_byte_for_byte(
    gateway: Running, upstream: FakeUpstream, data, body: bytes
):
    async def script(call: Call) -> None:
        await call.answer(call.body)

    upstream.script = script
    sent = b"POST /upstream/vllm/x HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n"
    sent += data.draw(chunked(body))
    async with Raw(gateway.port) as raw:
        await send_pieces(raw, data.draw(cut(sent)))

        assert (await raw.answer()).body == body
    assert (await upstream.calls.get()).body == body
