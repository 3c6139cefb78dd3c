"""The pane of settings in a real browser: every block as a form, what is saved, what stands against it."""

import copy

import httpx
import pytest
from playwright.async_api import Locator, Page, expect

from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect

LONG = "a-very-long-name-of-a-service-that-nobody-would-ever-shorten"
DRAIN = "Time for answers under way before a switch (seconds)"


@pytest.fixture
def prefect(prefect: FakePrefect) -> FakePrefect:
    prefect.documents["cluster"]["drain_seconds"] = 90
    prefect.documents["cluster"]["hf_cache"] = "relative/<b>path</b>"
    prefect.documents["bot"] = {"user": "", "branch": "stable"}
    prefect.documents["ngc-key"] = {"key": "nvapi-old", "registries": []}
    prefect.documents["upstream-keys"] = {"keys": {LONG: "k-1"}}
    return prefect


async def opened(page: Page, title: str) -> Locator:
    """The form of a block, unfolded."""
    await page.goto("/#/settings")
    heading = page.get_by_role("heading", name=title, exact=True)
    await heading.click()
    return page.locator(".settings-block").filter(has=heading)


async def save(page: Page, form: Locator) -> Locator:
    """Press save; the question."""
    await form.get_by_role("button", name="Save").click()
    return page.get_by_role("dialog")


async def test_a_change_shows_before_and_after_and_sends_only_itself(page: Page, prefect: FakePrefect):
    before = copy.deepcopy(prefect.documents["cluster"])
    form = await opened(page, "Cluster")
    await expect(form.get_by_text("Not used: ")).to_contain_text("<b>path</b>")
    await expect(form.get_by_role("button", name="Save")).to_be_disabled()
    await form.get_by_label(DRAIN, exact=True).fill("30")
    await form.get_by_text("spark-2", exact=True).click()
    host = form.get_by_role("group", name="spark-2")
    await host.get_by_label("Address", exact=True).fill("192.0.2.2")
    question = await save(page, form)
    await expect(question).to_contain_text("90 → 30")
    await expect(question).to_contain_text("Address of spark-2")
    await expect(question).to_contain_text("127.0.0.1 → 192.0.2.2")
    async with page.expect_request("**/api/settings/cluster") as sent:
        await question.get_by_role("button", name="Save").click()

    hosts = [before["hosts"][0], {**before["hosts"][1], "address": "192.0.2.2"}]
    assert (await sent.value).post_data_json == {"drain_seconds": 30, "hosts": hosts}
    assert (await sent.value).headers["if-match"]
    await expect(form.get_by_text("Saved.")).to_be_visible()
    assert prefect.documents["cluster"] == {**before, "drain_seconds": 30, "hosts": hosts}

    await form.get_by_role("button", name="Default of Time for answers").click()
    await (await save(page, form)).get_by_role("button", name="Save").click()
    await expect(form.get_by_role("button", name="Default of Time for answers")).to_have_count(0)
    assert prefect.documents["cluster"]["drain_seconds"] == 60

    await form.get_by_label("Restarts at most").fill("5")
    question = await save(page, form)
    await expect(question).to_contain_text("Restarts at most of Restarts of failing services")
    await question.get_by_role("button", name="Leave it as it is").click()
    await form.get_by_role("button", name="Discard the changes of Cluster").click()
    await expect(form.get_by_label("Restarts at most")).to_have_value("")
    await expect(form.get_by_role("button", name="Save")).to_be_disabled()


async def test_what_does_not_fit_is_said_at_its_field_and_nothing_is_lost(page: Page, prefect: FakePrefect):
    before = copy.deepcopy(prefect.documents["cluster"])
    form = await opened(page, "Cluster")
    await form.get_by_role("button", name="Add a host").click()
    host = form.get_by_role("group", name="New host")
    await host.get_by_label("Name", exact=True).fill("Spark 3!")
    await host.get_by_label("Address", exact=True).fill("192.0.2.3")
    question = await save(page, form)
    await expect(question).to_contain_text("Spark 3! is added")
    await question.get_by_role("button", name="Save").click()

    name = host.get_by_label("Name", exact=True)
    await expect(name).to_be_focused()
    await expect(name).to_have_attribute("aria-invalid", "true")
    await expect(host.get_by_text("It does not fit: ")).to_be_visible()
    await expect(form.get_by_role("alert").last).to_contain_text("Nothing was saved.")
    await expect(host.get_by_label("Address", exact=True)).to_have_value("192.0.2.3")
    assert prefect.documents["cluster"] == before


async def test_two_who_change_the_same_are_shown_both_and_choose(
    page: Page, gateway: Running, prefect: FakePrefect
):
    form = await opened(page, "Bot")
    await form.get_by_label("Branch", exact=True).fill("mine")
    async with httpx.AsyncClient(base_url=gateway.url) as http:
        theirs = {"branch": "theirs", "directory": "~/other"}
        assert (await http.put("/api/settings/bot", json=theirs)).status_code == 200
    await expect(form.get_by_text("Somebody else has changed these settings")).to_be_visible()
    await expect(form.get_by_label("Branch", exact=True)).to_have_value("mine")
    await (await save(page, form)).get_by_role("button", name="Save").click()
    question = page.get_by_role("dialog", name="Somebody else changed “Bot” meanwhile")
    await expect(question).to_contain_text("stable → theirs")
    await expect(question).to_contain_text("theirs → mine")
    await question.get_by_role("button", name="Do that").click()

    await expect(form.get_by_text("Saved.")).to_be_visible()
    await expect(form.get_by_label("Directory", exact=True)).to_have_value("~/other")
    assert prefect.documents["bot"]["branch"] == "mine"
    assert prefect.documents["bot"]["directory"] == "~/other"


async def test_secrets_are_written_and_never_shown(page: Page, prefect: FakePrefect):
    form = await opened(page, "Keys of services")
    await expect(form).not_to_contain_text("k-1")
    await form.get_by_role("button", name="Add one to: Keys").click()
    await form.get_by_label("Name, Keys").last.fill("vllm")
    await form.get_by_label("Secret of the new one, Keys").fill("k-2")
    question = await save(page, form)
    await expect(question).to_contain_text("vllm is added")
    await expect(question).not_to_contain_text("k-2")
    await question.get_by_role("button", name="Save").click()
    await expect(form.get_by_text("Saved.")).to_be_visible()
    assert prefect.documents["upstream-keys"]["keys"] == {LONG: "k-1", "vllm": "k-2"}

    form = await opened(page, "NGC key")
    await form.get_by_role("button", name="Take away: Key").click()
    question = await save(page, form)
    await expect(question).to_contain_text("is taken away")
    await question.get_by_role("button", name="Save").click()
    await expect(form.get_by_text("None is set.")).to_be_visible()
    assert prefect.documents["ngc-key"]["key"] == ""


async def test_without_prefect_they_are_looked_at_and_not_changed(page: Page, prefect: FakePrefect):
    await page.set_viewport_size({"width": 390, "height": 800})
    form = await opened(page, "Bot")
    await form.get_by_label("Branch", exact=True).fill("mine")
    await page.get_by_role("link", name="Overview").click()
    await page.get_by_role("link", name="Settings").click()
    await expect(form.get_by_label("Branch", exact=True)).to_have_value("mine")
    prefect.close()

    await expect(page.get_by_text("they can be looked at, but not changed")).to_be_visible()
    await expect(form.get_by_label("Branch", exact=True)).to_be_disabled()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
