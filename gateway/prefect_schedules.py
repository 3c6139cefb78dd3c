"""Prefect's schedules and the runs it has planned: read, made, changed, removed over its HTTP API."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec

from gateway.prefect_api import PrefectApi
from gateway.swaps import SWAP

MOST = 200
"""Prefect's own limit of one answer."""


class Rule(msgspec.Struct):
    """When: one of `cron`, `interval` (seconds) and `rrule` is set."""

    cron: str = ""
    interval: float = 0.0
    rrule: str = ""
    timezone: str | None = None
    day_or: bool = True


class PrefectSchedule(msgspec.Struct):
    """A schedule of a deployment; its parameters go over the deployment's own."""

    id: str
    deployment_id: str
    schedule: Rule
    active: bool
    parameters: dict[str, Any] = {}
    slug: str | None = None


class _Deployment(msgspec.Struct):
    id: str
    flow_id: str
    name: str = ""
    paused: bool = False
    description: str | None = None
    schedules: list[PrefectSchedule] = []


class _Flow(msgspec.Struct):
    id: str
    name: str


class _By(msgspec.Struct):
    id: str | None = None


class Planned(msgspec.Struct):
    """A run that has not come due; `created_by` names the schedule it belongs to, if any."""

    id: str
    name: str
    expected_start_time: datetime
    deployment_id: str | None = None
    auto_scheduled: bool = False
    created_by: _By | None = None
    parameters: dict[str, Any] = {}


class OwnSchedule(msgspec.Struct):
    """A schedule with what belongs to it: its flow's name and the runs that Prefect has planned."""

    flow: str
    description: str
    schedule: PrefectSchedule
    paused: bool
    planned: list[datetime]


async def own_schedules(prefect: PrefectApi) -> tuple[list[OwnSchedule], list[Planned]]:
    """Every schedule of every deployment, and the planned runs that belong to none."""
    deployments = await prefect.read("/deployments/filter", {"limit": MOST}, list[_Deployment])
    flows = {flow.id: flow.name for flow in await prefect.read("/flows/filter", {"limit": MOST}, list[_Flow])}
    planned = await _planned(prefect)
    times: dict[str, list[datetime]] = {}
    for run in planned:
        if run.created_by and run.created_by.id:
            times.setdefault(run.created_by.id, []).append(run.expected_start_time)
    own = [
        OwnSchedule(
            flows.get(found.flow_id, found.name),
            found.description or "",
            schedule,
            found.paused,
            times.get(schedule.id, []),
        )
        for found in deployments
        for schedule in found.schedules
    ]
    return own, [run for run in planned if not run.auto_scheduled]


async def add_swap(prefect: PrefectApi, rule: Rule, parameters: dict[str, Any]) -> str:
    """Make a schedule of swaps; its id."""
    deployment = await prefect.deployment(SWAP)
    # Without a slug it would be lost when anybody deploys with schedules.
    wanted: dict[str, Any] = {"slug": f"swap-{uuid4().hex[:12]}", "active": True, "parameters": parameters}
    wanted["schedule"] = _cron(rule)
    made = await prefect.write("POST", f"/deployments/{deployment}/schedules", [wanted])
    await _plan(prefect, deployment)
    return msgspec.json.decode(made, type=list[PrefectSchedule])[0].id


async def change_own(prefect: PrefectApi, changed: PrefectSchedule) -> None:
    """Replace a schedule; all of it is sent: Prefect empties the parameters that a change leaves out."""
    body: dict[str, Any] = {"active": changed.active, "parameters": changed.parameters}
    if changed.slug:
        body["slug"] = changed.slug
    if changed.schedule.cron:  # what else there is besides a line stays, unread
        body["schedule"] = _cron(changed.schedule)
    path = f"/deployments/{changed.deployment_id}/schedules/{changed.id}"
    await prefect.write("PATCH", path, body)
    await _plan(prefect, changed.deployment_id)


async def remove_own(prefect: PrefectApi, schedule: PrefectSchedule) -> None:
    """Remove a schedule, with the runs that were planned for it."""
    path = f"/deployments/{schedule.deployment_id}/schedules/{schedule.id}"
    await prefect.write("DELETE", path)
    await _plan(prefect, schedule.deployment_id)


def _cron(rule: Rule) -> dict[str, Any]:
    return {"cron": rule.cron, "timezone": rule.timezone or "UTC", "day_or": rule.day_or}


async def _plan(prefect: PrefectApi, deployment: str) -> None:
    """Have the runs planned now: by itself Prefect does so within a minute, too late for one due before."""
    await prefect.write("POST", f"/deployments/{deployment}/schedule", {})


async def _planned(prefect: PrefectApi) -> list[Planned]:
    wanted = {
        "flow_runs": {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "expected_start_time": {"after_": datetime.now(UTC).isoformat()},
        },
        "sort": "EXPECTED_START_TIME_ASC",
        "limit": MOST,
    }
    return await prefect.read("/flow_runs/filter", wanted, list[Planned])
