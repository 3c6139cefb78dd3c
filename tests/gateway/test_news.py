"""Whether an answer says something new: time alone is no news, a fresh look and every other change are."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.news import AGE_SECONDS, Said, is_news

COUNTING = [
    "elapsed_seconds",
    "eta_seconds",
    "for_seconds",
    "oldest_wait_seconds",
    "seconds",
    "uptime_seconds",
]
AGES = ["age_seconds", "facts_age_seconds", "looked_seconds"]

seconds = st.floats(0, 1e6)
facts = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5)
names = st.sampled_from(["name", "state", "why", "at", "expected_seconds", "average_seconds"])
documents = st.recursive(
    facts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names, inner, max_size=4)
        | st.fixed_dictionaries({"name": inner}, optional=dict.fromkeys([*COUNTING, *AGES], seconds))
    ),
    max_leaves=12,
)


def later(data: object, passed: float) -> object:
    """The same when nothing has happened but time."""
    if isinstance(data, list):
        return [later(each, passed) for each in data]
    if not isinstance(data, dict):
        return data
    return {
        key: value + passed if key in (*COUNTING, *AGES) else later(value, passed)
        for key, value in data.items()
    }


def leaves(data: object, path: tuple = ()) -> list[tuple]:
    """The places of all facts; `at` of the outermost object is none."""
    if isinstance(data, dict | list):
        rows = data.items() if isinstance(data, dict) else enumerate(data)
        found = [leaf for key, value in rows for leaf in leaves(value, (*path, key))]
        return [leaf for leaf in found if leaf[-1] not in (*COUNTING, *AGES) and leaf[0] != "at"]
    return [path]


@given(documents, st.floats(0, 1e6), st.floats(0, 1e6))
def test_when_only_time_passes_nothing_is_new(data, at, passed):
    assert not is_news(Said(at, data), Said(at + passed, later(data, passed)))


@given(documents, st.data(), st.floats(0, 1e6))
def test_every_other_change_is_new(data, draw, passed):
    places = [place for place in leaves(data) if place]
    now = later(copy.deepcopy(data), passed)
    if not places:
        return
    *way, last = draw.draw(st.sampled_from(places))
    inner = now
    for step in way:
        inner = inner[step]
    inner[last] = "another fact"

    assert is_news(Said(0.0, data), Said(passed, now))


@pytest.mark.parametrize("age", AGES)
def test_an_age_that_falls_back_is_new_and_jitter_is_not(age):
    told = Said(1000.0, {"hosts": [{age: 3.0}]})

    assert not is_news(told, Said(1030.0, {"hosts": [{age: 33.2}]}))
    assert not is_news(told, Said(1002.0, {"hosts": [{age: 5.0 - AGE_SECONDS + 0.1}]}))
    assert is_news(told, Said(1030.0, {"hosts": [{age: 0.4}]}))
    assert is_news(told, Said(1001.0, {"hosts": [{age: None}]}))


def test_looks_that_are_each_a_little_fresher_are_new_in_the_end():
    told = Said(0.0, {"age_seconds": 3.0})
    looks = [Said(float(second), {"age_seconds": 3.0}) for second in range(1, 10)]

    assert [is_news(told, look) for look in looks] == [second >= AGE_SECONDS for second in range(1, 10)]


def test_the_moment_of_the_answer_is_no_news_and_that_of_a_fact_is():
    told = Said(5.0, {"at": 5.0, "history": [{"at": 1.0}]})

    assert not is_news(told, Said(6.0, {"at": 6.0, "history": [{"at": 1.0}]}))
    assert is_news(told, Said(6.0, {"at": 6.0, "history": [{"at": 2.0}]}))


def test_a_countdown_that_begins_or_ends_is_new():
    assert is_news(Said(0.0, {"eta_seconds": None}), Said(1.0, {"eta_seconds": 9.0}))
    assert is_news(Said(0.0, {"eta_seconds": 9.0}), Said(1.0, {"eta_seconds": None}))


def test_another_error_is_new_and_the_same_is_not():
    assert not is_news(Said(0.0, None, "gone"), Said(1.0, None, "gone"))
    assert is_news(Said(0.0, None, "gone"), Said(1.0, {}, None))
    assert is_news(Said(0.0, None, "gone"), Said(1.0, None, "still gone"))
