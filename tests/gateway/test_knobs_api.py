"""Knobs over HTTP: every flag with its source and effect, and the operator's values kept in the Catalog."""

from typing import Any

import httpx
import pytest

from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.model_files import add_recipe, leave_files


async def turn(http: httpx.AsyncClient, knobs: dict[str, Any], key: str = "beta") -> httpx.Response:
    return await http.put(f"/api/models/{key}/knobs", json={"knobs": knobs})


def shown(answer: httpx.Response) -> dict[str, dict[str, Any]]:
    return {knob["flag"]: knob for knob in answer.json()["knobs"]}


async def test_every_flag_is_shown_with_its_source_and_effect_on_this_machine(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    leave_files(ledger, "org/beta")
    recipe = {"key": "full", "model": "org/beta", "args": ["--max-model-len", "8192", "--odd", "1"]}
    await add_recipe(http, recipe)
    got = await http.get("/api/models/full/knobs")

    knobs = shown(got)
    assert list(knobs)[:2] == ["--max-model-len", "--gpu-memory-utilization"]
    assert (knobs["--max-model-len"]["value"], knobs["--max-model-len"]["source"]) == ("8192", "recipe")
    assert "about 16 pages" in knobs["--max-model-len"]["effect"]
    assert "one text of that length takes 1.0 GB" in knobs["--max-model-len"]["effect"]
    assert knobs["--gpu-memory-utilization"]["source"] == "vllm"
    assert "GB" in knobs["--gpu-memory-utilization"]["effect"]
    assert (knobs["--odd"]["name"], knobs["--odd"]["value"]) == ("", "1")


async def test_a_value_that_was_inferred_says_so(http: httpx.AsyncClient, ledger: Ledger):
    leave_files(ledger, "org/beta")
    suggested = (await http.get("/api/models/suggest", params={"repo": "org/beta"})).json()["recipe"]
    await add_recipe(http, {**suggested, "key": "inferred"})
    knobs = shown(await http.get("/api/models/inferred/knobs"))

    assert knobs["--max-model-len"]["source"] == "inferred"
    assert knobs["--load-format"]["source"] == "inferred"


async def test_the_operators_values_stand_in_the_place_of_the_recipes(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    prefect.documents["catalog"]["knobs"] = {"alpha": {"--x": "1"}}
    put = await turn(http, {"max_model_len": "16k", "--no-enable-prefix-caching": True, "--odd": None})

    knobs = shown(put)
    assert put.status_code == 200
    assert knobs["--max-model-len"]["value"] == "16k"
    assert (knobs["--max-model-len"]["source"], knobs["--max-model-len"]["otherwise"]) == ("operator", None)
    assert knobs["--enable-prefix-caching"]["value"] is False
    kept = {"--max-model-len": "16k", "--enable-prefix-caching": False, "--odd": "unset"}
    assert put.json()["own"] == kept
    assert prefect.documents["catalog"]["knobs"] == {"alpha": {"--x": "1"}, "beta": kept}


async def test_no_values_at_all_leave_the_recipe_as_it_is(http: httpx.AsyncClient, prefect: FakePrefect):
    await turn(http, {"--max-num-seqs": 4}, "gpt-oss-120b")
    got = await turn(http, {}, "gpt-oss-120b")

    assert got.json()["own"] == {}
    assert prefect.documents["catalog"]["knobs"] == {}


@pytest.mark.parametrize(
    ("knobs", "param", "words"),
    [
        ({"--gpu-memory-utilization": 3}, "--gpu-memory-utilization", "share"),
        ({"--max-model-len": "long"}, "--max-model-len", "number of tokens"),
        ({"--port": "1"}, "--port", "is set by Spark Control"),
        ({"not a flag": "1"}, "not a flag", "no flag"),
    ],
)
async def test_a_value_that_does_not_fit_names_its_flag(
    http: httpx.AsyncClient, prefect: FakePrefect, knobs, param, words
):
    got = await turn(http, {"--max-num-seqs": "2", **knobs})

    assert got.status_code == 422
    assert got.json()["error"]["param"] == param
    assert words in got.json()["error"]["message"]
    assert "knobs" not in prefect.documents["catalog"]


async def test_an_unknown_recipe_has_no_knobs(http: httpx.AsyncClient):
    assert (await http.get("/api/models/nobody/knobs")).status_code == 404
    assert (await turn(http, {}, "nobody")).status_code == 404
    assert (await http.put("/api/models/beta/knobs", json={})).status_code == 400


async def test_what_is_loaded_takes_its_new_values_at_its_next_start(http: httpx.AsyncClient):
    assert (await turn(http, {"--max-num-seqs": 4}, "alpha")).json()["loaded"] is True
    assert (await turn(http, {"--max-num-seqs": 4}, "beta")).json()["loaded"] is False
