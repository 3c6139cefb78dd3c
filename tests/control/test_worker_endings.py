"""Which runs are dead and how they end: values in, values out."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, FlowRunPolicy, State, StateDetails, StateType

from control.worker.endings import ending, is_dead
from control.worker.processes import ended, fork_server_of, name_of, pid_of

HERE = name_of(os.getpid())
HOST = HERE.split(":")[0]
DEAD = f"{HOST}:{os.getpid()}:1"


def run(kind: StateType, process: str | None, *, age: float = 0, **state) -> FlowRun:
    moment = datetime.now(UTC) - timedelta(seconds=age)
    return FlowRun(
        flow_id=uuid4(),
        infrastructure_pid=process,
        state=State(type=kind, timestamp=moment, **state),
    )


@pytest.mark.parametrize(
    ("kind", "process", "age", "dead"),
    [
        (StateType.RUNNING, HERE, 0, False),
        (StateType.RUNNING, DEAD, 0, True),
        (StateType.RUNNING, "another-host:1:1", 60, False),
        (StateType.CANCELLING, DEAD, 0, True),
        (StateType.PENDING, None, 0, False),
        (StateType.PENDING, None, 31, True),
        (StateType.PENDING, DEAD, 0, False),
        (StateType.PENDING, DEAD, 31, True),
        (StateType.PENDING, HERE, 31, False),
    ],
    # A name holds a process id, which is another one for each worker that collects the tests.
    ids=lambda value: {HERE: "here", DEAD: "dead"}.get(value, str(value)),
)
def test_a_run_is_dead_when_its_process_of_this_machine_is_gone(kind, process, age, dead):
    assert is_dead(run(kind, process, age=age)) is dead


@pytest.mark.parametrize(
    ("flow_run", "expected"),
    [
        (run(StateType.RUNNING, DEAD), StateType.CRASHED),
        (run(StateType.PENDING, DEAD), StateType.CRASHED),
        (run(StateType.CANCELLING, DEAD), StateType.CANCELLED),
        (run(StateType.PAUSED, DEAD), StateType.CRASHED),
    ],
)
def test_a_run_without_process_ends(flow_run, expected):
    state = ending(flow_run)

    assert state is not None
    assert state.type is expected


@pytest.mark.parametrize("kind", [StateType.COMPLETED, StateType.SCHEDULED])
def test_a_run_that_has_ended_or_will_start_again_is_left_alone(kind):
    assert ending(run(kind, DEAD)) is None


def test_a_suspended_run_is_left_alone_since_it_goes_on_in_a_new_process():
    details = StateDetails(pause_reschedule=True)

    assert ending(run(StateType.PAUSED, DEAD, state_details=details)) is None


def test_a_run_that_waited_in_its_dead_process_to_try_again_is_crashed():
    waiting = run(StateType.SCHEDULED, DEAD, name="AwaitingRetry")
    waiting.empirical_policy = FlowRunPolicy(retry_type="in_process")

    state = ending(waiting)

    assert state is not None
    assert state.type is StateType.CRASHED


async def test_a_process_keeps_its_name_until_it_ends():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        name = name_of(process.pid)
        assert pid_of(name) == process.pid
        assert fork_server_of(process.pid) is None

        process.stdin.close()
        await ended(process.pid)

        assert pid_of(name) is None
