"""A browser on the house: pages that reach the gateway and nothing else, pictures, and what axe finds."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route

PICTURES = Path(__file__).parents[2] / ".state" / "pictures"
"""Where the pictures of the last run are; CI keeps the folder."""

DESK, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
VIEWS = (
    "overview", "models", "services", "hosts", "state", "connectivity", "schedules", "updates", "try",
    "connect", "settings",
)  # fmt: skip


class Visit:
    """Somebody's browser window: a theme, a width, and what it complained of."""

    def __init__(self, browser: Browser, url: str, theme: str, size: dict[str, int]) -> None:
        self.url = url
        self.name = f"{theme}-{size['width']}"
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=url, color_scheme=theme, viewport=size, accept_downloads=True
        )
        self.context.route("**/*", self._only_the_gateway)
        self.page = self.tab()

    def tab(self, view: str = "overview") -> Page:
        """One more tab."""
        page = self.context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda line: self._heard(line.type, line.text))
        page.goto(f"/#/{view}")
        return page

    def show(self, view: str) -> Page:
        """Go to a view of the first tab, as its menu does."""
        self.page.get_by_role("navigation").locator(f'a[href="#/{view}"]').click()
        self.page.locator(f".pane.{view}").wait_for()
        return self.page

    def picture(self, name: str) -> None:
        """Keep what the first tab shows."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}-{self.name}.png", full_page=True)

    def serious(self) -> list[dict[str, Any]]:
        """What axe finds serious or critical, shortened."""
        found = Axe().run(self.page).response["violations"]
        return [
            {"rule": one["id"], "nodes": [node["html"][:200] for node in one["nodes"][:3]]}
            for one in found
            if one["impact"] in ("serious", "critical")
        ]

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        return width

    def _only_the_gateway(self, route: Route) -> None:
        if route.request.url.startswith((self.url, "blob:", "data:")):
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def _heard(self, kind: str, text: str) -> None:
        # Chromium itself writes a line for each answer that is an error, and for each stream that breaks.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.faults.append(text)


@contextmanager
def visiting(browser: Browser, url: str, theme: str, size: dict[str, int]) -> Iterator[Visit]:
    """A window while the block lasts; nothing may have gone wrong in it."""
    visit = Visit(browser, url, theme, size)
    try:
        yield visit
    finally:
        visit.context.close()
    assert visit.faults == [], visit.faults


def operation(page: Page, title: str) -> Locator:
    """The card of a run, by its title or a part of it."""
    return page.locator("#operations").get_by_role("heading", name=re.compile(re.escape(title)))


def model_of(house: Any, key: str) -> dict[str, Any]:
    """A model as /api/models shows it."""
    models: list[dict[str, Any]] = house.client.get("/api/models").json()["models"]
    return next(model for model in models if model["key"] == key)
