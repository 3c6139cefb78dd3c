"""Recipes and disks over HTTP: suggest, add, import, export, remove; nobody's change is lost."""

import asyncio
import time

import httpx
import pytest
import yaml

from blocks.ledger.launches import Launch, mark_ready, record_launch
from blocks.ledger.store import Ledger
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.model_files import add_recipe, leave_disk, leave_files

GAMMA = {"key": "gamma", "model": "org/gamma", "args": ["--max-model-len", "8192"]}
COMMUNITY = """\
recipe_version: "1"
name: Delta
container: vllm-node
model: org/delta
build_args: [--with-extras]
defaults: {port: 8000, host: 0.0.0.0, tensor_parallel: 2, max_model_len: 4096}
command: |
  vllm serve org/delta --port {port} --host {host} --max-model-len {max_model_len} \\
    --tensor-parallel-size {tensor_parallel}
"""


def kept(prefect: FakePrefect) -> list[str]:
    return [recipe["key"] for recipe in prefect.documents["catalog"]["recipes"]]


async def test_the_disks_are_shown_with_halves_and_what_is_loaded(http: httpx.AsyncClient, ledger: Ledger):
    leave_disk(ledger, "spark-1", alpha=100, beta=200)
    hosts = (await http.get("/api/models/disk")).json()["hosts"]

    first = hosts[0]
    assert [host["host"] for host in hosts] == ["spark-1", "spark-2"]
    assert (first["bytes"], first["free_bytes"], first["age_seconds"] < 60) == (311, 700, True)
    assert [model["model"] for model in first["models"]] == ["org/beta", "org/alpha", "org/half"]
    assert first["models"][1]["recipes"] == ["alpha"]
    assert [model["loaded"] for model in first["models"]] == [False, True, False]
    assert first["models"][2] == {
        "model": "org/half", "bytes": 9, "partial_bytes": 4, "complete": False,
        "missing": ["w.safetensors"], "revision": "", "recipes": [], "loaded": False,
    }  # fmt: skip


async def test_how_long_a_model_takes_is_measured_where_it_was_loaded_before(
    http: httpx.AsyncClient, ledger: Ledger
):
    launch = Launch("l1", "r1", "beta", {}, [], ["spark-1"], "image", "r1", time.time() - 100)
    record_launch(ledger, launch)
    mark_ready(ledger, "l1")
    menu = {model["key"]: model for model in (await http.get("/api/models")).json()["models"]}

    assert 100 <= menu["beta"]["expected_seconds"] < 150
    assert menu["alpha"]["expected_seconds"] == 200


async def test_a_recipe_is_suggested_with_the_reason_of_each_value_and_confirmed(
    http: httpx.AsyncClient, ledger: Ledger, prefect: FakePrefect
):
    leave_disk(ledger, "spark-1", gamma=16_000_000_000)
    leave_files(ledger, "org/gamma")
    suggested = (await http.get("/api/models/suggest", params={"repo": "org/gamma"})).json()
    await add_recipe(http, suggested["recipe"])

    values = {value["field"]: value for value in suggested["values"]}
    assert (suggested["refused"], suggested["doubts"], suggested["recipes"]) == ("", [], [])
    assert suggested["recipe"]["key"] == "gamma"
    assert values["--max-model-len"]["reason"]
    assert values["family"]["confidence"] == "sure"
    assert kept(prefect) == ["alpha", "beta", "gamma"]
    menu = {model["key"]: model["state"] for model in (await http.get("/api/models")).json()["models"]}
    assert menu["gamma"] == "ready"


async def test_a_suggestion_says_what_it_does_not_know_or_refuses(http: httpx.AsyncClient, ledger: Ledger):
    leave_disk(ledger, "spark-1", bert=1000, unread=1000)
    leave_files(ledger, "org/bert", architectures=["BertForSequenceClassification"])
    leave_files(ledger, "org/half")

    async def suggest(repo: str) -> httpx.Response:
        return await http.get("/api/models/suggest", params={"repo": repo})

    refused, half = (await suggest("org/bert")).json(), (await suggest("org/half")).json()
    nowhere, unread, bad = await suggest("org/none"), await suggest("org/unread"), await suggest("../x")

    assert refused["recipe"] is None
    assert "does not chat" in refused["refused"]
    assert "whole on no host yet" in half["doubts"][0]
    assert (nowhere.status_code, nowhere.json()["error"]["code"]) == (404, "not_on_disk")
    assert (unread.status_code, unread.json()["error"]["code"]) == (404, "no_config")
    assert "config.json" in unread.json()["error"]["message"]
    assert (bad.status_code, bad.json()["error"]["param"]) == (422, "repo")
    assert (await http.get("/api/models/suggest")).status_code == 400


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"key": "Not Good"}, "key"),
        ({"colour": "blue"}, "colour"),
        ({"args": ["--port", "1"]}, "args"),
        ({"hosts": 99}, "hosts"),
        ({"env": {"1A": "x"}}, "env.1A"),
        ({"model": "no-slash"}, "model"),
    ],
)
async def test_a_recipe_that_does_not_fit_names_its_field(
    http: httpx.AsyncClient, prefect: FakePrefect, change, field
):
    got = await http.post("/api/models", json={**GAMMA, **change})

    assert got.status_code == 422
    assert got.json()["error"]["param"] == field
    assert got.json()["error"]["message"].startswith(f"{field}: ")
    assert kept(prefect) == ["alpha", "beta"]


async def test_a_key_that_is_taken_is_only_replaced_when_told(http: httpx.AsyncClient, prefect: FakePrefect):
    bundled = {**GAMMA, "key": "gpt-oss-120b"}
    refused = await http.post("/api/models", json=bundled)
    own = await http.post("/api/models", json={**GAMMA, "key": "beta"})
    replaced = await http.post("/api/models?replace=true", json=bundled)
    again = await http.post("/api/models", json=bundled)
    removed = (await http.delete("/api/models/gpt-oss-120b")).json()

    assert [refused.status_code, own.status_code] == [409, 409]
    assert "comes with Spark Control" in refused.json()["error"]["message"]
    assert [replaced.status_code, again.status_code] == [201, 201]
    assert removed == {"removed": "gpt-oss-120b", "bundled_again": True}
    assert kept(prefect) == ["alpha", "beta"]


async def test_only_own_recipes_are_removed_and_not_the_loaded_one(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    prefect.documents["catalog"]["knobs"] = {"beta": {"--max-num-seqs": "4"}}
    loaded, bundled = await http.delete("/api/models/alpha"), await http.delete("/api/models/gpt-oss-120b")
    unknown, removed = await http.delete("/api/models/nobody"), await http.delete("/api/models/beta")

    assert [loaded.status_code, bundled.status_code, unknown.status_code] == [409, 409, 404]
    assert "is loaded" in loaded.json()["error"]["message"]
    assert removed.status_code == 200
    assert prefect.documents["catalog"]["knobs"] == {}
    assert kept(prefect) == ["alpha"]


async def test_a_community_file_is_read_and_what_it_does_not_get_is_said(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    looked = (await http.post("/api/models/import", json={"text": COMMUNITY, "dry_run": True})).json()
    nothing = kept(prefect)
    taken = await http.post("/api/models/import", json={"text": COMMUNITY, "key": "beta"})
    written = (await http.post("/api/models/import", json={"text": COMMUNITY, "hosts": 1})).json()

    assert (looked["written"], nothing, taken.status_code) == (False, ["alpha", "beta"], 409)
    assert (looked["recipes"][0]["key"], looked["recipes"][0]["hosts"]) == ("delta", 2)
    assert "build_args" in {note["field"] for note in looked["not_honoured"]}
    assert written["written"] is True
    assert kept(prefect) == ["alpha", "beta", "delta"]


async def test_a_file_that_cannot_be_used_says_where(http: httpx.AsyncClient, prefect: FakePrefect):
    got = await http.post("/api/models/import", json={"text": "- key: x\n  model: org/x\n  colour: blue\n"})

    assert got.status_code == 422
    assert got.json()["faults"][0]["line"] == 3
    assert "colour" in got.json()["faults"][0]["field"]
    assert (await http.post("/api/models/import", json={"text": ""})).status_code == 422


async def test_an_exported_recipe_is_the_same_when_it_is_read_back(http: httpx.AsyncClient):
    exported = (await http.get("/api/models/beta/export")).json()
    looked = await http.post("/api/models/import", json={"text": exported["text"], "dry_run": True})

    assert exported["file"] == "beta.yaml"
    assert yaml.safe_load(exported["text"])["recipe_version"] == "1"
    assert (looked.json()["recipes"][0]["key"], looked.json()["taken"]) == ("beta", [])
    assert (await http.get("/api/models/nobody/export")).status_code == 404


async def test_two_gateways_that_add_at_once_lose_nothing(options, prefect: FakePrefect):
    gateways = [Running(options), Running(options)]
    for gateway in gateways:
        await asyncio.to_thread(gateway.start)
    try:
        async with httpx.AsyncClient(timeout=20) as client:
            recipes = [{**GAMMA, "key": f"gamma-{number}"} for number in range(8)]
            adding = [
                client.post(f"{gateways[number % 2].url}/api/models", json=recipe)
                for number, recipe in enumerate(recipes)
            ]
            answers = await asyncio.gather(*adding)
    finally:
        for gateway in gateways:
            await asyncio.to_thread(gateway.stop)

    assert {answer.status_code for answer in answers} == {201}
    assert sorted(kept(prefect)) == ["alpha", "beta", *(f"gamma-{number}" for number in range(8))]


async def test_what_is_unfit_in_the_catalog_and_a_change_by_hand_survive(
    http: httpx.AsyncClient, prefect: FakePrefect
):
    prefect.documents["catalog"]["recipes"].append({"key": "broken", "model": "nowhere"})
    by_hand = {"key": "by-hand", "model": "org/by-hand"}
    prefect.meanwhile = [lambda: prefect.documents["catalog"]["recipes"].append(by_hand)]
    added = await http.post("/api/models", json=GAMMA)

    assert added.status_code == 201
    assert kept(prefect) == ["alpha", "beta", "broken", "by-hand", "gamma"]


async def test_without_prefect_nothing_is_changed(http: httpx.AsyncClient, prefect: FakePrefect):
    prefect.close()
    got = await http.post("/api/models", json=GAMMA)
    menu = await http.get("/api/models")

    assert (got.status_code, got.json()["error"]["code"]) == (503, "prefect_gone")
    assert menu.status_code == 200
    prefect._thread.join()
