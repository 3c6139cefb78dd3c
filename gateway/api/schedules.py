"""/api/schedules: what will happen by itself, ours and that of other programs; made, changed, removed."""

from datetime import UTC, datetime
from uuid import UUID

import msgspec
from litestar import Controller, delete, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from blocks.ledger.schedules import Registered, TooMany, change, register, registered, remove
from gateway.api.schedule_bodies import (
    Change,
    OutsideSchedule,
    SwapSchedule,
    changed_outside,
    changed_own,
    checked,
    rule_of,
)
from gateway.models import Models
from gateway.prefect_api import PrefectApi
from gateway.prefect_schedules import OwnSchedule, add_swap, change_own, own_schedules, remove_own
from gateway.problem import Problem
from gateway.records import Records
from gateway.schedules import ScheduleView, sorted_by_next, view_of_outside, view_of_own, view_of_planned
from gateway.stay import stay


class Schedules(msgspec.Struct):
    """All of them, what comes next first; without Prefect only the registered ones."""

    schedules: list[ScheduleView]
    prefect_reachable: bool


class SchedulesApi(Controller):
    """Schedules."""

    path = "/api/schedules"
    tags = ("schedules",)

    @get("/")
    async def show(
        self, prefect: NamedDependency[PrefectApi], records: NamedDependency[Records]
    ) -> Schedules:
        """Prefect's own schedules and planned runs, and the registered ones of other programs."""
        now = datetime.now(UTC)
        views = [view_of_outside(kept, now) for kept in await records.ask(registered)]
        try:
            own, planned = await own_schedules(prefect)
        except Problem:
            return Schedules(sorted_by_next(views), prefect_reachable=False)
        views += [view_of_own(schedule, now) for schedule in own]
        views += [view_of_planned(run) for run in planned]
        return Schedules(sorted_by_next(views), prefect_reachable=True)

    @post("/", status_code=201)
    async def make(
        self,
        data: JSONBody[SwapSchedule | OutsideSchedule],
        prefect: NamedDependency[PrefectApi],
        records: NamedDependency[Records],
        models: NamedDependency[Models],
    ) -> ScheduleView:
        """Plan swaps, or register what another program does at its time (again: replaced)."""
        if isinstance(data, OutsideSchedule):
            kept = await _kept(records, data)
            return view_of_outside(kept, datetime.now(UTC))
        entry = await models.known(data.model)
        rule = rule_of(data.days, data.at, data.timezone)
        unusual = await stay(models, data.knobs, data.length_minutes, data.afterwards)
        return await _own_view(prefect, await add_swap(prefect, rule, {"model": entry.key, **unusual}))

    @put("/{schedule_id:uuid}")
    async def alter(
        self,
        schedule_id: FromPath[UUID],
        data: JSONBody[Change],
        prefect: NamedDependency[PrefectApi],
        records: NamedDependency[Records],
        models: NamedDependency[Models],
    ) -> ScheduleView:
        """Change what is named and leave the rest; `{"active": false}` pauses one of ours."""
        for kept in await records.ask(registered):
            if kept.id == str(schedule_id):
                wanted = changed_outside(kept.schedule, data)
                if (now_kept := await records.ask(change, kept.id, wanted)) is not None:
                    return view_of_outside(now_kept, datetime.now(UTC))
        own = await _find(prefect, schedule_id)
        await change_own(prefect, await changed_own(own.schedule, own.flow, data, models))
        return await _own_view(prefect, str(schedule_id))

    @delete("/{schedule_id:uuid}", status_code=200)
    async def remove(
        self,
        schedule_id: FromPath[UUID],
        prefect: NamedDependency[PrefectApi],
        records: NamedDependency[Records],
    ) -> dict[str, bool]:
        """Remove one; a run that is planned once is cancelled."""
        if await records.ask(remove, str(schedule_id)):
            return {"removed": True}
        own, planned = await own_schedules(prefect)
        for schedule in own:
            if schedule.schedule.id == str(schedule_id):
                await remove_own(prefect, schedule.schedule)
                return {"removed": True}
        if any(run.id == str(schedule_id) for run in planned):
            await prefect.cancel(schedule_id)
            return {"removed": True}
        raise _unknown(schedule_id)


async def _kept(records: Records, data: OutsideSchedule) -> Registered:
    try:
        return await records.ask(register, checked(data))
    except TooMany as error:
        raise Problem(409, str(error), "too_many") from None


async def _find(prefect: PrefectApi, schedule_id: UUID) -> OwnSchedule:
    for own in (await own_schedules(prefect))[0]:
        if own.schedule.id == str(schedule_id):
            return own
    raise _unknown(schedule_id)


async def _own_view(prefect: PrefectApi, schedule_id: str) -> ScheduleView:
    return view_of_own(await _find(prefect, UUID(schedule_id)), datetime.now(UTC))


def _unknown(schedule_id: UUID) -> Problem:
    message = f"there is no schedule {schedule_id}: GET /api/schedules lists them"
    return Problem(404, message, "unknown_schedule")
