"""Names, filters and answers: whatever comes, only what fits gets through."""

import math
from urllib.parse import unquote, urlsplit

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.problem import Problem
from gateway.search.answers import Unreadable, encoded_sparse, jina_scores, tei_scores
from gateway.search.filters import DEEPEST, MOST_CONDITIONS, Condition, Filter, fault_of_filter
from gateway.search.names import collection_path, fault_of_name
from gateway.search.question import Question, require_fit
from gateway.search.ranking import in_order, text_of
from gateway.search.store import Dense, Point, Shape

HOSTILE = [
    "", ".", "..", "a/b", "../cluster", "..%2fcluster", "a%2Fpoints", "a\\b", "notes?wait=true", "a#b",
    "a\nb", "a\0b", "//evil.example", "http://evil.example", "*", "a\ud800", "x" * 256, "é" * 128,
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_that_could_lead_elsewhere_is_refused(name):
    assert fault_of_name(name)
    with pytest.raises(ValueError, match="name"):
        collection_path(name)


@given(st.one_of(st.text(max_size=40), st.text(alphabet="./%\\?#ab é:@&=+ ;", max_size=12)))
def test_a_name_that_is_taken_stays_one_part_of_the_path(name):
    if fault_of_name(name):
        return
    path = collection_path(name, "/points/query")
    url = httpx.URL(f"http://192.0.2.2:6333{path}")
    assert url.raw_path.decode() == path
    split = urlsplit(f"http://192.0.2.2:6333{path}")
    assert (split.netloc, split.query, split.fragment) == ("192.0.2.2:6333", "", "")
    assert [unquote(part) for part in split.path.split("/")] == ["", "collections", name, "points", "query"]


FIELD = [
    {"match": {"value": "a"}}, {"match": {"any": [1, "b"]}}, {"match": {"except": ["c"]}},
    {"match": {"text": "words"}}, {"range": {"gte": 2020, "lt": 2**60}}, {"range": {"gt": "2026-01-01"}},
    {"values_count": {"gte": 2}}, {"geo_radius": {"center": {"lon": 13.4, "lat": 52.5}, "radius": 100.0}},
]  # fmt: skip
leaves = st.one_of(
    st.builds(lambda each: {"key": "tag", **each}, st.sampled_from(FIELD)),
    st.builds(
        lambda ids: {"has_id": ids}, st.lists(st.one_of(st.integers(0, 2**63 - 1), st.uuids().map(str)))
    ),
    st.sampled_from([{"is_empty": {"key": "a.b"}}, {"is_null": {"key": "a"}}, {"has_vector": "dense"}]),
)


def _clauses(inside):
    clause = st.one_of(inside, st.lists(inside, max_size=3))
    names = ("must", "should", "must_not")
    return st.fixed_dictionaries({}, optional=dict.fromkeys(names, clause))


filters = _clauses(st.recursive(leaves, _clauses, max_leaves=8))


@given(filters)
def test_a_filter_of_qdrant_gets_through_as_it_is(wanted):
    read = msgspec.convert(wanted, Filter)
    assert msgspec.json.decode(msgspec.json.encode(read)) == wanted


json = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=5)),
    lambda inside: st.one_of(
        st.lists(inside, max_size=3),
        st.dictionaries(
            st.sampled_from(["must", "key", "match", "value", "has_id", "nested", "filter", "script"]),
            inside, max_size=3,
        ),
    ),
    max_leaves=10,
)  # fmt: skip


@given(json)
def test_whatever_is_sent_as_a_filter_is_refused_or_gets_through_whole(sent):
    try:
        read = msgspec.convert(sent, Filter)
    except msgspec.ValidationError:
        return
    assert msgspec.json.decode(msgspec.json.encode(read)) == sent


@pytest.mark.parametrize(
    "condition",
    [
        {"key": "a"},
        {"key": "a", "must": []},
        {"key": "a", "has_id": [1]},
        {"match": {"value": 1}},
        {"has_id": [1], "has_vector": "b"},
        {"key": "a", "match": {}},
        {"key": "a", "match": {"value": 1, "text": "b"}},
        {"key": "a", "match": {"value": 1}, "script": "x"},
        {"key": "a", "geo_radius": {"center": {"lon": 999, "lat": 0}, "radius": 1}},
    ],
)
def test_a_condition_that_is_none_is_refused(condition):
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(condition, Condition)


def test_a_filter_has_an_end():
    deep = {"key": "a", "match": {"value": 1}}
    for _ in range(DEEPEST):
        deep = {"must": deep}
    many = {"must": [{"has_id": [1]}] * (MOST_CONDITIONS + 1)}
    assert "levels" in fault_of_filter(msgspec.convert({"must": deep}, Filter))
    assert "conditions" in fault_of_filter(msgspec.convert(many, Filter))
    assert fault_of_filter(msgspec.convert({"must": [{"has_id": [1]}] * 100}, Filter)) == ""


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"collection": "a/b"}, "collection"),
        ({"query": " \n"}, "query"),
        ({"query": "a" * 9000}, "query"),
        ({"limit": 10, "offset": 41}, "candidates"),
    ],
)
def test_a_question_that_does_not_fit_names_its_field(fields, param):
    with pytest.raises(Problem) as refused:
        require_fit(Question(**({"collection": "notes", "query": "roof"} | fields)))
    assert (refused.value.status, refused.value.param) == (422, param)


@given(st.binary(max_size=200))
def test_any_answer_is_read_or_said_to_be_unreadable(body):
    for read in (encoded_sparse, lambda each: jina_scores(each, 3), lambda each: tei_scores(each, 3)):
        try:
            read(body)
        except Unreadable:
            continue


@given(st.dictionaries(st.integers(-5, 2**33), st.floats(width=32), max_size=6))
def test_a_sparse_vector_is_one_that_can_be_stored(weights):
    body = msgspec.json.encode({"lexical_weights": [{str(k): v for k, v in weights.items()}]})
    fits = all(0 <= k < 2**32 for k in weights) and all(map(math.isfinite, weights.values()))
    try:
        read = encoded_sparse(body)
    except Unreadable:
        assert not fits or not weights
        return
    assert read.indices == sorted(k for k, v in weights.items() if v)
    assert all(math.isfinite(value) for value in read.values)


@given(st.permutations(range(4)), st.lists(st.floats(-9, 9), min_size=4, max_size=4))
def test_scores_go_by_index_never_by_order(order, scores):
    body = msgspec.json.encode([{"index": at, "score": scores[at]} for at in order])
    assert tei_scores(body, 4) == scores


@pytest.mark.parametrize("told", [{}, [{}], {"indices": [], "values": []}])
def test_a_text_of_unknown_words_has_an_empty_vector(told):
    assert encoded_sparse(msgspec.json.encode({"lexical_weights": told})).indices == []


def test_an_index_out_of_range_is_no_answer():
    with pytest.raises(Unreadable):
        tei_scores(b'[{"index": 7, "score": 1.0}]', 3)


@given(st.lists(st.one_of(st.none(), st.floats(-9, 9)), max_size=8))
def test_nothing_is_lost_in_ranking(scores):
    points = [Point(at, 0.0) for at in range(len(scores))]
    found = in_order(points, scores)
    told = [each.score for each in found if each.score is not None]
    assert told == sorted(told, reverse=True)
    assert [each.score for each in found[len(told) :]] == [None] * (len(found) - len(told))
    assert {each.point.id for each in found} == set(range(len(scores)))


def test_the_text_is_where_it_is_said_or_where_programs_put_it():
    payload = {"body": "b", "content": " c ", "meta": {"summary": "s"}, "text": 7}
    assert text_of(payload, None) == "c"
    assert text_of(payload, "meta.summary") == "s"
    assert (text_of(payload, "text"), text_of(payload, "meta"), text_of(None, None)) == ("", "", "")


def test_the_vector_of_the_right_size_is_searched():
    vectors = {"small": Dense(8, "Dot"), "b": Dense(64, "Dot"), "a": Dense(64, "Dot")}
    assert Shape(0, vectors, ()).dense_of(64) == "a"
    assert Shape(0, vectors | {"dense": Dense(64, "Dot")}, ()).dense_of(64) == "dense"
    assert Shape(0, vectors, ()).dense_of(1024) is None
    assert Shape(0, {}, ("words", "sparse")).sparse_name == "sparse"
