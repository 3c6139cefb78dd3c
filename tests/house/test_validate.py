"""Validation alone, other launchers and launcher updates, through the whole house."""

import pytest

GOOD, OTHER = "qwen3.6-35b-a3b", "gpt-oss-120b"
VENV = {
    "key": "in-venv",
    "model": "openai/gpt-oss-120b",
    "launcher": "venv",
    "venv": "~/vllm-env",
    "env": {"PTXAS_BIN": "~/vllm-env/bin/ptxas"},
    "args": ["--gpu-memory-utilization", "0.7", "--max-model-len", "32768"],
}
DOCKER = {**VENV, "key": "in-docker", "launcher": "docker", "venv": None, "env": {}}
WRONG = {**DOCKER, "key": "wrong", "args": [*VENV["args"], "--colour", "green"]}


@pytest.fixture
def recipes(house):
    """The operator's own recipes, for one test."""
    before = house.settings("catalog").get("recipes", [])
    house.change_settings("catalog", recipes=[*before, VENV, DOCKER, WRONG])
    house.wait_until(lambda: "wrong" in _menu(house), 30, "menu entries")
    yield
    house.change_settings("catalog", recipes=before)


def start(house, flow: str, **parameters) -> str:
    deployment = house.prefect.get(f"/deployments/name/{flow}/cluster").json()
    body = {"parameters": {**deployment["parameters"], **parameters}}
    path = f"/deployments/{deployment['id']}/create_flow_run"
    run_id = house.write_to_prefect("POST", path, body).json()["id"]
    house.wait_until(lambda: house.client.get(f"/api/runs/{run_id}").status_code == 200, 60, "start")
    return run_id


def test_a_validation_answers_in_seconds_while_another_model_is_being_loaded(house, recipes):
    house.load(GOOD)

    swap = house.swap(OTHER)
    house.wait_for_phase(swap, "starting the engine", "loading the weights", "compiling")
    asked = [start(house, "validate-model", model=key) for key in ("in-venv", "wrong")]
    fine, wrong = [house.wait(run_id)["result"] for run_id in asked]

    assert fine["startable"], fine
    assert fine["seconds"] < 20, "a few seconds, on a machine that does nothing else"
    assert not wrong["startable"]
    assert "unrecognized arguments: --colour green" in wrong["message"]
    assert {"host", "about", "state", "sentence", "advice"} == set(wrong["findings"][0])
    assert house.wait(swap)["state"] == "completed"
    assert house.answering() == [OTHER]


@pytest.mark.parametrize("key", ["in-venv", "in-docker"])
def test_another_launcher_swaps_in_and_out_and_is_put_back_when_the_next_fails(house, recipes, key):
    assert house.wait(house.swap(key))["state"] == "completed"
    assert house.answering() == [key]
    assert "nothing to do" in house.wait(house.swap(key))["message"]

    with house.fault("spark-1", "engine", "oom\nmodel: Qwen3.6\n"):
        run = house.wait(house.swap(GOOD))

    assert run["result"]["now_loaded"] == f"{key} is loaded again and answers."
    assert house.answering() == [key]
    house.load(GOOD)
    assert house.answering() == [GOOD]


def test_an_update_is_planned_made_and_taken_back_when_the_next_swap_fails(house):
    house.load(GOOD)
    planned = house.wait(start(house, "update-launcher", dry_run=True))
    assert "Pull 3 new commits" in planned["message"]

    updated = house.wait(start(house, "update-launcher"))
    with house.fault("spark-1", "engine", "oom\nmodel: gpt-oss\n"):
        run = house.wait(house.swap(OTHER))

    assert "new on every host" in updated["message"], updated
    assert "from before the update is in use again" in run["result"]["now_loaded"]
    assert house.answering() == [GOOD]


def _menu(house) -> list[str]:
    return [model["key"] for model in house.client.get("/api/models").json()["models"]]
