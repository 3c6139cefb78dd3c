"""A swap that is cancelled or killed in any phase: the state is known, and the next run works."""

import httpx
import pytest

ONE, OTHER = "qwen3.6-35b-a3b", "gpt-oss-120b"
# A fault that keeps a swap in a phase until the strike has arrived; a cancel takes a second or two.
BRAKES = {
    "preflight": ("ssh-slow", "3"),
    "stopping": ("ssh-slow", "1"),
    "waiting for memory": ("memory-stays", ""),
    "loading the weights": ("engine", "silent-hang"),
}

STARTING = ("starting the engine", "loading the weights", "compiling", "measuring memory", "capturing graphs")


@pytest.mark.parametrize("phase", BRAKES)
def test_a_cancelled_swap_leaves_a_known_state(house, phase):
    present, other = two_models(house)
    with house.fault("spark-1", *BRAKES[phase]):
        run_id = house.swap(other)
        house.wait_for_phase(run_id, phase)
        house.client.post(f"/api/runs/{run_id}/cancel").raise_for_status()
        run = house.wait(run_id)

    assert run["state"] == "cancelled", run
    if phase == "preflight":
        assert "before anything was changed" in run["message"]
        assert house.answering() == [present]
    else:
        assert "No model is loaded" in run["message"]
        assert "vllm_node" not in house.containers("spark-1")


@pytest.mark.parametrize("phase", BRAKES)
def test_after_a_killed_process_the_next_swap_works(house, phase):
    _, other = two_models(house)
    with house.fault("spark-1", *BRAKES[phase]):
        run_id = house.swap(other)
        house.wait_for_phase(run_id, phase)
        house.flow_process(run_id).kill()

    killed = house.wait(run_id)

    assert killed["state"] == "crashed", killed
    house.load(other)
    assert house.answering() == [other]


def test_after_worker_and_process_are_killed_the_next_swap_works(house):
    _, other = two_models(house)
    with house.fault("spark-1", *BRAKES["loading the weights"]):
        run_id = house.swap(other)
        house.wait_for_phase(run_id, "loading the weights")
        flow = house.flow_process(run_id)
        _kill_worker(house)
        flow.kill()

    assert house.wait(run_id)["state"] == "crashed"
    house.load(other)
    assert house.answering() == [other]


def test_a_swap_outlives_the_death_of_the_worker(house):
    _, other = two_models(house)
    run_id = house.swap(other)
    house.wait_for_phase(run_id, *STARTING)

    _kill_worker(house)

    assert house.wait(run_id)["state"] == "completed"
    assert house.answering() == [other]


def test_a_swap_outlives_the_death_of_gateway_and_observer(house):
    _, other = two_models(house)
    run_id = house.swap(other)
    house.wait_for_phase(run_id, *STARTING)

    for name in ("gateway", "observer"):
        house.house.processes[name].child.kill()

    house.wait_until(lambda: _up(house), 60, "gateway")
    assert house.wait(run_id)["state"] == "completed"
    assert house.answering() == [other]


def two_models(house):
    """The model that is loaded, and another one; no swap is made for it where one is loaded already."""
    if house.answering() == [OTHER]:
        return OTHER, ONE
    house.load(ONE)
    return ONE, OTHER


def _kill_worker(house):
    worker = house.house.processes["worker"]
    before = worker.restarts
    worker.child.kill()
    house.wait_until(lambda: worker.restarts > before, 30, "restart of the worker")


def _up(house):
    try:
        return house.client.get("/health").is_success
    except httpx.HTTPError:
        return False
