"""However its bytes are cut, a request is the same request; whatever is sent, the edge stays up."""

import asyncio

import h11
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.gateway.edge.conftest import Edge
from tests.gateway.edge.raw import Raw
from tests.gateway.edge.written import TRIES, cut, requests, send_pieces


@given(data=st.data(), asked=st.lists(requests(), min_size=1, max_size=12))
@TRIES
async def test_requests_cut_anywhere_get_the_answers_they_get_in_one_piece(edge: Edge, data, asked):
    whole, expected = b"".join(sent for sent, _ in asked), [seen for _, seen in asked]
    answers = []
    for pieces in ([whole], data.draw(cut(whole))):
        edge.seen.clear()
        async with Raw(edge.port) as raw:
            await send_pieces(raw, pieces)
            answers.append([await raw.answer() for _ in asked])
        assert edge.seen == expected

    assert answers[0] == answers[1]
    assert [answer.body for answer in answers[0]] == [
        b"%b %b %d" % (method.encode(), path, len(body)) for method, path, body in expected
    ]


@st.composite
def spoilt(draw: st.DrawFn) -> bytes:
    """Requests that were valid, with some of their bytes changed."""
    data = bytearray(b"".join(sent for sent, _ in draw(st.lists(requests(), min_size=1, max_size=3))))
    odd = st.sampled_from(
        [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b"0", b"\xff", b",", b";", b"-", b"+"]
    )
    for _ in range(draw(st.integers(1, 4))):
        place, size = draw(st.integers(0, len(data))), draw(st.integers(0, 3))
        data[place : place + size] = draw(st.one_of(odd, st.binary(max_size=3)))
    return bytes(data)


@given(data=spoilt())
@TRIES
async def test_what_is_answered_is_what_another_parser_reads_and_the_rest_is_refused(
    edge: Edge, caplog: pytest.LogCaptureFixture, data: bytes
):
    edge.seen.clear()
    async with Raw(edge.port) as raw:
        await raw.send(data)
        raw.writer.write_eof()
        said = await raw.rest()
    async with Raw(edge.port) as raw:
        await raw.send(b"GET /after HTTP/1.1\r\nhost: here\r\n\r\n")
        assert (await raw.answer()).body == b"GET /after 0"

    *seen, _after = edge.seen
    assert seen == _read_by_another(data)[: len(seen)]
    assert b"HTTP/1.1 500" not in said
    assert not caplog.records


@given(data=st.binary(min_size=1, max_size=500))
@TRIES
async def test_garbage_is_refused_at_once_and_the_next_client_is_served(
    edge: Edge, caplog: pytest.LogCaptureFixture, data: bytes
):
    assume(not data[:1].isupper() and not data.startswith((b"\r", b"\n")))
    async with asyncio.timeout(1), Raw(edge.port) as raw:
        await raw.send(data)
        assert (await raw.answer()).status == 400
        assert await raw.is_closed()
    async with Raw(edge.port) as raw:
        await raw.send(b"GET /after HTTP/1.1\r\nhost: here\r\n\r\n")
        assert (await raw.answer()).status == 200
    assert not caplog.records


def _read_by_another(data: bytes) -> list[tuple[str, bytes, bytes]]:
    """The requests that h11 finds in the same bytes, up to the first that it does not take."""
    found, asked, body = [], None, b""
    try:
        while data := data.lstrip(b"\r\n"):  # empty lines before a request are nobody's
            parser = h11.Connection(h11.SERVER)
            parser.receive_data(data)
            while not isinstance(event := parser.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    return found
                if isinstance(event, h11.Request):
                    asked, body = event, b""
                else:
                    body += event.data
            found.append((asked.method.decode(), asked.target.partition(b"?")[0], body))
            data = parser.trailing_data[0]
    except h11.ProtocolError:
        pass
    return found
