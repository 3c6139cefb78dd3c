"""The hosts' state over HTTP: as it was last checked, its script, and a run that checks or fixes it."""

import time

import httpx

from blocks.ledger.runs import start_run
from blocks.ledger.state import CHECKS, StateFinding, write_state
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect


def see(ledger: Ledger) -> None:
    """A clock that nobody keeps on spark-1, and a host that is well."""
    at = time.time() - 40
    late = StateFinding(
        "clock", "cluster", "failed", at, why="late", fix="Keep it.", script="sudo timedatectl set-ntp true\n"
    )
    write_state(ledger, "spark-1", [late, StateFinding("disk", "cluster", "ok", at)])
    write_state(ledger, "spark-2", [StateFinding("clock", "cluster", "fixed", at)])


async def test_each_check_of_each_host_is_shown_with_its_age(http: httpx.AsyncClient, ledger: Ledger):
    see(ledger)
    start_run(ledger, "run-1", "state", "all", None)

    told = (await http.get("/api/state")).json()
    one, two = told["hosts"]

    assert [check["check"] for check in one["checks"]] == [
        name for these in CHECKS.values() for name in these
    ]
    clock, disk, docker = one["checks"][:3]
    assert (clock["outcome"], clock["why"], clock["fix"]) == ("failed", "late", "Keep it.")
    assert 40 <= clock["age_seconds"] < 100
    assert (disk["outcome"], docker["outcome"], docker["age_seconds"]) == ("ok", None, None)
    assert (one["has_script"], two["has_script"]) == (True, False)
    assert (told["counts"], told["run"]) == ({"failed": 1, "fixed": 1, "ok": 1}, "run-1")


async def test_the_script_for_a_person_is_a_file(http: httpx.AsyncClient, ledger: Ledger):
    see(ledger)

    script = await http.get("/api/state/spark-1/script")
    none = await http.get("/api/state/spark-2/script")
    unknown = await http.get("/api/state/spark-9/script")

    assert script.text.startswith("#!/bin/bash\n")
    assert script.text.endswith("\n# clock: Keep it.\nsudo timedatectl set-ntp true\n")
    assert script.headers["content-disposition"] == 'attachment; filename="state-spark-1.sh"'
    assert (none.status_code, none.json()["error"]["code"]) == (404, "no_script")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (404, "unknown_host")


async def test_a_check_and_a_fix_are_runs_of_one_flow(http: httpx.AsyncClient, prefect: FakePrefect):
    plain = await http.post("/api/state/check")
    wish = {"hosts": ["spark-2"], "groups": ["cuda"], "checks": ["toolkit"], "approval": "ask"}
    fixed = await http.post("/api/state/fix", json=wish)

    assert (plain.status_code, fixed.status_code) == (202, 202)
    first, second = (run["parameters"] for run in prefect.created)
    assert first == {"hosts": ["all"], "groups": ["all"], "act": False, "approval": "none", "checks": []}
    assert second == {**wish, "act": True}
    assert (await http.get(f"/api/runs/{plain.json()['id']}")).json()["kind"] == "state"


async def test_what_is_not_known_is_refused(http: httpx.AsyncClient, prefect: FakePrefect):
    host = await http.post("/api/state/check", json={"hosts": ["spark-9"]})
    check = await http.post("/api/state/fix", json={"checks": ["colour"]})
    group = await http.post("/api/state/fix", json={"groups": ["colour"]})
    field = await http.post("/api/state/check", json={"approval": "none"})

    assert [answer.status_code for answer in (host, check, group, field)] == [404, 404, 400, 400]
    assert "clock" in check.json()["error"]["message"]
    assert prefect.created == []
