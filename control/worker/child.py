"""One run in a process of its own: claim it, run it, stop once and in time."""

import asyncio
import inspect
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, TypedDict
from uuid import UUID

import prefect.utilities.engine as prefect_engine
from prefect import Flow
from prefect._internal import control_listener
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.exceptions import Abort, Pause, TerminationSignal
from prefect.flow_engine import run_flow
from prefect.logging.loggers import flow_run_logger
from prefect.states import Failed

from control.worker.processes import name_of

LOOK_SECONDS = 2.0


class Order(TypedDict):
    """What the worker asks of the fork server: one run."""

    run: str
    entrypoint: str
    env: dict[str, str]
    grace: float


class Stop:
    """The one stop a run gets: the first SIGTERM raises in the flow, later ones are ignored.

    Prefect's own handler raises at every SIGTERM; a second one would cut short the flow's
    way to a known state.
    """

    def __init__(self, run: UUID, grace: float) -> None:
        self.run, self.grace, self.asked = run, grace, threading.Event()

    def install(self) -> None:
        """Handle SIGTERM, also in place of the handler that Prefect's engine would install."""
        prefect_engine._prefect_sigterm_handler = self.on_signal  # type: ignore[assignment]
        signal.signal(signal.SIGTERM, self.on_signal)

    def on_signal(self, number: int, frame: FrameType | None = None) -> None:
        if not self.asked.is_set():
            self.asked.set()
            raise TerminationSignal(number)

    def watch(self, client: SyncPrefectClient) -> None:
        """Turn a cancel in Prefect into one SIGTERM; end the group when the grace is over."""
        while not self.asked.wait(LOOK_SECONDS):
            if self._is_cancelled(client):
                # The engine ends a run with this intent as Cancelled, not as Crashed.
                control_listener._set_intent("cancel")
                os.kill(os.getpid(), signal.SIGTERM)
                break
        time.sleep(self.grace)
        os.killpg(os.getpgid(0), signal.SIGKILL)

    def _is_cancelled(self, client: SyncPrefectClient) -> bool:
        try:
            state = client.read_flow_run(self.run).state
        except Exception:  # noqa: BLE001 (an API that is away is asked again)
            return False
        return state is not None and (state.is_cancelling() or state.is_cancelled())


def execute(order: Order, load: Callable[[str], Flow[..., Any]]) -> None:
    """Run one flow run, which must be Pending, to its end; Prefect learns every state.

    A flow that cannot be loaded, or does not take the parameters, makes the run Failed.
    """
    os.setsid()
    os.environ.update(order["env"])
    run = UUID(order["run"])
    stop = Stop(run, order["grace"])
    stop.install()
    with suppress(Abort, Pause, TerminationSignal), get_client(sync_client=True) as client:
        flow_run = _claim(run, client)
        if flow_run is not None:
            threading.Thread(target=stop.watch, args=(client,), daemon=True).start()
            _run(flow_run, order["entrypoint"], load, client)


def _claim(run: UUID, client: SyncPrefectClient) -> FlowRun | None:
    """Write our name on the run if it is Pending still, so that a dead worker's run is found."""
    flow_run = client.read_flow_run(run)
    if flow_run.state is None or not flow_run.state.is_pending():
        return None
    client.update_flow_run(run, infrastructure_pid=name_of(os.getpid()))
    return flow_run


def _run(
    flow_run: FlowRun,
    entrypoint: str,
    load: Callable[[str], Flow[..., Any]],
    client: SyncPrefectClient,
) -> None:
    try:
        result = run_flow(load(entrypoint), flow_run=flow_run, return_type="state")
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as why:  # noqa: BLE001 (whatever it was, the run says it)
        flow_run_logger(flow_run).exception("The flow cannot run.")
        cause = getattr(why, "user_exc", why)  # Prefect wraps what a flow file raises
        message = f"{entrypoint} cannot run: {type(cause).__name__}: {cause}"
        client.set_flow_run_state(flow_run.id, Failed(message=message))
