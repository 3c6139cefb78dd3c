"""Keys of upstream services: read by service, and never told to anybody."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.settings import make_settings
from blocks.upstream_keys import read_upstream_keys

SERVICES = ["vllm", "embeddings"]


def test_a_key_is_read_for_its_service_without_the_blanks_around_it():
    keys, problems = read_upstream_keys({"keys": {"vllm": " s3cret\n", "embeddings": "other"}}, SERVICES)

    assert keys == {"vllm": "s3cret", "embeddings": "other"}
    assert problems == []


@pytest.mark.parametrize("raw", [{}, {"keys": {}}, {"keys": None}, {"keys": {"vllm": ""}}, {"more": 1}])
def test_a_blank_key_is_none_and_no_problem(raw: dict[str, Any]):
    assert read_upstream_keys(raw, SERVICES) == ({}, [])


@pytest.mark.parametrize(
    "key", ["s3 cret", "s3cret\r\nx: y", "s3cr\u00e9t", "s3cret\0", "s" * 4097, 5, ["s3cret"]]
)
def test_a_key_that_no_header_can_hold_is_not_used_and_not_repeated(key: Any):
    keys, problems = read_upstream_keys({"keys": {"vllm": key, "embeddings": "good"}}, SERVICES)

    assert keys == {"embeddings": "good"}
    assert problems == ["keys.vllm: a key is plain text without blanks in it: not used"]


def test_a_key_in_the_place_of_a_name_is_not_repeated_either():
    keys, problems = read_upstream_keys({"keys": {"embeddings": "good", "s3cret": "vllm"}}, SERVICES)

    assert keys == {"embeddings": "good"}
    assert problems == ["keys: the name of entry 2 is no service of the cluster: not used"]


@pytest.mark.parametrize("keys", ["s3cret", ["s3cret"], 5])
def test_keys_that_are_no_mapping_are_not_used_and_not_repeated(keys: Any):
    assert read_upstream_keys({"keys": keys}, SERVICES) == (
        {},
        ["keys: it has to be a mapping of service to key: not used"],
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries({"keys": JSON | st.dictionaries(st.sampled_from(SERVICES) | st.text(), JSON)}),
    st.sampled_from(["k3y\u0394-hidden", "k3y hidden", "k3y-hidden"]),
)
def test_whatever_was_typed_no_key_is_told(raw: dict[str, Any], secret: str):
    if isinstance(raw["keys"], dict):
        raw["keys"] |= {secret: "vllm", "vllm": secret, "embeddings": [secret]}
    settings = make_settings(
        {"cluster": {"hosts": [{"name": "spark-1", "address": "10.0.0.1"}]}, "upstream-keys": raw}
    )

    assert all(set(keys) <= {"vllm", "embeddings"} for keys in [settings.upstream_keys])
    assert "k3y" not in str(settings.problems) + repr(settings) + f"{settings.upstream_keys}"


def test_printed_keys_show_their_services():
    keys, _ = read_upstream_keys({"keys": {"vllm": "s3cret"}}, SERVICES)

    assert f"{keys} {keys!r}" == "UpstreamKeys(['vllm']) UpstreamKeys(['vllm'])"
