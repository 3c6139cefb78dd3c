"""A swap, by every way there is to ask for one."""

import datetime as dt
import time

import openai

FIRST, SECOND, BOTH = "gpt-oss-120b", "qwen3.6-35b-a3b", "minimax-m2.7"


def test_a_chat_client_sees_the_model_that_was_switched_to(house):
    house.load(FIRST)
    house.load(SECOND)

    client = openai.OpenAI(base_url=f"{house.url}/v1", api_key="none", max_retries=0)
    answer = client.chat.completions.create(
        model=SECOND, messages=[{"role": "user", "content": "Who are you?"}], max_tokens=20
    )
    client.close()

    assert f"This is {SECOND}" in answer.choices[0].message.content
    assert house.answering() == [SECOND]


def test_a_swap_to_the_loaded_model_changes_nothing(house):
    house.load(SECOND)
    before = house.containers("spark-1")

    run = house.wait(house.swap(SECOND))

    assert run["state"] == "completed"
    assert "already loaded" in run["message"]
    assert house.containers("spark-1") == before


def test_force_loads_the_same_model_anew(house):
    house.load(SECOND)

    run = house.wait(house.swap(SECOND, force=True))

    assert run["message"].endswith("is loaded and answers.")


def test_the_button_of_prefect_is_the_same_run(house):
    run_id = house.start_in_prefect(model=FIRST)

    run = house.wait(run_id)

    assert run["state"] == "completed"
    assert house.answering() == [FIRST]


def test_a_schedule_swaps_at_its_time(house):
    deployment = house.prefect.get("/deployments/name/swap-model/cluster").json()
    soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=15)
    schedule = {
        "active": True,
        "parameters": {"model": SECOND},
        "schedule": {"interval": 3600, "anchor_date": soon.isoformat()},
    }
    path = f"/deployments/{deployment['id']}/schedules"
    made = house.write_to_prefect("POST", path, [schedule]).json()
    # Prefect plans the runs of a deployment that was just changed within seconds, others within a minute.
    house.write_to_prefect("PATCH", f"/deployments/{deployment['id']}", {"description": "as before"})

    try:
        house.wait_until(lambda: house.answering() == [SECOND], 90, "answer of the scheduled model")
    finally:
        house.write_to_prefect("DELETE", f"{path}/{made[0]['id']}", None)


def test_a_model_across_both_hosts_runs_on_both(house):
    run = house.wait(house.swap(BOTH))

    assert run["state"] == "completed", run
    assert "vllm_node" in house.containers("spark-1")
    assert "vllm_node" in house.containers("spark-2")
    house.load(SECOND)
    assert "vllm_node" not in house.containers("spark-2")


def test_a_dry_run_says_what_would_happen_and_touches_nothing(house):
    house.load(SECOND)

    run = house.wait(house.swap(FIRST, dry_run=True))

    assert run["state"] == "completed"
    assert run["plan"][0].startswith("Stop Qwen 3.6")
    assert house.answering() == [SECOND]


def test_a_run_that_asks_waits_and_goes_on_with_a_go(house):
    house.load(SECOND)
    run_id = house.swap(FIRST, approval="ask")
    waiting = house.wait_until(lambda: _waits(house, run_id), 60, "question")
    assert any("gpt-oss" in sentence for sentence in waiting["plan"])
    assert house.answering() == [SECOND]

    house.client.post(f"/api/runs/{run_id}/resume", json={"go": True}).raise_for_status()

    assert house.wait(run_id)["state"] == "completed"
    assert house.answering() == [FIRST]


def test_a_no_go_changes_nothing(house):
    house.load(FIRST)
    run_id = house.swap(SECOND, approval="ask")
    house.wait_until(lambda: _waits(house, run_id), 60, "question")

    house.client.post(f"/api/runs/{run_id}/resume", json={"go": False}).raise_for_status()

    assert "No go" in house.wait(run_id)["message"]
    assert house.answering() == [FIRST]


def test_the_lock_is_enforced_whoever_asks(house):
    house.load(FIRST)
    lock = {"holder": "night job", "reason": "transcribing", "ttl_seconds": 120}
    token = house.client.post("/api/swap/lock", json=lock).raise_for_status().json()["token"]
    try:
        refused = house.client.post("/api/swap", json={"model": SECOND})
        by_button = house.wait(house.start_in_prefect(model=SECOND))
        by_holder = house.wait(house.swap(SECOND, lock_token=token))
    finally:
        house.client.request("DELETE", "/api/swap/lock", params={"force": "true"}).raise_for_status()

    assert refused.status_code == 423
    assert "night job" in refused.json()["error"]["message"]
    assert by_button["state"] == "failed"
    assert "night job" in by_button["message"]
    assert by_holder["state"] == "completed"


def test_the_token_is_in_no_parameter_of_the_run(house):
    lock = {"holder": "me", "reason": "test", "ttl_seconds": 60}
    token = house.client.post("/api/swap/lock", json=lock).raise_for_status().json()["token"]
    try:
        run_id = house.swap(SECOND, lock_token=token, dry_run=True)
        house.wait(run_id)
    finally:
        house.client.request("DELETE", "/api/swap/lock", params={"force": "true"}).raise_for_status()

    assert token not in house.prefect.get(f"/flow_runs/{run_id}").text


def test_a_second_swap_waits_for_the_first(house):
    house.load(FIRST)
    first, second = house.swap(SECOND), house.swap(FIRST)

    ended = [house.wait(first), house.wait(second)]

    assert [run["state"] for run in ended] == ["completed", "completed"]
    assert house.answering() == [FIRST]


def test_the_form_offers_what_is_on_disk(house):
    offered = _choices(house)

    assert {FIRST, SECOND, BOTH} <= set(offered)
    assert "glm-4.7-flash" not in offered  # its download is only half done


def test_the_first_line_of_a_run_comes_soon_after_the_click(house):
    clicked = time.time()
    run_id = house.swap(FIRST, dry_run=True)

    run = house.wait(run_id)

    # The measured figure is in docs/explanation/start-latency.md; this only catches a way that is lost.
    assert run["state"] == "completed"
    assert _started(house, run_id) - clicked < 30


def _waits(house, run_id):
    run = house.run(run_id)
    assert run["state"] not in {"failed", "crashed"}, run
    return run if run["state"] == "waiting" and run["plan"] else None


def _choices(house):
    deployment = house.prefect.get("/deployments/name/swap-model/cluster").json()
    return deployment["parameter_openapi_schema"]["properties"]["model"].get("enum", [])


def _started(house, run_id):
    start = house.prefect.get(f"/flow_runs/{run_id}").json()["start_time"]
    return dt.datetime.fromisoformat(start).timestamp()
