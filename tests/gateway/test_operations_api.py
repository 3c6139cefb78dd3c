"""/api/operations and the log of a run: what is under way, what ended, what failed, over all kinds."""

import time
import uuid
from typing import Any

import pytest

from blocks.ledger.operations import MOST_ENDED, MOST_FAILURES
from blocks.ledger.runs import report, start_run
from blocks.ledger.tables import run_events, runs
from gateway.api.runs import MOST_LINES
from tests.gateway.one_gateway import OneGateway, one_gateway


@pytest.fixture(scope="module")
def shared(empty_ledger, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gateway.prefect_runs.ACTIVE_SECONDS", 0.05)
        patch.setattr("gateway.operations.LOOK_SECONDS", 0.0)
        with one_gateway(empty_ledger, tmp_path_factory.mktemp("operations")) as shared:
            flows = {run_id: name.partition("/")[0] for name, run_id in shared.prefect.others.items()}
            shared.prefect.schedules.flows |= flows
            yield shared


@pytest.fixture
def house(shared: OneGateway) -> OneGateway:
    with shared.ledger.write() as connection:
        connection.execute(runs.delete())
        connection.execute(run_events.delete())
    shared.prefect.runs.clear()
    return shared


def begin(house: OneGateway, kind: str, model: str, state: str = "RUNNING", **prefect: Any) -> str:
    """A run that has written itself down, and that Prefect knows in that state; its id."""
    run_id = str(uuid.uuid4())
    house.prefect.add_run(state, model, run_id)
    house.prefect.runs[run_id].update(name=f"{kind} of {model}", **prefect)
    start_run(house.ledger, run_id, kind, model, None)
    return run_id


def end(house: OneGateway, run_id: str, state: str = "completed", at: float | None = None) -> None:
    result = {"message": f"it is {state}", "findings": ["many"]}
    house.prefect.set_state(run_id, state.upper())
    ended = time.time() if at is None else at
    report(house.ledger, run_id, "result", result, state=state, ended=ended, result=result, phase="done")


def operations(house: OneGateway) -> dict[str, list[dict[str, Any]]]:
    return house.http.get("/api/operations").raise_for_status().json()


def ids(views: list[dict[str, Any]]) -> list[str]:
    return [view["id"] for view in views]


def test_runs_under_way_wait_or_are_queued_with_their_names_and_what_they_are_about(house: OneGateway):
    swap, download = begin(house, "swap", "beta"), begin(house, "download", "org/gamma", "PAUSED")
    report(house.ledger, download, "state", {}, state="waiting", plan=["Copy 40 GB."])
    cancelled = begin(house, "restart", "kokoro", "CANCELLING")
    queued = house.prefect.add_run("SCHEDULED", "gamma")
    start = house.prefect.add_run("SCHEDULED")
    deployment = house.prefect.others["start-service/cluster"]
    house.prefect.runs[start].update(
        deployment_id=deployment, parameters={"service": "parakeet"}, name="start parakeet"
    )
    seen = house.until(lambda: len((now := operations(house))["active"]) == 5 and now)
    by_id = {view["id"]: view for view in seen["active"]}

    assert ids(seen["active"])[:3] == [swap, download, cancelled]
    assert by_id[swap]["name"] == "swap of beta"
    assert (by_id[download]["state"], by_id[download]["plan"]) == ("waiting", ["Copy 40 GB."])
    assert by_id[cancelled]["state"] == "cancelling"
    assert by_id[queued]["message"] == "It waits until the swap to beta has ended."
    start_view = by_id[start]
    assert [start_view[key] for key in ("kind", "model", "name", "state")] == [
        "start", "parakeet", "start parakeet", "queued",
    ]  # fmt: skip
    assert seen["ended"] == seen["failures"] == []


def test_the_newest_that_ended_come_first_and_looks_that_ended_well_are_left_out(house: OneGateway):
    now = time.time()
    ended = [begin(house, "restart", f"service-{number}") for number in range(MOST_ENDED + 3)]
    for number, run_id in enumerate(ended):
        end(house, run_id, at=now - 1000 + number)
    for kind in ("logs", "deep-check"):
        end(house, begin(house, kind, "kokoro"))
    failed_look = begin(house, "logs", "qdrant")
    end(house, failed_look, "failed")
    seen = operations(house)

    assert ids(seen["ended"]) == [failed_look, *reversed(ended)][:MOST_ENDED]
    assert ids(seen["failures"]) == [failed_look]
    assert seen["failures"][0]["result"] == {"message": "it is failed"}
    assert seen["ended"][1]["name"] == f"restart of service-{MOST_ENDED + 2}"


def test_the_last_failures_are_told_also_of_runs_that_died_without_a_word(house: OneGateway):
    failed = [begin(house, "swap", f"model-{number}") for number in range(MOST_FAILURES)]
    for number, run_id in enumerate(failed):
        end(house, run_id, "failed", at=time.time() - 100 + number)
    end(house, begin(house, "swap", "beta"), "cancelled")
    died = begin(house, "update", "launcher", "CRASHED", end_time="2030-01-01T00:00:00Z")
    forgotten = begin(house, "wake", "spark-2")
    del house.prefect.runs[forgotten]
    seen = operations(house)
    by_id = {view["id"]: view for view in seen["failures"]}

    assert seen["active"] == []
    assert ids(seen["failures"]) == [died, forgotten, *reversed(failed[2:])]
    assert by_id[died]["state"] == by_id[forgotten]["state"] == "crashed"
    assert "stopped without a word" in by_id[died]["message"]
    assert "Prefect does not know" in by_id[forgotten]["message"]
    assert by_id[died]["ended"] == 1893456000.0


def test_a_routine_check_that_writes_nothing_down_is_not_shown(house: OneGateway):
    deployment = house.prefect.others["deep-check/cluster"]
    routine, asked = house.prefect.add_run("RUNNING"), house.prefect.add_run("RUNNING")
    foreign = house.prefect.add_run("RUNNING")
    for run_id, by_clock in ((routine, True), (asked, False)):
        parameters = {"service": "all"}
        house.prefect.runs[run_id].update(
            deployment_id=deployment, auto_scheduled=by_clock, parameters=parameters
        )
    house.prefect.runs[foreign]["deployment_id"] = str(uuid.uuid4())
    seen = house.until(lambda: (now := operations(house))["active"] and now)

    assert ids(seen["active"]) == [asked]
    assert seen["active"][0]["model"] == "all"


def test_runs_that_are_over_are_asked_for_once(house: OneGateway):
    for number in range(5):
        end(house, begin(house, "restart", f"service-{number}"))
    operations(house)
    before = len(house.prefect.asked)
    for _ in range(10):
        operations(house)
    asked = [body for _, path, body in house.prefect.asked[before:] if path == "/api/flow_runs/filter"]

    assert not [body for body in asked if "id" in body["flow_runs"]]
    assert len(asked) <= 10


def test_the_log_of_a_run_is_its_newest_lines_and_goes_on_where_it_ended(house: OneGateway):
    run_id = begin(house, "swap", "beta")
    for number in range(0, MOST_LINES + 20, 10):
        lines = [{"host": "spark-1", "line": f"line {number + each}"} for each in range(10)]
        report(house.ledger, run_id, "log", {"lines": lines})
    first = house.http.get(f"/api/runs/{run_id}/log").json()
    nothing = house.http.get(f"/api/runs/{run_id}/log?after={first['next']}").json()
    report(house.ledger, run_id, "log", {"lines": [{"host": "spark-2", "line": "ready"}]})
    more = house.http.get(f"/api/runs/{run_id}/log?after={first['next']}").json()

    assert [each["line"] for each in first["lines"]] == [f"line {n}" for n in range(20, MOST_LINES + 20)]
    assert nothing == {"lines": [], "next": first["next"]}
    assert more["lines"] == [{"seq": more["next"], "host": "spark-2", "line": "ready"}]
    assert house.http.get(f"/api/runs/{uuid.uuid4()}/log").status_code == 404


def test_without_prefect_the_ledger_has_to_do(empty_ledger, tmp_path):
    with one_gateway(empty_ledger, tmp_path) as house:
        swap, done = begin(house, "swap", "beta"), begin(house, "download", "org/gamma")
        end(house, done)
        house.prefect.close()
        seen = operations(house)

    assert ids(seen["active"]) == [swap]
    assert ids(seen["ended"]) == [done]
