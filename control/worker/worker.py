"""The Prefect worker: takes runs from its pool, has them forked, and settles those that died."""

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus
from prefect.client.schemas.filters import WorkPoolFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.events.clients import get_events_subscriber
from prefect.events.filters import EventFilter, EventNameFilter
from prefect.exceptions import Abort, ObjectNotFound
from prefect.utilities.engine import propose_state
from prefect.workers.base import BaseJobConfiguration, BaseVariables, BaseWorker, BaseWorkerResult
from pydantic import PrivateAttr

from control.worker.child import Order
from control.worker.door import ForkServer
from control.worker.endings import UNSETTLED, ending, is_dead
from control.worker.processes import ended, fork_server_of, name_of, pid_of

LOOK_SECONDS = 5.0
STARTABLE = EventFilter(
    event=EventNameFilter(
        name=[f"prefect.flow-run.{name}" for name in ("Scheduled", "Resuming", "AwaitingRetry")]
    )
)


class Job(BaseJobConfiguration):
    """A run's configuration: the file and function of its flow, and its environment."""

    _entrypoint: str = PrivateAttr("")

    def prepare_for_flow_run(
        self,
        flow_run: FlowRun,
        deployment: DeploymentResponse | None = None,
        *others: Any,
        **named: Any,
    ) -> None:
        super().prepare_for_flow_run(flow_run, deployment, *others, **named)
        self._entrypoint = (deployment and deployment.entrypoint) or ""


class SparkWorker(BaseWorker[Job, BaseVariables, BaseWorkerResult]):
    """Forks each run from a warm process.

    Args:
        pool: the work pool; created when it is missing.
        flows: folder of flow files to have imported, relative to the working directory.
        grace: seconds that a stopped flow has to reach a known state.
        name: how Prefect's UI calls this worker; made up when it is None.
    """

    type = "spark-control"
    job_configuration = Job
    _display_name = "Spark Control"
    _description = "Runs the flows of this checkout, each in a process forked from a warm one."

    def __init__(self, pool: str, flows: Path, grace: float, name: str | None = None) -> None:
        # A run is forked at its time, not ahead of it: starting takes less than a second.
        super().__init__(pool, name=name, prefetch_seconds=0)
        self._forks = ForkServer(flows)
        self._grace = grace
        self.ends_runs = False

    async def setup(self) -> None:
        await self._forks.warm()
        await super().setup()
        if self._runs_task_group is not None:
            self._runs_task_group.start_soon(self._keep, self.look)
            self._runs_task_group.start_soon(self._keep, self.listen)
        say("worker ready")

    async def run(
        self,
        flow_run: FlowRun,
        configuration: Job,
        task_status: TaskStatus[Any] | None = None,
    ) -> BaseWorkerResult:
        """Fork the run and wait for its end; its state, not its exit code, says how it ended."""
        order = Order(
            run=str(flow_run.id),
            entrypoint=configuration._entrypoint,
            env={key: value for key, value in configuration.env.items() if value is not None},
            grace=self._grace,
        )
        pid = await self._forks.fork(order)
        name = name_of(pid)
        # No name for Prefect from here: the run writes it, and SQLite is spared a second writer.
        (task_status or anyio.TASK_STATUS_IGNORED).started(None)
        await ended(pid)
        self._forks.children.discard(pid)
        now = await self.client.read_flow_run(flow_run.id)
        if now.infrastructure_pid == name and now.state is not None and not now.state.is_pending():
            # Another name, or Pending: the next process of a suspended run; if not, `look` settles it.
            await self._settle(now)
        return BaseWorkerResult(identifier=name, status_code=0)

    async def look(self) -> None:
        """Settle the runs of this machine whose process has died, whoever forked it."""
        for flow_run in await self._unsettled():
            if is_dead(flow_run):
                await self._settle(flow_run)

    async def listen(self) -> None:
        """Take runs as soon as Prefect says that there is one.

        The poll can then be slow: each one writes to Prefect's database, and SQLite refuses other
        writers meanwhile.
        """
        async with get_events_subscriber(STARTABLE) as events:
            async for _ in events:
                await self.get_and_submit_flow_runs()

    async def teardown(self, *exc_info: Any) -> None:
        """Take no new run; end the running ones if asked to, else leave them to the next worker."""
        await self._forks.close()
        try:
            if self.ends_runs:
                await self._end_runs()
        finally:
            await super().teardown(*exc_info)

    async def _keep(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as why:  # noqa: BLE001 (an API that is away is asked again)
                self._logger.warning("The Prefect API did not answer: %s", why)
            await anyio.sleep(LOOK_SECONDS)

    async def _end_runs(self) -> None:
        """Stop what we or a dead worker forked: SIGTERM, the grace, SIGKILL."""
        pids = set(self._forks.children)
        with suppress(Exception):  # the API may be stopping with us
            alive = {pid_of(run.infrastructure_pid) for run in await self._unsettled()}
            pids |= {pid for pid in alive if pid and fork_server_of(pid) is None}
        _signal(pids, os.kill, signal.SIGTERM)
        try:
            # The flow's process keeps the grace itself; this is for one that cannot.
            with anyio.move_on_after(self._grace + 5):
                async with anyio.create_task_group() as group:
                    for pid in pids:
                        group.start_soon(ended, pid)
        finally:
            _signal(pids, os.killpg, signal.SIGKILL)
        with suppress(Exception):
            await self.look()

    async def _unsettled(self) -> list[FlowRun]:
        pool = WorkPoolFilter.model_validate({"name": {"any_": [self._work_pool_name]}})
        return await self.client.read_flow_runs(flow_run_filter=UNSETTLED, work_pool_filter=pool)

    async def _settle(self, flow_run: FlowRun) -> None:
        """Give a run whose process has ended the state that is true."""
        state = ending(flow_run)
        if state is not None:
            with suppress(Abort, ObjectNotFound):
                await propose_state(self.client, state, flow_run_id=flow_run.id)


def say(line: str) -> None:
    """Write a line for whoever started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _signal(pids: set[int], send: Any, number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            send(pid, number)
