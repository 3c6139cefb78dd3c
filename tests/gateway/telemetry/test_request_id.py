"""A request keeps the name its client gave it, if that is one that can be written anywhere."""

import pytest

from gateway.telemetry.request_id import request_id, trace_id

TRACE, SPAN = b"0af7651916cd43dd8448eb211c80319c", b"b7ad6b7169203331"


@pytest.mark.parametrize("given", [b"a", b"01J9-x_y.z:7@host", b"Root=1-67/8+9==", b"x" * 128])
def test_a_plain_id_is_kept(given):
    assert request_id([(b"host", b"here"), (b"x-request-id", given)]) == given.decode()


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a b", b"a\n", b'"', b"\xff", b"<script>"])
def test_any_other_is_replaced(given):
    new = request_id([(b"x-request-id", given)])

    assert len(new) == 32
    assert int(new, 16)
    assert new != request_id([])


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (b"00-%b-%b-01" % (TRACE, SPAN), TRACE.decode()),
        (b"01-%b-%b-01-more" % (TRACE, SPAN), TRACE.decode()),
        (b"00-%b-%b-01-more" % (TRACE, SPAN), ""),
        (b"ff-%b-%b-01" % (TRACE, SPAN), ""),
        (b"00-%b-%b-01" % (b"0" * 32, SPAN), ""),
        (b"00-%b-%b-01" % (TRACE, b"0" * 16), ""),
        (b"00-%b-%b-01" % (TRACE.upper(), SPAN), ""),
        (b"", ""),
    ],
)
def test_the_trace_is_that_of_a_valid_traceparent(given, trace):
    assert trace_id([(b"host", b"here"), (b"traceparent", given)]) == trace
