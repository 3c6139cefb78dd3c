"""The dashboard's first paint and its weight, in the system's Chromium."""

import shutil
import statistics

from playwright.sync_api import Browser, sync_playwright

LOADS = 7
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

FACTS = """() => ({
  paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  bytes: performance.getEntries().reduce((sum, one) => sum + (one.transferSize ?? 0), 0),
})"""


def show_page(url: str) -> None:
    """Print a table in Markdown; nothing without Chromium."""
    chromium = shutil.which("chromium")
    if not chromium:
        print("\n(no Chromium here: the page was not measured)")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        loads = [load(browser, url) for _ in range(LOADS)]
        browser.close()
    paints = sorted(paint for paint, _ in loads)
    print("\n| dashboard | |\n| --- | --- |")
    print(f"| first contentful paint, ms: best, median, worst of {LOADS} | ", end="")
    print(f"{paints[0]:.0f}, {statistics.median(paints):.0f}, {paints[-1]:.0f} |")
    print(f"| transferred for the first screen, kB | {max(size for _, size in loads) / 1000:.0f} |")


def load(browser: Browser, url: str) -> tuple[float, int]:
    """Milliseconds until something is painted, and bytes, with an empty cache."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.locator(".pane.overview .card").first.wait_for()
    page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length > 0")
    facts = page.evaluate(FACTS)
    context.close()
    return facts["paint"], facts["bytes"]
