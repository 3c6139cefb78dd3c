"""Reading settings that a person typed: what is bad is named and left out, the rest stands."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.cluster import TRUST_FIELDS, Cluster
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.tolerant import read_settings, without_blanks
from blocks.webhook import Webhook
from tests.blocks.hostile import HOSTILE

ONE = {"name": "spark-1", "address": "10.0.0.1"}
TWO = {"name": "spark-2", "address": "10.0.0.2"}
SERVICE = {"name": "asr", "kind": "stt", "host": "spark-2", "port": 8000, "container": "asr"}


def cluster_of(**raw: Any) -> tuple[Cluster, list[str]]:
    return read_settings(Cluster, raw, TRUST_FIELDS)


def test_good_settings_are_taken_without_a_word():
    cluster, problems = cluster_of(hosts=[ONE, TWO], services=[SERVICE], image="vllm:1")

    assert problems == []
    assert [host.name for host in cluster.hosts] == ["spark-1", "spark-2"]
    assert cluster.image == "vllm:1"


@pytest.mark.parametrize("blank", ["", None])
def test_a_blank_value_means_its_default_and_is_no_problem(blank: Any):
    cluster, problems = cluster_of(hosts=[{**ONE, "user": blank, "ssh_port": blank}], image=blank)

    assert problems == []
    assert (cluster.hosts[0].user, cluster.hosts[0].ssh_port, cluster.image) == ("spark", 22, "vllm-node")


def test_a_bad_value_falls_back_to_its_default_and_is_named_by_field_and_item():
    cluster, problems = cluster_of(hosts=[ONE, {**TWO, "ssh_port": "many"}], silence_seconds=0)

    assert cluster.hosts[1].ssh_port == 22
    assert cluster.silence_seconds == 900
    assert [problem.partition(":")[0] for problem in problems] == [
        "hosts[spark-2].ssh_port",
        "silence_seconds",
    ]
    assert "'many'" in problems[0]


def test_an_item_without_a_usable_required_value_is_left_out_and_named():
    cluster, problems = cluster_of(hosts=[{**ONE, "address": "x; id"}, TWO])

    assert [host.name for host in cluster.hosts] == ["spark-2"]
    assert problems[0].startswith("hosts[spark-1].address: 'x; id' is neither")
    assert problems[1] == "hosts[spark-1].address is missing: the item is left out"


def test_an_unknown_setting_does_no_harm():
    assert cluster_of(hosts=[{**ONE, "colour": "green"}], speed=11)[1] == []


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["name", "address", "user", "key_path", "host_key", "fabric_address"])
def test_no_hostile_value_gets_into_a_host(field: str, name: str):
    cluster, problems = cluster_of(hosts=[{**ONE, field: HOSTILE[name]}, TWO])

    assert cluster.hosts[-1].name == "spark-2"
    assert all(getattr(host, field) != HOSTILE[name] for host in cluster.hosts)
    assert f".{field}: " in problems[0]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["name", "kind", "host", "port", "container", "health_path"])
def test_no_hostile_value_gets_into_a_service(field: str, name: str):
    cluster, problems = cluster_of(services=[{**SERVICE, field: HOSTILE[name]}])

    assert all(getattr(service, field) != HOSTILE[name] for service in cluster.services)
    assert f".{field}: " in problems[0]


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["launcher_directory", "hf_cache", "models_directory", "image"])
def test_no_hostile_value_gets_into_the_clusters_paths_and_image(field: str, name: str):
    cluster, problems = cluster_of(**{field: HOSTILE[name]})

    assert cluster == Cluster()
    assert [problem.partition(":")[0] for problem in problems] == [field]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_sentence_about_a_hostile_value_is_one_short_line(name: str):
    _, problems = cluster_of(hosts=[dict.fromkeys(ONE, HOSTILE[name])], hf_cache=HOSTILE[name])

    assert problems
    assert all(len(problem) < 500 and problem.isprintable() for problem in problems)


def test_a_host_whose_key_is_unreadable_is_left_out_rather_than_trusted_blindly():
    cluster, problems = cluster_of(hosts=[{**ONE, "host_key": "ssh-ed25519"}, TWO])

    assert [host.name for host in cluster.hosts] == ["spark-2"]
    assert problems[0].startswith("hosts[spark-1].host_key: ")


RECIPE = {"key": "own", "model": "org/own", "args": ["--max-model-len", "4096"]}


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("args", ["--max-model-len", "40\n96"]),
        ("args", ["--port", "9"]),
        ("env", {"A": "x\n"}),
        ("env", {"A B": "x"}),
        ("image", "-v"),
        ("hosts", 0),
        ("key", "$(id)"),
        ("model", "$(id)"),
    ],
)
def test_a_recipe_that_would_launch_something_else_is_left_out(field: str, bad: Any):
    catalog, problems = read_settings(Catalog, {"recipes": [{**RECIPE, field: bad}]}, LAUNCH_FIELDS)

    assert catalog.recipes == []
    assert field in problems[0]


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("expected_seconds", -1),
        ("size_gb", "big"),
        ("description", 7),
        ("tags", ["a\n"]),
        ("colour", "green"),
    ],
)
def test_a_recipe_keeps_its_place_when_only_a_description_of_it_is_bad(field: str, bad: Any):
    catalog, problems = read_settings(Catalog, {"recipes": [{**RECIPE, field: bad}]}, LAUNCH_FIELDS)

    assert [recipe.key for recipe in catalog.recipes] == ["own"]
    assert problems[0].startswith(f"recipes[own].{field}")


def test_more_bad_values_than_anyone_would_read_leave_the_defaults():
    cluster, problems = cluster_of(hosts=[{"name": "A"}] * 16, services=[{"name": "B"}] * 100)

    assert cluster == Cluster()
    assert problems[-1] == "too many bad values: every setting is at its default"


def test_blanks_are_taken_out_of_mappings_only():
    assert without_blanks({"a": "", "b": None, "c": ["", None], "d": {"e": ""}}) == {"c": ["", None], "d": {}}


json_text = st.text(st.characters(), max_size=20)
json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | json_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(json_text, inner, max_size=4),
    max_leaves=12,
)
words = st.sampled_from(sorted({*Cluster.model_fields, *ONE, *SERVICE, *RECIPE, "env", "url", "secret"}))
settings_like = st.recursive(
    json_like,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=5),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["hosts", "services", "recipes", "url", "secret"]), settings_like))
def test_nothing_that_json_can_hold_makes_the_reading_fail(raw: dict[str, Any]):
    for kind, essential in ((Cluster, TRUST_FIELDS), (Catalog, LAUNCH_FIELDS), (Webhook, ())):
        settings, problems = read_settings(kind, raw, essential)
        assert isinstance(settings, kind)
        assert all(isinstance(problem, str) for problem in problems)


@given(st.lists(st.sampled_from([ONE, TWO, {"name": "X"}, {"address": "a b"}, 7, None, "host"]), max_size=6))
def test_what_is_good_survives_among_what_is_bad(hosts: list[Any]):
    cluster, _ = cluster_of(hosts=hosts)

    assert [host.name for host in cluster.hosts] == [host["name"] for host in hosts if host in (ONE, TWO)]
