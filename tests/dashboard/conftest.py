"""A page in one real browser, on a gateway with a small Prefect, a ledger and a scripted upstream."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, async_playwright, expect

from gateway.options import Options
from tests.gateway.conftest import Running, empty_ledger, ledger, options, prefect  # noqa: F401 - fixtures
from tests.gateway.fake_upstream import FakeUpstream

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
REFUSALS = "Failed to load resource"
"""What Chromium itself writes to the console for every answer that is an error: no fault of the page."""

expect.set_options(timeout=30_000)  # patience of a busy machine, not a promise


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all: the browser lives in it."""
    for item in items:
        if "tests/dashboard" in item.nodeid:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium")
    if not chromium:
        pytest.fail("the page tests need a browser: install the Debian package 'chromium'", pytrace=False)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def upstream() -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def gateway(options: Options) -> AsyncIterator[Running]:  # noqa: F811 - the fixture
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    yield gateway
    await asyncio.to_thread(gateway.stop)


@pytest.fixture
def faults() -> Iterator[list[str]]:
    """What the browser complained of; a test that expects some of it clears the list."""
    faults: list[str] = []
    yield faults
    assert not faults


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, gateway: Running, faults: list[str]) -> AsyncIterator[Page]:
    """The dashboard's first screen."""
    context = await browser.new_context(base_url=gateway.url)
    page = await context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if _is_fault(line.type, line.text) else None)
    await page.goto("/")
    yield page
    await context.close()


def _is_fault(kind: str, text: str) -> bool:
    return kind == "error" and not text.startswith(REFUSALS)
