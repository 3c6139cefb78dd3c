"""A switch by hand in a real browser: from the first press to the last word, also over a reload."""

from playwright.async_api import Page, expect

from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.store import Ledger
from tests.dashboard.models_pane import open_models
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream


async def press_switch(page: Page, prefect: FakePrefect) -> str:
    """Press the button, read the question, say yes; the id of the run."""
    await page.get_by_role("button", name="Switch to Beta").click()
    question = page.get_by_role("dialog", name="Switch to Beta?")
    await expect(question).to_contain_text("Alpha. Answers that are being written have 60 seconds to end")
    await expect(question).to_contain_text("Beta on spark-1.")
    await expect(question).to_contain_text("About 3 minutes.")
    await expect(question).to_contain_text("Alpha is put back")
    await expect(question.get_by_role("button", name="Keep Alpha")).to_be_focused()
    await question.get_by_role("button", name="Switch", exact=True).click()
    await expect(page.get_by_role("heading", name="Switching to Beta")).to_be_visible()
    run_id = next(iter(prefect.runs))
    prefect.set_state(run_id, "RUNNING")
    return run_id


async def test_a_switch_from_the_press_over_a_reload_to_its_success(
    page: Page, prefect: FakePrefect, ledger: Ledger, upstream: FakeUpstream
):
    await open_models(page)
    loaded = page.locator(".model.loaded")
    await expect(loaded).to_contain_text("Alpha")
    run_id = await press_switch(page, prefect)
    start_run(ledger, run_id, "swap", "beta", 200.0)
    phase = {"phase": "loading", "progress": 0.4, "message": "Loading shard 4 of 10", "eta_seconds": 100.0}
    report(ledger, run_id, "phase", phase, **phase)
    report(ledger, run_id, "log", {"lines": [{"host": "spark-1", "line": "<b>shard</b> 4"}]})
    await expect(page.get_by_text("Loading shard 4 of 10")).to_be_visible()

    await page.reload()
    await expect(page.get_by_text("Loading shard 4 of 10")).to_be_visible()
    await page.get_by_text("Live log").click()
    await expect(page.get_by_text("spark-1  <b>shard</b> 4")).to_be_visible()

    upstream.models = ["beta"]
    result = {"state": "completed", "message": "Beta answers.", "now_loaded": "beta"}
    report(ledger, run_id, "result", result, state="completed", ended=1.0, result=result)
    prefect.set_state(run_id, "COMPLETED")
    await expect(page.get_by_role("heading", name="Beta is ready")).to_be_visible()
    await expect(loaded).to_contain_text("Beta")
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator(f"[data-run='{run_id}']")).to_have_count(0)


async def test_a_plan_is_answered_and_a_failure_is_told_in_plain_words(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    await open_models(page)
    run_id = await press_switch(page, prefect)
    start_run(ledger, run_id, "swap", "beta", 200.0)
    report(ledger, run_id, "state", {"state": "waiting"}, state="waiting", plan=["Stop alpha", "Start beta"])
    prefect.set_state(run_id, "PAUSED")
    await expect(page.get_by_role("listitem").filter(has_text="Stop alpha")).to_be_visible()
    async with page.expect_response("**/resume") as answered:
        await page.get_by_role("button", name="Go", exact=True).click()
    assert (await answered.value).status == 202

    prefect.set_state(run_id, "RUNNING")
    report(ledger, run_id, "state", {"state": "running"}, state="running")
    result = {
        "state": "failed", "message": "Beta did not start.", "cause": "There was too little memory.",
        "advice": "Lower the memory share.", "now_loaded": "alpha",
    }  # fmt: skip
    report(ledger, run_id, "result", result, state="failed", ended=1.0, result=result)
    prefect.set_state(run_id, "FAILED")
    await expect(page.get_by_role("heading", name="Switching to Beta failed")).to_be_visible()
    for words in ("There was too little memory.", "Lower the memory share.", "alpha"):
        await expect(page.locator(f"[data-run='{run_id}']")).to_contain_text(words)


async def test_cancelling_asks_first_and_then_tells_prefect(page: Page, prefect: FakePrefect, ledger: Ledger):
    await open_models(page)
    run_id = await press_switch(page, prefect)
    start_run(ledger, run_id, "swap", "beta", 200.0)
    await page.get_by_role("button", name="Cancel the switch").click()
    await expect(page.get_by_text("cancelling leaves no model loaded")).to_be_visible()
    await page.get_by_role("button", name="Carry on").click()
    await page.get_by_role("button", name="Cancel the switch").click()
    async with page.expect_response("**/cancel") as answered:
        await page.get_by_role("button", name="Cancel it").click()

    assert (await answered.value).status == 202
    await expect(page.get_by_text("Stopping…")).to_be_visible()


async def test_the_answer_no_changes_nothing(page: Page, prefect: FakePrefect):
    await open_models(page)
    await page.get_by_role("button", name="Switch to Beta").click()
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_role("button", name="Switch to Beta")).to_be_focused()
    assert not prefect.created


async def test_more_can_be_wished_for_and_the_lock_wants_its_token(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    await open_models(page)
    token = take_lock(ledger, "night job", "report", 600)
    await expect(page.get_by_text("Switching is locked by night job")).to_be_visible()
    await page.get_by_role("button", name="Switch to Beta").click()
    question = page.get_by_role("dialog")
    await question.get_by_label("Token of the lock").fill("not it")
    await question.get_by_text("More choices").click()
    await question.get_by_label("How long it stays").select_option("2 hours")
    await question.get_by_label("What comes after that").select_option("What is loaded now: Alpha")
    await question.get_by_label("How to go about it").select_option("Only tell me what would be done")
    await question.get_by_role("button", name="Switch", exact=True).click()
    await expect(question.get_by_role("alert")).to_contain_text("night job")
    assert not prefect.created

    await question.get_by_label("Token of the lock").fill(token)
    await question.get_by_role("button", name="Switch", exact=True).click()
    await expect(question).to_be_hidden()
    asked = prefect.created[0]["parameters"]
    assert (asked["model"], asked["dry_run"], asked["length_minutes"]) == ("beta", True, 120)
    assert asked["lock_pass"]


async def test_the_page_may_load_nothing_from_elsewhere(page: Page, gateway: Running):
    await open_models(page)
    answer = await page.request.get(gateway.url)
    policy = answer.headers["content-security-policy"]
    loaded = await page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert all(name.startswith(gateway.url) for name in loaded)
