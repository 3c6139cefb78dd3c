"""Prefect's word on the runs of our deployments: those that are not over, and those of some ids."""

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from gateway.fresh import Fresh
from gateway.prefect_api import ENDED, FlowRun, PrefectApi
from gateway.swaps import KINDS

ACTIVE = ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING")
MOST = 200
"""Prefect's own limit of one answer."""

ACTIVE_SECONDS = 2.0
KINDS_SECONDS = 60.0
MOST_KEPT = 1000

_OURS = {"name": {"any_": sorted({deployment.partition("/")[2] for deployment in KINDS})}}


class _Deployment(msgspec.Struct):
    id: str
    flow_id: str
    name: str


class _Flow(msgspec.Struct):
    id: str
    name: str


class PrefectRuns:
    """
    Asks Prefect once for many runs, and never again for one that is over; `Problem` 503 when it is away.

    Attributes:
        ended: By id, runs as they ended; None for those that Prefect does not know (any more).
    """

    def __init__(self, prefect: PrefectApi) -> None:
        self._prefect = prefect
        self._active = Fresh(ACTIVE_SECONDS, self._look)
        self._kinds = Fresh(KINDS_SECONDS, self._look_at_kinds)
        self.ended: dict[str, FlowRun | None] = {}

    async def active(self) -> list[tuple[str, FlowRun]]:
        """Kind and run of all that are due and not over, oldest first, two seconds old at most."""
        return await self._active.get()

    async def of(self, run_ids: Collection[str]) -> dict[str, FlowRun | None]:
        """The runs by id, None for those that Prefect does not know."""
        unknown = [each for each in run_ids if each not in self.ended][:MOST]
        found: dict[str, FlowRun | None] = dict.fromkeys(unknown)
        if unknown:
            wanted = {"flow_runs": {"id": {"any_": unknown}}, "limit": MOST}
            runs = await self._prefect.read("/flow_runs/filter", wanted, list[FlowRun])
            found |= {run.id: run for run in runs if run.id in found}
            self._keep(found)
        return found | {each: self.ended[each] for each in run_ids if each in self.ended}

    def _keep(self, found: dict[str, FlowRun | None]) -> None:
        self.ended |= {each: run for each, run in found.items() if run is None or run.state_type in ENDED}
        for oldest in list(self.ended)[: max(0, len(self.ended) - MOST_KEPT)]:
            del self.ended[oldest]

    async def _look(self) -> list[tuple[str, FlowRun]]:
        wanted = {
            "deployments": _OURS,
            "flow_runs": {
                "state": {"type": {"any_": ACTIVE}},
                "expected_start_time": {"before_": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()},
            },
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": MOST,
        }
        runs = await self._prefect.read("/flow_runs/filter", wanted, list[FlowRun])
        kinds = await self._kinds_of(run.deployment_id for run in runs)
        return [(kinds[run.deployment_id], run) for run in runs if run.deployment_id in kinds]

    async def _kinds_of(self, deployments: Iterable[str | None]) -> dict[str | None, str]:
        """What the runs of each of our deployments are called; one that is new is asked for."""
        wanted = set(deployments)
        if not wanted:
            return {}
        kinds = await self._kinds.get()
        return kinds if wanted <= kinds.keys() else await self._kinds.get(within=KINDS_SECONDS / 6)

    async def _look_at_kinds(self) -> dict[str | None, str]:
        flows = await self._prefect.read("/flows/filter", {"limit": MOST}, list[_Flow])
        wanted = {"deployments": _OURS, "limit": MOST}
        names = {flow.id: flow.name for flow in flows}
        found = await self._prefect.read("/deployments/filter", wanted, list[_Deployment])
        known = {each.id: KINDS.get(f"{names.get(each.flow_id)}/{each.name}") for each in found}
        return {deployment: kind for deployment, kind in known.items() if kind}
