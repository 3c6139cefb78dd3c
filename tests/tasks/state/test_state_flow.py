"""The run that ensures state: its plan, what it does without a go, and what it leaves to read."""

import json
from collections.abc import Iterator

import pytest

from blocks.ledger.claim import claim
from blocks.ledger.state import StateFinding
from blocks.settings import make_settings
from flows.ensure_state import CLAIM, begun, carry_out
from tasks.check import command
from tasks.ensure_state import EnsureState
from tasks.outcome import Failed
from tasks.state.check import Fix
from tasks.state_report import as_rows, counts, in_words, script_page
from tests.tasks.quiet import QuietReport
from tests.tasks.state.conftest import Ward, fix, outcomes


@pytest.fixture
def report(ward: Ward) -> QuietReport:
    report = QuietReport(ward.ledger, "5a5a5a5a-0000-4000-8000-000000000001", "all", kind="state")
    report.start(None)
    return report


@pytest.fixture
def missing(ward: Ward) -> Iterator[None]:
    """A package is missing, and root may be had."""
    ward.allow_root()
    with ward.pair.fault("packages-missing", "jq"):
        yield


@pytest.mark.usefixtures("missing")
def test_without_act_a_run_only_says_what_is_wrong(ward: Ward, report: QuietReport):
    said = carry_out(ward.state("packages"), report, act=False, approval="none", fix=never)

    assert said == "spark-1: packages FAILED: jq is not installed. OK: 1."


@pytest.mark.usefixtures("missing")
def test_with_act_the_plan_is_told_and_carried_out(ward: Ward, report: QuietReport):
    said = carry_out(ward.state("packages"), report, act=True, approval="none", fix=fix)

    assert said == "spark-1: FIXED packages. OK: 1."
    assert report.record.plan == ["spark-1: Install jq. (as root)"]
    assert report.phases() == ["looking", "fixing", "looking again"]


@pytest.mark.usefixtures("missing")
def test_while_another_run_fixes_nothing_is_changed(ward: Ward, report: QuietReport):
    with (
        claim(ward.ledger, CLAIM, "another", on_lost=lambda: None),
        pytest.raises(Failed, match="run another"),
    ):
        carry_out(ward.state("packages"), report, act=True, approval="none", fix=never)


def test_with_nothing_to_fix_nobody_is_asked_for_a_go(ward: Ward, report: QuietReport):
    said = carry_out(ward.state("clock"), report, act=True, approval="ask", fix=never)

    assert said == "Nothing was changed. OK: 2."


@pytest.mark.usefixtures("missing")
def test_a_fix_that_says_it_worked_and_did_not_is_failed(ward: Ward):
    state = ward.look("packages")
    state.look_again({})

    assert outcomes(state) == {"packages": "failed"}
    assert state.findings["spark-1"][0].why == "jq is not installed; the fix did not help"


def test_hosts_groups_and_checks_that_are_not_known_are_named(ward: Ward):
    settings = make_settings({"cluster": ward.pair.simulation.config})

    assert len(begun(settings, ward.ledger, ["all"], ["all"], []).checks) == 12
    assert [check.name for check in begun(settings, ward.ledger, ["spark-2"], [], ["mtu"]).checks] == ["mtu"]
    with pytest.raises(LookupError, match="spark-9"):
        begun(settings, ward.ledger, ["spark-9"], ["all"], [])
    with pytest.raises(LookupError, match="colour"):
        begun(settings, ward.ledger, ["all"], ["colour"], [])


def test_the_report_shows_first_what_needs_somebody_and_the_script_as_it_is():
    script = Fix("Do it.", (command("tool", "a b", stdin="text\n"),)).script
    failed = StateFinding("clock", "cluster", "failed", 1.0, why="late", fix="Do it.", script=script)
    away = [StateFinding(name, "cluster", "unreadable", 1.0, why="it is off") for name in ("disk", "mtu")]
    findings = {"spark-1": [StateFinding("disk", "cluster", "ok", 1.0), failed], "spark-2": away}
    page = script_page(findings)

    assert [row["outcome"] for row in as_rows(findings)] == ["FAILED", "UNREADABLE", "UNREADABLE", "OK"]
    assert in_words(findings) == (
        "spark-1: clock FAILED: late. spark-2: disk, mtu UNREADABLE: it is off. OK: 1."
    )
    assert counts(findings) == {"ok": 1, "fixed": 0, "failed": 1, "skipped": 0, "unreadable": 2}
    assert page is not None
    assert "    sudo tool 'a b' <<'END_OF_INPUT'\n    text\n    END_OF_INPUT\n" in page.data
    assert "spark-2" not in page.data
    assert script_page({"spark-2": away}) is None
    assert json.dumps(as_rows(findings))


def never(_state: EnsureState) -> dict[str, dict[str, str]]:
    """Nothing may be fixed here."""
    raise AssertionError("a fix was run")
