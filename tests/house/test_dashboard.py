"""The dashboard on the whole house: each view in both themes and widths, changes from click to result."""

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.house.browser import DESK, PHONE, VIEWS, Visit, model_of, operation, visiting

ONE, OTHER = "qwen3.6-35b-a3b", "gpt-oss-120b"
LARGEST = 150_000
"""Bytes that the page may transfer, by its promise."""


@pytest.mark.parametrize(("theme", "size"), [("light", DESK), ("dark", PHONE)], ids=["light", "dark"])
def test_every_view_is_sound_in_either_theme_and_width(house, browser: Browser, theme, size):
    house.load(ONE)
    with visiting(browser, house.url, theme, size) as visit:
        faults = {view: look_at(visit, view) for view in VIEWS}

    assert {view: found for view, found in faults.items() if found} == {}


def look_at(visit: Visit, view: str) -> list[object]:
    """What is wrong with a view, once it shows something; its picture is kept."""
    page = visit.show(view)
    expect(page.locator("#health")).not_to_be_empty()
    page.wait_for_function("document.querySelector('#view .pane').childElementCount > 0")
    expect(page.locator("#view h3, #view .card").first).to_be_visible()
    visit.picture(view)
    wider = visit.overflow()
    return [*visit.serious(), *([f"{wider} pixels wider than the window"] if wider > 0 else [])]


def test_the_first_screen_stays_small(house, browser: Browser):
    house.load(ONE)
    with visiting(browser, house.url, "light", DESK) as visit:
        expect(visit.page.locator("#view")).to_contain_text(title_of(house, ONE))
        transferred = visit.page.evaluate(
            "performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0)"
        )

    assert 0 < transferred < LARGEST


def test_a_switch_is_followed_over_a_second_tab_a_reload_a_lost_network_and_a_new_gateway(
    house, browser: Browser
):
    house.load(ONE)
    title = title_of(house, OTHER)
    with visiting(browser, house.url, "dark", PHONE) as visit:
        page = visit.show("models")
        with house.fault("spark-1", "memory-stays", ""):
            press_switch(page, title)
            visit.picture("switching")
            second = visit.tab()
            expect(operation(second, f"Switching to {title}")).to_be_visible()
            page.reload()
            expect(operation(page, f"Switching to {title}")).to_be_visible()
            visit.context.set_offline(True)
            visit.context.set_offline(False)
            house.house.processes["gateway"].child.kill()
            house.wait_until(lambda: up(house), 60, "the gateway")
        expect(operation(page, f"{title} is ready")).to_be_visible()
        expect(second.locator("#view")).to_contain_text(title)
        visit.picture("switched")
        visit.faults[:] = [fault for fault in visit.faults if "ERR_" not in fault]
    assert house.answering() == [OTHER]


def test_twenty_tabs_live_on_one_stream(house, browser: Browser):
    house.load(OTHER)
    with visiting(browser, house.url, "light", DESK) as visit:
        tabs = [visit.page, *(visit.tab() for _ in range(19))]
        for tab in tabs:
            expect(tab.locator("#view")).to_contain_text(title_of(house, OTHER))


def up(house) -> bool:
    """The gateway answers."""
    try:
        return httpx.get(f"{house.url}/health", timeout=5).is_success
    except httpx.HTTPError:
        return False


def title_of(house, key: str) -> str:
    """A model's name for people."""
    return model_of(house, key)["title"]


def press_switch(page: Page, title: str) -> None:
    """Press the button, read the question, say yes."""
    page.get_by_role("button", name=f"Switch to {title}").first.click()
    question = page.get_by_role("dialog", name=f"Switch to {title}?")
    expect(question).to_contain_text("is put back")
    question.get_by_role("button", name="Switch", exact=True).click()
    expect(operation(page, f"Switching to {title}")).to_be_visible()
