"""An owner's story over HTTP alone: download a model, set it up, tune it, use it, and delete it again."""

import pytest

from tests.house.downloads import Downloads

REPO, KEY = "org/story-7b", "story-7b"
FORMER = "qwen3.6-35b-a3b"


@pytest.fixture(scope="module")
def story(house):
    """The model, downloaded."""
    answer = house.client.post("/api/download", json={"repo": REPO, "hosts": ["all"]})
    assert answer.status_code == 202, answer.text
    run = house.wait(answer.json()["id"])
    assert run["state"] == "completed", run
    house.wait_until(lambda: entry(house), 60, "the model on the menu")
    return Downloads(house)


def entry(house) -> dict | None:
    models = house.client.get("/api/models").json()["models"]
    return next((model for model in models if model["model"] == REPO), None)


def suggestion(house) -> dict | None:
    answer = house.client.get("/api/models/suggest", params={"repo": REPO})
    return answer.json() if answer.status_code == 200 else None


def run_of(house, method: str, path: str, **options) -> dict:
    """A change, to its end."""
    answer = house.client.request(method, path, **options)
    assert answer.status_code == 202, answer.text
    return house.wait(answer.json()["id"])


def test_a_model_from_the_hub_is_set_up_tuned_used_and_deleted_without_a_shell(house, story):
    assert entry(house)["state"] == "needs setup"

    found = house.wait_until(lambda: suggestion(house), 60, "a suggestion")
    assert not found["refused"], found
    assert all(value["reason"] for value in found["values"])
    recipe = found["recipe"]
    assert house.client.post("/api/models", json=recipe).status_code == 201
    house.wait_until(lambda: entry(house)["state"] == "ready", 60, "the model ready")

    checked = run_of(house, "POST", f"/api/swap/{recipe['key']}/validate")
    assert checked["result"]["startable"], checked

    knobs = {"knobs": {"--max-model-len": "8192"}}
    assert house.client.put(f"/api/models/{recipe['key']}/knobs", json=knobs).status_code == 200
    shown = house.client.get(f"/api/models/{recipe['key']}/knobs").json()
    context = next(knob for knob in shown["knobs"] if knob["flag"] == "--max-model-len")
    assert (str(context["value"]), context["source"]) == ("8192", "operator")

    loaded = run_of(house, "POST", "/api/swap", json={"model": recipe["key"]})
    assert loaded["state"] == "completed", loaded
    served = recipe.get("served_name") or recipe["key"]
    assert house.answering() == [served]
    said = house.client.post(
        "/v1/chat/completions", json={"model": recipe["key"], "messages": [{"role": "user", "content": "hi"}]}
    )
    assert said.status_code == 200, said.text

    refused = house.client.delete(f"/api/models/{recipe['key']}/disk")
    assert refused.status_code == 409, refused.text
    house.load(FORMER)
    gone = run_of(house, "DELETE", f"/api/models/{recipe['key']}/disk")
    assert gone["state"] == "completed", gone
    assert sum(gone["result"]["freed"].values()) > 14e9
    assert story.arrived(REPO) == 0
