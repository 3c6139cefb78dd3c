"""The pane of schedules and of the lock, in a real browser."""

from datetime import UTC, datetime, timedelta

import httpx
from playwright.async_api import Page, expect

from blocks.ledger.lock import take_lock
from blocks.ledger.store import Ledger
from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect

LONG = "a-very-long-name-of-a-program-that-nobody-would-ever-shorten"


async def open_schedules(page: Page) -> None:
    await page.goto("/#/schedules")
    await expect(page.get_by_role("heading", name="What will happen by itself")).to_be_visible()


async def test_a_switch_is_planned_changed_paused_and_removed(page: Page, prefect: FakePrefect):
    await open_schedules(page)
    await page.get_by_role("button", name="Plan a switch…").click()
    form = page.get_by_role("dialog", name="Plan a switch")
    await form.get_by_label("Model").select_option("beta")
    await form.get_by_label("At", exact=True).fill("08:30")
    await form.get_by_label("Saturday").check()
    await form.get_by_label("How long").select_option("480")
    await form.get_by_label("By the clocks of").fill("Asia/Tokyo")
    await expect(form).to_contain_text("for 8 hours, then what was loaded before")
    await form.get_by_text("Other settings for this switch only").click()
    await form.get_by_label("Context length").fill("32768")
    await form.get_by_role("button", name="Plan it").click()
    await expect(form).to_be_hidden()

    [row] = prefect.schedules.rows
    assert row["schedule"]["cron"] == "30 8 * * mon,tue,wed,thu,fri,sat"
    assert row["schedule"]["timezone"] == "Asia/Tokyo"
    knobs = {"--max-model-len": "32768"}
    assert row["parameters"] == {"model": "beta", "length_minutes": 480, "knobs": knobs}
    card = page.get_by_role("article").filter(
        has_text="Switch to Beta for 8 hours, then back to what was loaded before"
    )
    await expect(card).to_contain_text("at 08:30 by the clocks of Asia/Tokyo.")

    await card.get_by_role("button", name="Change…").click()
    form = page.get_by_role("dialog", name="Change this schedule")
    await form.get_by_role("button", name="Change it").click()
    await expect(form.get_by_role("alert")).to_have_text("Nothing was changed yet.")
    await form.get_by_label("At", exact=True).fill("09:15")
    async with page.expect_request(lambda request: request.method == "PUT") as sent:
        await form.get_by_role("button", name="Change it").click()
    assert (await sent.value).post_data_json == {"at": "09:15"}
    await expect(card).to_contain_text("at 09:15 by the clocks")

    await card.get_by_role("button", name="Pause…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Pause it").click()
    await expect(card).to_contain_text("Paused")
    assert prefect.schedules.rows[0]["active"] is False
    await card.get_by_role("button", name="Remove…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    await expect(page.get_by_text("Nothing is planned.")).to_be_visible()
    assert not prefect.schedules.rows


async def test_an_error_stays_in_the_question_in_words_and_nothing_is_made(page: Page, prefect: FakePrefect):
    await open_schedules(page)
    await page.get_by_role("button", name="Plan a switch…").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("By the clocks of").fill("Atlantis")
    await form.get_by_role("button", name="Plan it").click()

    await expect(form.get_by_role("alert")).to_contain_text("there is no time zone 'Atlantis'")
    await form.get_by_role("button", name="Plan nothing").click()
    assert not prefect.schedules.rows


async def test_what_others_plan_is_shown_as_text_whatever_it_holds(
    page: Page, gateway: Running, prefect: FakePrefect
):
    due = datetime.now(UTC) + timedelta(days=2)
    prefect.schedules.plan(due.isoformat(), name="<b>back to alpha</b>", parameters={"model": None})
    body = {"kind": "outside", "name": f"<b>{LONG}</b>", "owner": LONG, "cron": "7 */6 1 * *"}
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        assert (await http.post("/api/schedules", json=body)).status_code == 201
    await page.set_viewport_size({"width": 390, "height": 800})
    await open_schedules(page)

    theirs = page.get_by_role("article").filter(has_text=f"<b>{LONG}</b>")
    await expect(theirs).to_contain_text(f"by {LONG}")
    await expect(page.get_by_role("article").filter(has_text="<b>back to alpha</b>")).to_contain_text("once")
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await theirs.get_by_role("button", name="Remove").click()
    await page.get_by_role("dialog").get_by_role("button", name="Remove it").click()
    await expect(theirs).to_have_count(0)


async def test_the_lock_is_taken_held_longer_and_given_back(page: Page, gateway: Running):
    await open_schedules(page)
    await page.get_by_role("button", name="Take the lock…").click()
    question = page.get_by_role("dialog", name="Take the lock?")
    await question.get_by_label("Who takes it").fill("<i>Ada</i>")
    await question.get_by_label("Why").fill("a demonstration")
    await question.get_by_label("For how long").select_option("900")
    async with page.expect_response("**/api/swap/lock") as answered:
        await question.get_by_role("button", name="Take it").click()
    token = (await (await answered.value).json())["token"]

    await expect(page.get_by_role("heading", name="The lock is yours")).to_be_focused()
    await expect(page.get_by_text(token, exact=True)).to_be_visible()
    lock = page.locator(".lock")
    await expect(lock).to_contain_text("<i>Ada</i>")
    await page.get_by_role("button", name="Hold it longer…").click()
    await page.get_by_label("From now on for").select_option("14400")
    async with page.expect_request("**/renew") as asked:
        await page.get_by_role("button", name="Hold it so long").click()
    assert (await asked.value).headers["x-lock-token"] == token
    assert (await asked.value).post_data_json == {"ttl_seconds": 14400}
    await page.get_by_role("button", name="Give it back…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Give it back").click()

    await expect(lock).to_contain_text("Nobody holds it")
    await expect(page.get_by_text(token, exact=True)).to_have_count(0)


async def test_anothers_lock_needs_its_token_or_is_taken_away_with_a_question(page: Page, ledger: Ledger):
    take_lock(ledger, "night job", "transcribing", 3600.0)
    await open_schedules(page)
    lock = page.locator(".lock")
    await expect(lock).to_contain_text("transcribing")
    await page.get_by_role("button", name="Give it back…").click()
    question = page.get_by_role("dialog")
    await question.get_by_label("s token").fill("wrong")
    await question.get_by_role("button", name="Give it back").click()
    await expect(question.get_by_role("alert")).to_contain_text("night job holds the swap lock until")
    await question.get_by_role("button", name="Keep it").click()
    await page.get_by_role("button", name="Take it away…").click()
    question = page.get_by_role("dialog", name="Take the lock away from night job?")
    await question.get_by_role("button", name="Take it away").click()

    await expect(lock).to_contain_text("Nobody holds it")
