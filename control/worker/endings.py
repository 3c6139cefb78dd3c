"""Which runs have lost their process, and what has become of them: pure decisions."""

from datetime import UTC, datetime, timedelta

from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Crashed

from control.worker.processes import is_here, pid_of

# From Pending to claimed takes a fork and two requests: a run not claimed by then never will be.
CLAIM_TIME = timedelta(seconds=30)
UNSETTLED = FlowRunFilter.model_validate(
    {
        "state": {
            "operator": "or_",
            "type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]},
            "name": {"any_": ["Paused", "AwaitingRetry"]},
        }
    }
)


def is_dead(flow_run: FlowRun) -> bool:
    """Return whether the run's process, which was of this machine, is no more.

    A Pending run may still carry the process of an earlier attempt; it and a run that nobody has
    claimed are given time.
    """
    if pid_of(flow_run.infrastructure_pid) is not None or flow_run.state is None:
        return False
    if is_here(flow_run.infrastructure_pid) and not flow_run.state.is_pending():
        return True
    unclaimed = flow_run.state.is_pending() or not flow_run.infrastructure_pid
    return unclaimed and datetime.now(UTC) - flow_run.state.timestamp > CLAIM_TIME


def ending(flow_run: FlowRun) -> State[None] | None:
    """Return the final state of a run whose process has ended; None if it has one or goes on."""
    state = flow_run.state
    if state is None or state.is_final():
        return None
    if state.is_paused() and state.state_details.pause_reschedule:
        return None  # suspended: it goes on in a new process
    if state.is_scheduled() and flow_run.empirical_policy.retry_type != "in_process":
        return None
    if state.is_cancelling():
        return Cancelled(message="The run was cancelled.")
    if state.is_pending():
        return Crashed(message="The run's process ended before the flow began.")
    return Crashed(message="The run's process ended unexpectedly.")
