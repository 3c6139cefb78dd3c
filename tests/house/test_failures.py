"""A swap to a model that fails: rolled back, the cause named, the previous model answering, the logs kept."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

GOOD, BAD = "qwen3.6-35b-a3b", "gpt-oss-120b"
GREEDY = {"key": "greedy", "model": "openai/gpt-oss-120b", "args": ["--gpu-memory-utilization", "0.99"]}
IMPATIENT = {
    "key": "impatient",
    "model": "openai/gpt-oss-120b",
    "args": ["--gpu-memory-utilization", "0.7", "--max-model-len", "32768"],
    "env": {"VLLM_ENGINE_READY_TIMEOUT_S": "300"},
}

# Each way of spark-tools.md 2.5 that shows only once the engine starts, and a word of the cause that is told.
FAILURES = {
    "free-memory": "free memory",
    "no-cache-blocks": "no memory for its cache",
    "kv-too-small": "context length",
    "oom": "ran out of memory",
    "engine-init": "does not know",
    "worker-died": "worker process of the engine died",
    "dies-at-start": "",
    "silent-exit": "",
    "max-batched-tokens": "--max-num-batched-tokens",
    "tool-parser": "parser",
    "unrecognized": "arguments",
    "ptxas": "compiler inside the image",
    "libcudart": "CUDA version",
    "gated": "refused access",
    "no-gpu": "already uses the GPU",
    "wrong-model": "answers as",
}


@pytest.mark.parametrize("fault", FAILURES)
def test_the_previous_model_is_put_back_and_the_cause_is_named(house, fault):
    is_put_back(house, BAD, fault, FAILURES[fault])


def test_so_it_is_with_an_engine_that_reaches_its_time_limit(house):
    with own_recipe(house, IMPATIENT):
        is_put_back(house, "impatient", "engine-timeout", "time limit")


def is_put_back(house, model, fault, cause):
    """A swap to that model fails by that fault, and everything is told and as before."""
    house.load(GOOD)

    with house.fault("spark-1", "engine", f"{fault}\nmodel: gpt-oss\n"):
        run = house.wait(house.swap(model))

    assert run["state"] == "failed"
    assert cause in run["result"]["cause"]
    assert run["result"]["now_loaded"] == "Qwen 3.6 35B-A3B (NVFP4) is loaded again and answers."
    assert run["result"]["advice"]
    assert house.answering() == [GOOD]
    assert (Path(run["result"]["logs"]) / "failed" / "spark-1.log").exists()


def test_an_engine_that_never_says_a_word_counts_as_failed(house):
    house.load(GOOD)
    house.change_settings("cluster", silence_seconds=8)

    try:
        with house.fault("spark-1", "engine", "silent-hang\nmodel: gpt-oss\n"):
            run = house.wait(house.swap(BAD))
    finally:
        house.change_settings("cluster", silence_seconds=900)

    assert "silent" in run["result"]["cause"]
    assert house.answering() == [GOOD]


def test_a_preflight_fault_stops_nothing(house):
    house.load(GOOD)

    with house.fault("spark-2", "image-drift"):
        run = house.wait(house.swap("minimax-m2.7"))

    assert run["state"] == "failed"
    assert run["message"].startswith("Nothing was changed: image vllm-node is not the same on all hosts")
    assert house.answering() == [GOOD]


def test_a_host_that_is_away_stops_a_swap_that_needs_it_and_no_other(house):
    house.load(GOOD)

    with house.fault("spark-2", "unreachable"):
        needs_it = house.wait(house.swap("minimax-m2.7", force=True))
        needs_it_not = house.wait(house.swap(BAD))

    assert "spark-2 cannot be reached" in needs_it["message"]
    assert needs_it_not["state"] == "completed"


def test_a_line_that_is_cut_in_the_middle_of_the_load_does_not_fail_the_swap(house):
    house.load(GOOD)

    run_id = house.swap(BAD)
    house.wait_for_phase(run_id, "starting the engine", "loading the weights")
    with house.fault("spark-1", "unreachable"):
        pass

    assert house.wait(run_id)["state"] == "completed"


def test_memory_that_does_not_come_back_is_a_failure_with_words(house):
    house.load(GOOD)
    with own_recipe(house, GREEDY):
        run = house.wait(house.swap("greedy"))

    assert "GiB free once the present model has stopped" in run["message"]
    assert house.answering() == [GOOD]


@contextlib.contextmanager
def own_recipe(house, recipe: dict) -> Iterator[None]:
    """A recipe of the operator's own while the block lasts."""
    before = house.settings("catalog").get("recipes", [])
    house.change_settings("catalog", recipes=[*before, recipe])
    try:
        house.wait_until(lambda: _on_menu(house, recipe["key"]), 30, "menu entry")
        yield
    finally:
        house.change_settings("catalog", recipes=before)


def _on_menu(house, key):
    return key in [model["key"] for model in house.client.get("/api/models").json()["models"]]
