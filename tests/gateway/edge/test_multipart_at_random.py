"""A form that passes by in any pieces comes out the same, and only its model's name is another."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.multipart import ModelField

BOUNDARY = b"bo"
PIECES = st.sampled_from(
    [
        b"\r\n--bo",
        b"\r\n--",
        b"--bo",
        b"\r\n",
        b"\r",
        b"-",
        b"bo",
        b"model",
        b'name="model"',
        b"\r\n\r\n",
        b"\0\xff",
        b"x",
    ]
)
CONTENTS = (
    st.lists(PIECES, max_size=8).map(b"".join).filter(lambda content: b"\r\n--bo" not in b"\r\n" + content)
)
OTHERS = st.sampled_from(
    [
        b'form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav',
        b'form-data; name="file"; filename="model"',
        b'form-data; name="model"; filename="model.bin"',
        b'form-data; name="timestamp_granularities[]"',
        b'form-data; name="models"',
        b'form-data; name="x"; x="name=model"',
    ]
)
MODEL = b'form-data; name="model"'
NAMES = st.text("abc/-.\u00e9", min_size=1, max_size=20)


@st.composite
def parts(draw: st.DrawFn) -> list[tuple[bytes, bytes]]:
    """Disposition and content of each part; the model is named once or not at all."""
    others = draw(st.lists(st.tuples(OTHERS, CONTENTS), max_size=5))
    if draw(st.booleans()):
        place = draw(st.integers(0, len(others)))
        others.insert(place, (MODEL, draw(NAMES).encode()))
    return others


def form(parts: list[tuple[bytes, bytes]], name: bytes | None = None) -> bytes:
    written = b"".join(
        b"--bo\r\nContent-Disposition: %b\r\n\r\n%b\r\n" % (head, name if name and head == MODEL else content)
        for head, content in parts
    )
    return written + b"--bo--\r\n"


def passed(pieces: list[bytes]) -> bytes:
    field = ModelField(BOUNDARY, lambda name: f"<{name}>")
    return b"".join(field.feed(piece, more=True) for piece in pieces) + field.feed(b"", more=False)


@given(parts(), st.data())
def test_only_the_name_of_the_model_is_another(parts, data):
    whole = form(parts)
    named = next((b"<%b>" % content for head, content in parts if head == MODEL), None)
    places = sorted(data.draw(st.sets(st.integers(0, len(whole)), max_size=40)))
    pieces = [whole[a:b] for a, b in zip([0, *places], [*places, len(whole)], strict=True)]

    assert passed([whole]) == form(parts, named)
    assert passed(pieces) == form(parts, named)
    assert passed([whole[n : n + 1] for n in range(len(whole))]) == form(parts, named)


@given(st.lists(PIECES, max_size=30), st.integers(1, 7))
def test_what_is_no_form_passes_as_it_is_or_as_it_would_in_one_piece(pieces, size):
    whole = b"".join(pieces)

    assert passed(pieces) == passed([whole])
    assert passed([whole[n : n + size] for n in range(0, len(whole), size)]) == passed([whole])
