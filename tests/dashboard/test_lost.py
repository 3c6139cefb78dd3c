"""A page that has lost its gateway, or a part of itself: it says so, and comes back by itself."""

import asyncio

from playwright.async_api import Browser, Page, Route, expect

from gateway.options import Options
from tests.dashboard.conftest import Running

PART = "**/panes/services.js"


async def test_a_pane_that_could_not_be_loaded_comes_later(page: Page) -> None:
    async def fail(route: Route) -> None:
        await route.abort()

    await page.route(PART, fail)
    await page.get_by_role("link", name="Services").click()
    await expect(page.get_by_text("could not be loaded")).to_be_visible()
    await page.unroute(PART)

    await expect(page.get_by_role("button", name="Check all")).to_be_visible()


async def test_without_the_gateway_the_page_says_so_and_its_buttons_are_off(
    browser: Browser, options: Options
) -> None:
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    context = await browser.new_context(base_url=gateway.url)
    page = await context.new_page()
    await page.goto("/#/models")
    switch = page.get_by_role("button", name="Switch to Beta")
    await expect(switch).to_be_enabled()

    await asyncio.to_thread(gateway.stop)

    await expect(page.locator("#stale")).to_contain_text("The gateway does not answer")
    await expect(page.locator("#health")).to_have_text("Not in touch")
    await expect(switch).to_be_disabled()
    await expect(switch).to_have_attribute(
        "title", "The page has lost touch with the gateway: what it shows is old"
    )
    await context.close()
