"""A run as Prefect's UI shows it: its name, its plan, the question for a go, and its result."""

from typing import Any

import pytest

FLOW = '''"""A flow that does as ours do, and touches nothing."""
from prefect import flow
from prefect.runtime import flow_run

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tasks.approval import has_a_go
from tasks.report import Report, own_name

PLAN = ["Restart container <b>asr</b> on spark-2.", "Wait until asr answers."]


@flow(name="restart-service", flow_run_name=own_name)
def told(service: str, dry_run: bool = False) -> None:
    """Say a plan, ask for a go, say a result."""
    migrate("sqlite:///told.db")
    report = Report(Ledger("sqlite:///told.db"), flow_run.id, service, kind="restart")
    report.start(None)
    report.state("running", plan=PLAN)
    if dry_run:
        report.end("completed", "Dry run.")
    elif has_a_go(report, PLAN):
        report.end("completed", "asr is restarted on spark-2 and answers.")
'''


@pytest.fixture(scope="module")
def told(prefect, workers, place) -> str:
    """A deployment of that flow, with a worker that runs it."""
    (place / "flows/told.py").write_text(FLOW)
    prefect.ask("POST", "/work_pools/", name="told", type="spark-control")
    deployment = prefect.deploy("told", "flows/told.py:told")
    workers("told")
    return deployment


def artifacts(prefect: Any, run: str) -> dict[str, str]:
    """What the run left, by key; of a key that was shown twice the newer."""
    wanted = {"flow_run_id": {"any_": [run]}}
    shown = prefect.ask("POST", "/artifacts/filter", artifacts=wanted, sort="CREATED_DESC")
    return {one["key"]: one["data"] for one in reversed(shown) if one["key"]}


def accepts_a_go(prefect: Any, run: str) -> bool:
    """Say go; Prefect keeps the question a moment after the state, and takes no answer until then."""
    answer = prefect.ask("POST", f"/flow_runs/{run}/resume", run_input={"go": True})
    return answer["status"] == "ACCEPT"


def test_a_dry_run_is_called_a_plan_and_leaves_it(prefect, told: str):
    run = prefect.start(told, service="asr", dry_run=True)

    assert prefect.reach(run, "Completed")["name"] == "Plan: restart asr"
    shown = artifacts(prefect, run)
    assert shown.keys() == {"restart-plan", "restart-result"}
    assert shown["restart-plan"].startswith("# Plan: restart asr\n\n1. Restart container \\<b\\>asr")


def test_a_run_that_asks_shows_its_plan_and_after_a_go_its_result(prefect, told: str):
    run = prefect.start(told, service="asr")
    asked = prefect.reach(run, "Suspended")

    assert asked["name"] == "Restart asr"
    assert "waits for a go" in artifacts(prefect, run)["restart-plan"]

    prefect.until(lambda: accepts_a_go(prefect, run), "the question is there")
    prefect.reach(run, "Completed")
    assert "**Done.** asr is restarted" in artifacts(prefect, run)["restart-result"]
