"""A swap while an answer is under way: it ends first, or its client is told."""

import contextlib
from collections.abc import Iterator

import httpx

ONE, OTHER = "qwen3.6-35b-a3b", "gpt-oss-120b"
SLOW = ("engine", "slow-tokens 2\nmodel: Qwen3.6\n")
STORY = {"model": ONE, "prompt": "Tell me a story", "max_tokens": 300, "ignore_eos": True, "stream": True}


def test_an_answer_under_way_ends_before_its_model_is_stopped(house):
    house.load(ONE)
    with story(house) as lines:
        with house.fault("spark-1", *SLOW):
            run_id = house.swap(OTHER)
            waiting = house.wait_until(lambda: _waits(house, run_id), 60, "waiting for the answer")
            assert waiting["message"] == "waiting for 1 answer under way (up to 60 s)"
        said = [line for line in lines if line]

    assert said[-1] == "data: [DONE]"
    assert len(said) > STORY["max_tokens"] / 2
    assert house.wait(run_id)["state"] == "completed"
    assert house.answering() == [OTHER]


def test_a_swap_that_is_cancelled_while_answers_end_has_changed_nothing(house):
    house.load(ONE)
    with story(house) as lines:
        with house.fault("spark-1", *SLOW):
            run_id = house.swap(OTHER)
            house.wait_for_phase(run_id, "draining")
            house.client.post(f"/api/runs/{run_id}/cancel").raise_for_status()
            run = house.wait(run_id)
        said = [line for line in lines if line]

    assert run["state"] == "cancelled"
    assert "before anything was changed" in run["message"]
    assert said[-1] == "data: [DONE]"
    assert house.answering() == [ONE]


def test_an_answer_that_does_not_end_in_time_is_cut_off_and_its_client_is_told(house):
    house.load(ONE)
    house.change_settings("cluster", drain_seconds=1)
    try:
        with house.fault("spark-1", *SLOW), story(house) as lines:
            run = house.wait(house.swap(OTHER))
            said = _until_the_end(lines)
    finally:
        house.change_settings("cluster", drain_seconds=60)

    assert run["state"] == "completed"
    assert "event: error" in said
    assert "data: [DONE]" not in said
    assert "did not end within 1 s: cut off" in house.client.get(f"/api/runs/{run['id']}/stream").text


@contextlib.contextmanager
def story(house) -> Iterator[Iterator[str]]:
    """The lines of a long answer that has begun."""
    with house.client.stream("POST", "/v1/completions", json=STORY) as answer:
        lines = answer.iter_lines()
        assert next(lines).startswith("data: ")
        yield lines


def _waits(house, run_id):
    run = house.run(run_id)
    return run if "answer under way" in run["message"] else None


def _until_the_end(lines):
    """The lines of an answer that breaks off: its end is not a clean one."""
    said = []
    with contextlib.suppress(httpx.RemoteProtocolError):
        said.extend(lines)
    return said
