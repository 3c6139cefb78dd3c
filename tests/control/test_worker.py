"""Runs start, stop and crash as promised, and nothing runs twice: a real server, real workers."""

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from control.worker.processes import pid_of

Workers = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture(scope="module")
def worker(prefect, workers: Workers) -> subprocess.Popen[bytes]:
    prefect.ask("POST", "/work_pools/", name="shared", type="spark-control")
    return workers("shared")


def children(process: subprocess.Popen[bytes]) -> list[int]:
    return [
        int(line) for line in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ]


def test_a_run_has_a_process_and_session_of_its_own_and_its_log(prefect, worker, place):
    note = prefect.deploy("shared", "flows/trial.py:note")

    run = prefect.start(note, line="alone")

    name = prefect.reach(run, "Completed")["infrastructure_pid"]
    line = next(x for x in (place / "notes").read_text().splitlines() if x.startswith("alone"))
    _, pid, session = line.split()
    assert pid == session == name.split(":")[1]
    assert int(pid) not in (worker.pid, *children(worker))
    prefect.until(lambda: "noting alone" in prefect.log(run), "the log has arrived")


def test_a_cancelled_flow_learns_it_once_and_ends_cancelled(prefect, worker, place):
    hold = prefect.deploy("shared", "flows/trial.py:hold")
    run = prefect.start(hold, name="cancelled")
    prefect.reach(run, "Running")

    prefect.cancel(run)
    prefect.until((place / "cancelled.end").exists, "the flow has learned it")
    os.kill(prefect.pid(run), signal.SIGTERM)

    assert prefect.reach(run, "Cancelled", "Crashed")["state"]["name"] == "Cancelled"
    assert (place / "cancelled.end").read_text() == "TerminationSignal"
    assert (place / "cancelled.clean").exists()


def test_a_killed_run_is_crashed_and_its_slot_is_free_for_the_next(prefect, worker, place):
    limit = {"concurrency_limit": 1, "concurrency_options": {"collision_strategy": "ENQUEUE"}}
    hold = prefect.deploy("shared", "flows/trial.py:hold", **limit)
    first = prefect.start(hold, name="killed")
    prefect.reach(first, "Running")
    (place / "next.go").touch()
    second = prefect.start(hold, name="next")
    prefect.reach(second, "AwaitingConcurrencySlot")

    os.kill(prefect.pid(first), signal.SIGKILL)

    assert "unexpectedly" in prefect.reach(first, "Crashed")["state"]["message"]
    prefect.reach(second, "Completed")


@pytest.mark.parametrize(
    ("entrypoint", "message"),
    [
        ("flows/broken.py:broken", "no_such_module"),
        ("flows/trial.py:absent", "absent"),
        ("flows/trial.py:note", "line"),
    ],
)
def test_a_flow_that_cannot_run_fails_and_says_why(prefect, worker, entrypoint, message):
    deployment = prefect.deploy("shared", entrypoint)

    run = prefect.start(deployment)

    assert message in prefect.reach(run, "Failed", "Crashed", "Completed")["state"]["message"]
    assert prefect.run(run)["state"]["name"] == "Failed"


def test_a_dead_fork_server_is_replaced_and_its_runs_go_on(prefect, worker, place):
    hold = prefect.deploy("shared", "flows/trial.py:hold")
    first = prefect.start(hold, name="orphan")
    prefect.reach(first, "Running")

    os.kill(children(worker)[0], signal.SIGKILL)

    note = prefect.deploy("shared", "flows/trial.py:note")
    prefect.reach(prefect.start(note, line="replaced"), "Completed")
    (place / "orphan.go").touch()
    assert prefect.reach(first, "Completed", "Crashed")["state"]["name"] == "Completed"


def test_the_next_worker_settles_dead_runs_and_ends_the_living(prefect, workers, pool, place):
    hold = prefect.deploy(pool, "flows/trial.py:hold")
    first = workers(pool)
    dead, living = prefect.start(hold, name="dead"), prefect.start(hold, name="living")
    for run in (dead, living):
        prefect.reach(run, "Running")
    first.kill()
    os.kill(prefect.pid(dead), signal.SIGKILL)
    first.wait()

    second = workers(pool, "--grace", "3")

    prefect.reach(dead, "Crashed")
    assert prefect.run(living)["state"]["name"] == "Running"
    own = prefect.start(hold, name="own")
    clinging = prefect.start(prefect.deploy(pool, "flows/trial.py:cling"))
    for name in ("living", "own", "cling"):  # Running comes before the flow's first line
        prefect.until((place / f"{name}.begun").exists, f"the flow {name} has begun")
    second.send_signal(signal.SIGINT)
    assert second.wait(90) == 0
    for run, name in ((living, "living"), (own, "own"), (clinging, "cling")):
        seen = prefect.run(run)
        assert seen["state"]["name"] == "Crashed"
        assert pid_of(seen["infrastructure_pid"]) is None
        assert (place / f"{name}.end").exists()


def test_two_workers_run_nothing_twice_and_may_leave_runs(prefect, workers, pool, place):
    hold, note = (prefect.deploy(pool, f"flows/trial.py:{name}") for name in ("hold", "note"))
    pair = [workers(pool, "--leave-runs", "--name", name) for name in ("one", "two")]
    left = prefect.start(hold, name="left")

    runs = [prefect.start(note, line=f"pair-{number}") for number in range(4)]

    for run in runs:
        prefect.reach(run, "Completed")
    prefect.reach(left, "Running")
    for each in pair:
        each.send_signal(signal.SIGTERM)
        assert each.wait(90) == 0
    (place / "left.go").touch()
    prefect.reach(left, "Completed")
    lines = Counter(line.split()[0] for line in (place / "notes").read_text().splitlines())
    assert {lines[f"pair-{number}"] for number in range(4)} == {1}
