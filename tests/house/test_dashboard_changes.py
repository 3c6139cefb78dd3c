"""What an owner changes on the dashboard, from the click over the question to the result on the cluster."""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.house.browser import DESK, PHONE, Visit, model_of, operation, visiting

ONE, OTHER = "qwen3.6-35b-a3b", "gpt-oss-120b"
REPO = "org/story-7b"


@pytest.fixture(params=[("light", PHONE), ("dark", DESK)], ids=["light-phone", "dark-desk"])
def visit(request, house, browser: Browser):
    """A window; each of them comes in both themes and both widths."""
    with visiting(browser, house.url, *request.param) as visit:
        yield visit


def test_a_service_is_restarted_checked_and_its_log_read(house, visit: Visit):
    page = visit.show("services")
    say_yes(page, "Restart: kokoro", "Restart kokoro?", "Restart")
    expect(operation(page, "kokoro runs again")).to_be_visible()
    say_yes(page, "Check now: kokoro", "Check kokoro?", "Check now")
    expect(operation(page, "The check is done")).to_be_visible()
    card = page.get_by_role("article").filter(has=page.get_by_role("heading", name="kokoro"))
    card.get_by_text("Log", exact=True).click()
    expect(card.get_by_role("log")).not_to_be_empty()
    visit.picture("service-changed")


def test_a_plan_is_read_before_the_switch_and_answered(house, visit: Visit):
    loaded, other = (ONE, OTHER) if house.answering() != [OTHER] else (OTHER, ONE)
    house.load(loaded)
    title = model_of(house, other)["title"]
    page = visit.show("models")
    page.get_by_role("button", name=f"Switch to {title}").first.click()
    question = page.get_by_role("dialog", name=f"Switch to {title}?")
    question.get_by_text("More choices").click()
    question.get_by_label("How to go about it").select_option("ask")
    question.get_by_role("button", name="Switch", exact=True).click()
    card = page.locator("#operations article")
    expect(card.get_by_role("listitem").first).to_be_visible()
    visit.picture("plan")
    card.get_by_role("button", name=re.compile("^Don")).click()
    expect(card.get_by_role("button", name="Close")).to_be_visible()
    assert house.answering() == [loaded]


def test_the_lock_is_taken_seen_by_all_and_given_back(house, visit: Visit):
    page = visit.show("schedules")
    page.get_by_role("button", name="Take the lock…").click()
    question = page.get_by_role("dialog")
    question.get_by_role("textbox").first.fill("the owner")
    question.get_by_role("button", name=re.compile("Take")).click()
    expect(page.locator("#notices")).to_contain_text("the owner")
    visit.picture("locked")
    page.get_by_role("button", name="Give it back…").click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Give")).click()
    expect(page.locator("#notices")).to_be_hidden()
    assert house.client.get("/api/swap/lock").json()["lock"] is None


def test_a_switch_is_planned_by_the_clock_and_taken_off_again(house, visit: Visit):
    before = swaps_planned(house)
    page = visit.show("schedules")
    page.get_by_role("button", name="Plan a switch…").click()
    page.get_by_role("dialog").get_by_role("button", name="Plan it").click()
    planned = page.get_by_role("button", name=re.compile("^Remove…: Switch to"))
    expect(planned).to_have_count(len(before) + 1)
    assert len(swaps_planned(house)) == len(before) + 1
    visit.picture("planned")
    planned.last.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("Remove")).click()
    expect(planned).to_have_count(len(before))
    assert len(swaps_planned(house)) == len(before)


def test_the_model_is_asked_and_a_text_redacted_as_an_application_would(house, visit: Visit):
    if not house.answering():
        house.load(ONE)
    page = visit.show("try")
    chat = page.get_by_role("region", name="Chat")
    chat.get_by_role("button", name="Ask").click()
    expect(chat.get_by_role("log")).to_contain_text(re.compile(r"\w+ \w+ \w+"))
    redaction = page.get_by_role("region", name="Redaction").first
    redaction.get_by_role("button", name="Redact").click()
    expect(page.get_by_role("region", name="Redacted text")).to_contain_text("EMAIL")
    visit.picture("tried")


def test_a_model_is_downloaded_and_deleted_again(house, browser: Browser):
    with visiting(browser, house.url, "light", DESK) as visit:
        page = visit.show("models")
        page.get_by_label("Its name or address on Hugging Face").fill(REPO)
        page.get_by_role("button", name="Get it").click()
        agree(page.get_by_role("dialog"), re.compile("Download"))
        expect(operation(page, "is downloaded")).to_be_visible()
        expect(page.locator("#view")).to_contain_text("story-7b")
        visit.picture("downloaded")
        page.get_by_role("button", name=re.compile("Delete.*story-7b")).first.click()
        agree(page.get_by_role("dialog"), re.compile("Delete"))
        expect(operation(page, "is deleted")).to_be_visible()


def swaps_planned(house) -> list[dict]:
    """The schedules of swaps."""
    return [one for one in house.client.get("/api/schedules").json()["schedules"] if one["kind"] == "swap"]


def say_yes(page: Page, button: str, title: str, yes: str) -> None:
    """Press a button, and agree to its question."""
    page.get_by_role("button", name=button).click()
    agree(page.get_by_role("dialog", name=title), yes)


def agree(question: Locator, yes: str | re.Pattern[str]) -> None:
    """Say yes to a question."""
    question.get_by_role("button", name=yes).last.click()
