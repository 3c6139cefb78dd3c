"""Schedules over HTTP: Prefect's own and those of other programs, made, changed, paused and removed."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from blocks.ledger.schedules import KEPT, Outside, register
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import DEPLOYMENT, FakePrefect
from tests.gateway.fake_schedules import CHECK

SWAP = {"kind": "swap", "model": "beta", "at": "09:00", "days": ["mon", "tue"], "timezone": "Europe/Berlin"}
OUTSIDE = {
    "kind": "outside",
    "name": "calls",
    "owner": "transcriber",
    "what": "transcribes",
    "cron": "0 2 * * *",
}


async def listed(http: httpx.AsyncClient) -> list[dict]:
    return (await http.get("/api/schedules")).json()["schedules"]


async def test_a_schedule_of_swaps_is_made_in_prefect_and_told_in_words(http, prefect: FakePrefect):
    more = {"knobs": {"max_model_len": 8192}, "length_minutes": 540, "afterwards": "alpha"}

    answer = await http.post("/api/schedules", json={**SWAP, **more})

    made, (row,) = answer.json(), prefect.schedules.rows
    assert answer.status_code == 201
    assert row["schedule"] == {"cron": "0 9 * * mon,tue", "timezone": "Europe/Berlin", "day_or": True}
    given = {
        "model": "beta",
        "knobs": {"--max-model-len": "8192"},
        "length_minutes": 540,
        "afterwards": "alpha",
    }
    assert row["parameters"] == made["parameters"] == given
    assert row["slug"].startswith("swap-"), "without one, the next deploy with schedules would remove it"
    assert prefect.schedules.asked_to_plan == [DEPLOYMENT]
    assert (made["kind"], made["active"], made["days"], made["at"]) == ("swap", True, ["mon", "tue"], "09:00")
    assert made["what"] == "Swap to beta with --max-model-len 8192 for 9 hours, then alpha"
    assert made["when"] == "Monday and Tuesday at 09:00 (Europe/Berlin)"
    assert [datetime.fromisoformat(time).hour for time in made["next"]] == [9] * 5


@pytest.mark.parametrize(
    ("wrong", "status", "param"),
    [
        ({"model": "gamma"}, 404, "model"),
        ({"afterwards": "gamma", "length_minutes": 5}, 404, "afterwards"),
        ({"afterwards": "alpha"}, 400, "afterwards"),
        ({"length_minutes": -1}, 400, "length_minutes"),
        ({"length_minutes": 10081}, 400, "length_minutes"),
        ({"at": "9 o'clock"}, 400, "at"),
        ({"days": ["someday"]}, 400, "days"),
        ({"timezone": "Mars/Olympus"}, 400, "timezone"),
        ({"knobs": {"--port": "1"}}, 422, "--port"),
        ({"kind": "other"}, 400, "kind"),
        ({"lock_token": "x"}, 400, None),
    ],
)
async def test_what_is_wrong_with_a_schedule_is_said_by_name(http, prefect, wrong, status: int, param):
    answer = await http.post("/api/schedules", json={**SWAP, **wrong})

    assert answer.status_code == status, answer.text
    assert param in (None, answer.json()["error"]["param"])
    assert prefect.schedules.rows == []


async def test_pausing_leaves_everything_else_as_it_is(http, prefect: FakePrefect):
    made = (await http.post("/api/schedules", json={**SWAP, "length_minutes": 60})).json()

    paused = (await http.put(f"/api/schedules/{made['id']}", json={"active": False})).json()

    assert (paused["active"], paused["next"]) == (False, [])
    assert {**made, "active": False, "next": []} == paused
    assert prefect.schedules.rows[0]["parameters"] == {"model": "beta", "length_minutes": 60}

    resumed = (await http.put(f"/api/schedules/{made['id']}", json={"active": True})).json()
    assert resumed == made


async def test_a_schedule_of_swaps_is_changed_in_part(http, prefect: FakePrefect):
    made = (await http.post("/api/schedules", json={**SWAP, "length_minutes": 60})).json()
    path = f"/api/schedules/{made['id']}"

    later = (await http.put(path, json={"at": "22:30"})).json()
    other = (await http.put(path, json={"model": "alpha", "length_minutes": 0, "days": []})).json()

    assert (later["days"], later["at"], later["parameters"]) == (made["days"], "22:30", made["parameters"])
    assert other["parameters"] == {"model": "alpha"}
    assert other["when"] == "every day at 22:30 (Europe/Berlin)"


async def test_of_another_flow_s_schedule_only_pausing_is_ours(http, prefect: FakePrefect):
    rule = {"interval": 300.0, "anchor_date": "2026-01-01T00:00:00Z", "timezone": "UTC"}
    schedule = prefect.schedules.add(CHECK, rule, parameters={"service": "all"})

    refused = await http.put(f"/api/schedules/{schedule}", json={"at": "09:00"})
    paused = await http.put(f"/api/schedules/{schedule}", json={"active": False})

    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "at")
    assert (paused.json()["when"], paused.json()["active"]) == ("every 5 minutes", False)
    assert prefect.schedules.rows[0]["schedule"] == rule, "its anchor is not lost"
    assert prefect.schedules.rows[0]["parameters"] == {"service": "all"}


async def test_times_that_cannot_be_worked_out_here_are_those_that_prefect_has_planned(http, prefect):
    schedule = prefect.schedules.add(CHECK, {"rrule": "FREQ=DAILY", "timezone": "Europe/Berlin"})
    by = {"auto_scheduled": True, "created_by": {"id": schedule, "type": "SCHEDULE"}}
    prefect.schedules.plan("2126-11-23T08:00:00Z", **by)

    (shown,) = await listed(http)

    assert (shown["kind"], shown["name"], shown["owner"]) == ("run", "deep-check", "Spark Control")
    assert shown["what"] == "What deep-check does."
    assert shown["next"] == ["2126-11-23T09:00:00+01:00"]


async def test_a_run_that_is_planned_once_stands_in_the_list_and_can_be_cancelled(http, prefect: FakePrefect):
    run = prefect.schedules.plan(
        "2126-11-23T18:00:00Z", name="swap back to alpha", parameters={"model": "alpha"}
    )
    prefect.add_run("SCHEDULED", "alpha", run)

    (shown,) = await listed(http)
    removed = await http.delete(f"/api/schedules/{run}")

    assert (shown["kind"], shown["run"], shown["what"]) == ("once", run, "swap back to alpha")
    assert shown["next"] == ["2126-11-23T18:00:00+00:00"]
    assert removed.json() == {"removed": True}
    assert prefect.runs[run]["state"]["type"] == "CANCELLING"


async def test_a_schedule_is_removed_once(http, prefect: FakePrefect):
    made = (await http.post("/api/schedules", json=SWAP)).json()

    first = await http.delete(f"/api/schedules/{made['id']}")
    second = await http.delete(f"/api/schedules/{made['id']}")

    assert first.json() == {"removed": True}
    assert (second.status_code, second.json()["error"]["code"]) == (404, "unknown_schedule")
    assert prefect.schedules.rows == []


async def test_another_program_registers_what_it_will_do(http: httpx.AsyncClient):
    first = await http.post("/api/schedules", json=OUTSIDE)
    again = await http.post("/api/schedules", json={**OUTSIDE, "cron": "30 3 * * sat"})

    (shown,) = await listed(http)
    assert first.status_code == 201
    assert shown == again.json()
    assert shown["id"] == first.json()["id"], "registered again, it is the same one"
    assert (shown["owner"], shown["what"], shown["when"]) == (
        "transcriber",
        "transcribes",
        "Saturday at 03:30 (UTC)",
    )


async def test_one_next_time_is_told_in_its_zone_until_it_is_over(http: httpx.AsyncClient):
    once = {**OUTSIDE, "cron": "", "timezone": "Europe/Berlin"}
    made = (await http.post("/api/schedules", json={**once, "next_at": "2126-07-01T10:00:00"})).json()

    over = (await http.put(f"/api/schedules/{made['id']}", json={"next_at": "2020-07-01T10:00:00Z"})).json()

    assert made["next"] == ["2126-07-01T10:00:00+02:00"]
    assert (over["next"], over["when"]) == ([], "once, 01 Jul 2020 at 12:00 (Europe/Berlin)")


async def test_an_outside_schedule_is_changed_in_part_and_removed(http: httpx.AsyncClient):
    made = (await http.post("/api/schedules", json=OUTSIDE)).json()
    path = f"/api/schedules/{made['id']}"

    changed = (await http.put(path, json={"what": "transcribes calls", "timezone": "Europe/Berlin"})).json()
    refused = await http.put(path, json={"active": False})
    removed = await http.delete(path)

    assert (changed["what"], changed["cron"]) == ("transcribes calls", "0 2 * * *")
    assert changed["timezone"] == "Europe/Berlin"
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "active")
    assert removed.json() == {"removed": True}
    assert await listed(http) == []


@pytest.mark.parametrize(
    ("wrong", "param"),
    [
        ({"name": " "}, "name"),
        ({"owner": "x" * 121}, "owner"),
        ({"what": "a\nb"}, "what"),
        ({"cron": "0 0 30 2 *"}, "cron"),
        ({"cron": ""}, "cron"),
        ({"timezone": "../etc"}, "timezone"),
    ],
)
async def test_what_is_wrong_with_an_outside_schedule_is_said_by_name(http, wrong, param: str):
    answer = await http.post("/api/schedules", json={**OUTSIDE, **wrong})

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_there_is_an_end_to_what_can_be_registered(http: httpx.AsyncClient, ledger: Ledger):
    for number in range(KEPT):
        register(ledger, Outside(f"job {number}", "somebody", "", "0 2 * * *", "UTC", None))

    refused = await http.post("/api/schedules", json=OUTSIDE)
    again = await http.post("/api/schedules", json={**OUTSIDE, "name": "job 7", "owner": "somebody"})

    assert (refused.status_code, again.status_code) == (409, 201)


async def test_what_comes_next_stands_first(http, prefect: FakePrefect):
    soon = datetime.now(UTC) + timedelta(minutes=2)
    for name, minutes in (("third", 30), ("second", 20), ("first", 10)):
        due = (soon + timedelta(minutes=minutes)).isoformat()
        body = {"kind": "outside", "name": name, "owner": "me", "next_at": due}
        (await http.post("/api/schedules", json=body)).raise_for_status()
    prefect.schedules.plan(soon.isoformat(), name="swap back to alpha")
    prefect.schedules.add(CHECK, {"cron": "0 0 1 1 *", "timezone": "UTC"}, active=False)

    names = [shown["name"] for shown in await listed(http)]

    assert names == ["swap back to alpha", "first", "second", "third", "deep-check"]


async def test_without_prefect_the_registered_ones_are_still_shown(http, prefect: FakePrefect):
    (await http.post("/api/schedules", json=OUTSIDE)).raise_for_status()
    prefect.schedules.answer = lambda *_asked: (500, {"detail": "its database is gone"})

    answer = (await http.get("/api/schedules")).json()

    assert answer["prefect_reachable"] is False
    assert [shown["name"] for shown in answer["schedules"]] == ["calls"]
