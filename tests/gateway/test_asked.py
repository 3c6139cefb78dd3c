"""The little that is read of a body, and the one value that may be replaced in it."""

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.asked import model_asked_for, rename_model
from gateway.problem import Problem

NAMES = st.text(min_size=1, max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["model", "a"]), inner),
    max_leaves=8,
)


@given(NAMES, NAMES, st.dictionaries(st.sampled_from(["x", "y", "messages"]), VALUES), st.booleans())
def test_a_renamed_body_is_the_same_but_for_its_model(old, new, rest, first):
    assume(old != new)
    data = {"model": old, **rest} if first else {**rest, "model": old}
    body = json.dumps(data, ensure_ascii=first).encode()
    renamed = rename_model(body, new)

    assert model_asked_for(body) == old
    assert json.loads(renamed) == {**data, "model": new}
    assert len(renamed) - len(body) == len(json.dumps(new, ensure_ascii=False).encode()) - len(
        json.dumps(old, ensure_ascii=first).encode()
    )


@given(NAMES, st.dictionaries(st.sampled_from(["x", "y"]), VALUES))
def test_a_body_that_asks_for_that_model_already_is_not_touched(name, rest):
    body = json.dumps({**rest, "model": name}).encode()

    assert rename_model(body, name) == body


def test_a_body_may_hold_what_only_pythons_reader_takes():
    assert model_asked_for(b'{"model": "a", "temperature": NaN}') == "a"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b'{"model": 1}', b'{"model": ["a"]}', b"\xff{}"])
def test_a_body_that_cannot_name_a_model_is_a_problem_in_words(body):
    with pytest.raises(Problem) as raised:
        model_asked_for(body)

    assert raised.value.status == 400
