"""The run forms as Prefect's UI gets them: titles, help, defaults, order and choices of each deployment."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow
from prefect.utilities.callables import parameter_schema

from blocks.run_names import SENTENCES, run_name
from blocks.settings import Settings
from gateway.swaps import KINDS
from tasks.observe_forms import offers_of
from tests.tasks.cluster_of_two import TWO

ROOT = Path(__file__).parents[2]
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
OFFERS = offers_of(Settings(cluster=TWO), [])
TAGS = {"models", "services", "hosts", "bot", "state"}


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    path, name = deployment["entrypoint"].split(":")
    return getattr(importlib.import_module(path.removesuffix(".py").replace("/", ".")), name)


def fields_of(flow: Flow[..., Any]) -> dict[str, dict[str, Any]]:
    """The fields of a flow's form in the order in which they are shown."""
    fields = parameter_schema(flow.fn).model_dump_for_openapi()["properties"]
    return dict(sorted(fields.items(), key=lambda item: item[1]["position"]))


@pytest.fixture(params=DEPLOYMENTS, ids=lambda one: one["entrypoint"].rpartition(":")[2])
def deployment(request: pytest.FixtureRequest) -> dict[str, Any]:
    return request.param


@pytest.fixture
def flow(deployment: dict[str, Any]) -> Flow[..., Any]:
    return flow_of(deployment)


def test_each_field_has_a_title_in_words_and_a_help_text(flow):
    for name, field in fields_of(flow).items():
        assert field["title"] != name
        assert "_" not in field["title"], name
        assert field["title"][0] in "(ABCDEFGHIJKLMNOPQRSTUVWXYZ", name
        assert len(field.get("description", "")) > 15, name


def test_titles_of_one_form_differ(flow):
    titles = [field["title"] for field in fields_of(flow).values()]

    assert len(titles) == len(set(titles))


def test_what_must_be_given_comes_first_and_what_is_internal_last(flow):
    fields = fields_of(flow)
    ranks = [
        0 if "default" not in field else 2 if field["title"].startswith("(internal) ") else 1
        for field in fields.values()
    ]

    assert ranks == sorted(ranks)
    assert {"lock_pass", "in_place_of", "as_launched"} & fields.keys() == {
        name for name, field in fields.items() if field["title"].startswith("(internal) ")
    }


def test_no_field_makes_a_person_choose_between_types(flow):
    assert [name for name, field in fields_of(flow).items() if "anyOf" in field] == []


def test_the_defaults_of_the_deployment_are_those_of_the_flow(deployment, flow):
    fields = fields_of(flow)

    for name, value in deployment["parameters"].items():
        assert fields[name]["default"] == value, name


def test_hosts_services_and_models_are_chosen_from_what_there_is(deployment, flow):
    offered = OFFERS.get(f"{flow.name}/cluster", {})

    asked = fields_of(flow).keys() & {"host", "hosts", "service", "model", "repo", "afterwards", "nim"}
    assert asked <= offered.keys()
    assert offered.keys() <= fields_of(flow).keys()


def test_a_deployment_says_what_it_does_what_it_stops_and_how_long_it_takes(deployment):
    said = deployment["description"]

    assert 2 <= said.count(". ") + said.count(".** ") + 1 <= 6
    assert "tops" in said or "Changes nothing" in said
    assert any(unit in said for unit in ("second", "minute", "hour")), "how long it takes"
    assert set(deployment["tags"]) <= TAGS
    assert len(deployment["tags"]) == 1


def test_a_run_names_itself_by_the_sentence_of_its_flow(flow):
    assert callable(flow.flow_run_name), "flows are named by tasks.report.own_name"
    assert flow.name in SENTENCES
    assert run_name(flow.name, {}) == run_name(f"{flow.name}/cluster", {})


def test_every_deployment_is_known_to_the_gateway():
    assert {f"{flow_of(each).name}/{each['name']}" for each in DEPLOYMENTS} <= KINDS.keys()
