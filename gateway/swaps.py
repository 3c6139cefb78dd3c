"""Swaps and other runs: asking Prefect for one, and following those under way."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from blocks.ledger.lock import Lock, WrongToken, current_lock, issue_pass
from blocks.ledger.runs import get_run, latest_runs
from gateway.fresh import Fresh
from gateway.lock_view import lock_problem
from gateway.models import Models
from gateway.prefect_api import FlowRun, PrefectApi
from gateway.problem import Problem
from gateway.records import Records
from gateway.runs import RunView, merge

log = logging.getLogger(__name__)

NOW_SECONDS = 0.5

SWAP = "swap-model/cluster"
"""The deployment that swaps, by flow and name."""

KINDS = {
    SWAP: "swap",
    "download-model/cluster": "download",
    "delete-weights/cluster": "delete",
    "validate-model/cluster": "validate",
    "update-launcher/cluster": "update",
    "deep-check/cluster": "deep-check",
    "ensure-state/cluster": "state",
    "free-memory/cluster": "memory",
    "start-service/cluster": "start",
    "stop-service/cluster": "stop",
    "restart-service/cluster": "restart",
    "show-logs/cluster": "logs",
    "wake-host/cluster": "wake",
    "create-ssh-key/cluster": "ssh-key",
    "update-bot/cluster": "bot",
    "restart-bot/cluster": "bot",
    "show-bot-logs/cluster": "logs",
    "install-nim/cluster": "nim",
    "reapply-patches/cluster": "patches",
}
"""What each deployment's runs are called."""


class Swaps:
    """
    Starts swaps and gives views of runs.

    Attributes:
        now: The swap under way, as it was half a second ago at most; None: there is none.
    """

    def __init__(self, records: Records, prefect: PrefectApi, models: Models) -> None:
        self._records = records
        self._prefect = prefect
        self._models = models
        self.now: RunView | None = None
        self._newest = Fresh(0.5, self._look_at_newest)
        self._queue = Fresh(1.0, self._look_at_queue)

    @asynccontextmanager
    async def watching(self, _app: Any = None) -> AsyncIterator[None]:
        """Keep `now` up to date until the block ends: the hot path has no time to ask."""
        task = asyncio.create_task(self._keep_watching())
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def _keep_watching(self) -> None:
        while True:
            try:
                newest = await self._look_at_newest()
                self.now = None if newest is None or newest.over else newest
            except Problem:
                self.now = None
            except Exception:  # the hot path goes on without it
                log.exception("the swap under way cannot be looked up")
                self.now = None
            await asyncio.sleep(NOW_SECONDS)

    async def start(
        self,
        model: str,
        *,
        force: bool,
        lock_token: str | None,
        dry_run: bool,
        approval: str,
        **more: Any,
    ) -> RunView:
        """
        Ask for a swap; `more` goes to the flow as it is.

        `Problem` 404 for an unknown model, 409 for one that cannot be swapped to, 423 while another holds
        the lock, 503 with Prefect out of reach.
        """
        entry = await self._models.known(model)
        if entry.state != "ready":
            raise Problem(409, f"cannot swap to {entry.key}: {entry.why}", "not_swappable", param="model")
        lock_pass = await self.lock_pass(SWAP, lock_token)
        parameters = {"model": entry.key, "dry_run": dry_run, "approval": approval, "force": force}
        parameters |= {"lock_pass": lock_pass, **more}
        run = await self._prefect.start(SWAP, parameters)
        return merge(None, run, self._prefect.page(run.id), kind="swap", behind=await self._behind(run.id))

    async def start_other(self, deployment: str, parameters: dict[str, Any]) -> RunView:
        """
        Ask for a run of another deployment; `Problem` 503 with Prefect out of reach.

        Args:
            deployment: One of `KINDS`.
            parameters: What its flow takes.
        """
        run = await self._prefect.start(deployment, parameters)
        return merge(None, run, self._prefect.page(run.id), kind=KINDS[deployment])

    async def lock_pass(self, deployment: str, token: str | None) -> str:
        """
        A pass for one run by the lock's holder; blank without a token while nobody holds it.

        `Problem` 423 for everybody else; 503 when there is no such deployment, before a pass is spent on it.
        """
        lock = await self.lock()
        if lock is not None and not token:
            raise lock_problem(lock)
        await self._prefect.deployment(deployment)
        return await self._pass(token)

    async def view(self, run_id: UUID) -> RunView:
        """A run by its id; `Problem` 404 when nobody knows it."""
        record = await self._records.ask(get_run, str(run_id))
        flow_run = await self._of_prefect(str(run_id), required=record is None)
        if record is None and flow_run is None:
            raise Problem(404, f"there is no run {run_id}", "unknown_run")
        url = self._prefect.page(str(run_id))
        if record is not None or flow_run is None:
            return merge(record, flow_run, url)
        kind = await self._kind(flow_run)
        behind = await self._behind(str(run_id)) if kind == "swap" else ""
        return merge(None, flow_run, url, kind=kind, behind=behind)

    async def recorded(self, run_id: UUID) -> RunView | None:
        """A run as it wrote itself down, without asking Prefect; None before it began."""
        record = await self._records.ask(get_run, str(run_id))
        return merge(record, None, self._prefect.page(str(run_id))) if record else None

    async def newest(self) -> RunView | None:
        """The swap that began last, at most half a second old."""
        return await self._newest.get()

    async def under_way(self) -> RunView | None:
        """The swap that has begun and has not ended."""
        newest = await self.newest()
        return None if newest is None or newest.over else newest

    async def queued(self) -> list[RunView]:
        """Swaps that were asked for and have not begun, oldest first; none when Prefect cannot be asked."""
        try:
            runs = await self._queue.get()
        except Problem:
            return []
        now = await self.under_way()
        waiting = [run for run in runs if now is None or run.id != now.id]
        behind = now.model if now else ""
        return [merge(None, run, self._prefect.page(run.id), kind="swap", behind=behind) for run in waiting]

    async def coming(self, key: str | None) -> RunView | None:
        """
        The swap, under way or queued, that will load that model; None for key: any.

        One that waits for a go may never come: it does not count.
        """
        now = await self.under_way()
        if now is not None and now.state != "waiting" and key in (None, now.model):
            return now
        for run in await self.queued():
            if key in (None, run.model):
                return run
        return None

    async def lock(self) -> Lock | None:
        """The lock as it stands."""
        return await self._records.ask(current_lock)

    async def _pass(self, token: str | None) -> str:
        if not token:
            return ""
        try:
            return await self._records.ask(issue_pass, token)
        except WrongToken as error:
            lock = await self.lock()
            if lock is not None:
                raise lock_problem(lock) from None
            raise Problem(409, str(error), "lock_expired", param="lock_token") from None

    async def _look_at_newest(self) -> RunView | None:
        runs = await self._records.ask(latest_runs, "swap", 1)
        if not runs:
            return None
        url = self._prefect.page(runs[0].id)
        view = merge(runs[0], None, url)
        if view.over:
            return view
        return merge(runs[0], await self._of_prefect(runs[0].id, required=False), url)

    async def _look_at_queue(self) -> list[FlowRun]:
        soon = datetime.now(UTC) + timedelta(seconds=1)
        runs = await self._prefect.waiting_runs(SWAP, soon.isoformat())
        return [run for run in runs if not run.parameters.get("dry_run")]

    async def _behind(self, run_id: str) -> str:
        now = await self.under_way()
        return now.model if now is not None and now.id != run_id else ""

    async def _of_prefect(self, run_id: str, *, required: bool) -> FlowRun | None:
        try:
            return await self._prefect.run(run_id, patient=required)
        except Problem:
            if required:
                raise
            return None

    async def _kind(self, flow_run: FlowRun) -> str:
        for deployment, kind in KINDS.items():
            with suppress(Problem):
                if flow_run.deployment_id == await self._prefect.deployment(deployment):
                    return kind
        return "run"
