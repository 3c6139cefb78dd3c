"""The speech container's patches in a real browser: as they were seen, and having them applied."""

import pytest
from playwright.async_api import Page, expect

from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.patches import PATCHES
from tests.gateway.fake_prefect import FakePrefect

CONTAINER = "parakeet-asr"


@pytest.fixture(autouse=True)
def speech(request: pytest.FixtureRequest, prefect: FakePrefect) -> None:
    """A cluster with a speech service, but for the test that has none."""
    if "without" not in request.node.name:
        place = {"name": "parakeet", "kind": "stt", "host": "spark-2", "port": 1, "container": CONTAINER}
        prefect.documents["cluster"]["services"].append(place)


def see(ledger: Ledger, **more: object) -> None:
    files = [
        {"name": name, "state": state, "ours": "a" * 64, "found": "b" * 64, "original": ""}
        for name, state in (
            ("<b>main.py</b>", "unknown_base"),
            ("diarizer.py", "missing"),
            ("gpu.py", "in_sync"),
        )
    ]
    seen = {
        "state": "unknown_base",
        "memory_gib": 0.0,
        "cuda_python": "12.9",
        "runs_ours": False,
        "fault": "",
    }
    place = {"service": "parakeet", "host": "spark-2", "container": CONTAINER, "files": files}
    write_seen(ledger, PATCHES, {**place, **seen, "bases": {}, **more})


async def test_the_files_are_shown_and_applying_asks_first_and_is_followed(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    see(ledger)
    take_lock(ledger, "night job", "", 600)
    await page.goto("/#/updates")
    section = page.get_by_role("region", name="Speech patches")
    await expect(section).to_contain_text("Files are there that nobody knows")
    await expect(section).to_contain_text("pip uninstall cuda-python")
    await expect(section).to_contain_text("no cap")
    await section.get_by_text("3 files, 1 of them ours").click()
    await expect(section).to_contain_text("<b>main.py</b>")
    await section.get_by_role("button", name="Apply the patches of the speech container…").click()
    question = page.get_by_role("dialog", name="Apply the patches of the speech container?")
    await expect(question).to_contain_text("The files of before are put back")
    await question.get_by_label("How").select_option("ask")
    await question.get_by_label("Also replace what nobody knows: <b>main.py</b>").check()
    await question.get_by_role("button", name="Apply", exact=True).click()
    await expect(question.get_by_role("alert")).to_contain_text("night job holds the swap lock")
    await page.request.delete("/api/swap/lock?force=true")
    await question.get_by_role("button", name="Apply", exact=True).click()

    await expect(page.get_by_role("heading", name="Patching the speech container")).to_be_visible()
    [run_id] = prefect.runs
    parameters = prefect.created[0]["parameters"]
    assert (parameters["dry_run"], parameters["approval"], parameters["any_base"]) == (False, "ask", True)
    start_run(ledger, run_id, "patches", "speech container", None)
    result = {"state": "completed", "message": "parakeet on spark-2 runs with the patches (7 files)."}
    report(ledger, run_id, "result", result, state="completed", ended=1.0, result=result)
    await expect(page.get_by_text("runs with the patches (7 files).")).to_be_visible()


async def test_before_the_first_look_and_with_odd_data_nothing_is_claimed(page: Page, ledger: Ledger):
    await page.goto("/#/updates")
    section = page.get_by_role("region", name="Speech patches")
    await expect(section).to_contain_text("It is not known yet whether the patches are in place")
    await expect(section).not_to_contain_text("null")

    see(ledger, state="in_sync", runs_ours=True, files=[], memory_gib=24.0, cuda_python="", fault="")
    await page.reload()

    await expect(section).to_contain_text("The patches are in place")
    await expect(section).to_contain_text("at most 24 GiB")
    await expect(
        section.get_by_role("button", name="Apply the patches of the speech container…")
    ).to_be_enabled()


async def test_without_a_speech_service_there_is_no_section(page: Page):
    await page.goto("/#/updates")

    await expect(page.get_by_role("heading", name="Launcher")).to_be_visible()
    await expect(page.get_by_role("heading", name="Speech patches")).to_be_hidden()
