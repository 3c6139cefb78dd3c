"""The hosts: how each is in words, its history as graphs, waking it, and its keys."""

import re
import time
from typing import Any

import asyncssh
import pytest
from playwright.async_api import Locator, Page, expect

from blocks.ledger.samples import HOUR, _put
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect

GB = 1_000_000_000
LINE = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
MARKUP = "<b>bold</b> <img src=x onerror=alert(1)>"

WELL = {
    "reachable": True, "state": "well", "error": "", "findings": [f"The GPU is hot: {MARKUP}"],
    "hostname": MARKUP, "uptime_seconds": 7200.0, "load": [1.25, 0.5, 0.1], "kernel": "6.17.0",
    "memory_total": 130 * GB, "memory_available": 30 * GB, "page_cache": 10 * GB,
    "swap_total": 16 * GB, "swap_used": 0, "disk_free": 900 * GB, "disk_total": 1000 * GB,
    "gpu": {"name": "NVIDIA GB10", "utilization": 12, "temperature": 88, "power": 31.5, "clock": 1404.0,
            "throttling": ["slowed down by the driver: too hot"]},
    "gpu_processes": [{"pid": 7, "name": MARKUP, "mib": 90_000, "container": "vllm_node"}],
    "containers": [{"name": "vllm_node", "state": "running", "status": "Up", "restarts": 4, "image": "x"}],
    "lan": {"interface": "enP7s7", "address": "192.0.2.1", "mac": "3c:6d:66:00:00:01"},
    "mac": "3c:6d:66:00:00:01", "vpn": None,
    "links": [{"adapter": "a", "interface": "", "state": "ACTIVE", "gigabits": 200.0},
              {"adapter": "b", "interface": "", "state": "DOWN", "gigabits": None}],
}  # fmt: skip


def see(ledger: Ledger, host: str, age: float = 0, **facts: Any) -> None:
    write_seen(ledger, f"host/{host}", {**WELL, "facts_at": time.time() - age, **facts})


@pytest.fixture
def card(page: Page):
    """The card of a host by its name."""

    def of(name: str) -> Locator:
        return page.locator(f"[data-host='{name}']")

    return of


async def open_pane(page: Page) -> None:
    await page.get_by_role("navigation").get_by_role("link", name="Hosts").click()
    await expect(page.locator("[data-host]")).to_have_count(2)


async def test_a_host_is_told_in_words_and_bars_and_what_is_not_known_is_left_out(
    ledger: Ledger, page: Page, card
):
    await page.set_viewport_size({"width": 390, "height": 844})
    see(ledger, "spark-1")
    write_seen(ledger, "host/spark-2", {"gpu": {"name": "GB10", "utilization": None}, "load": None})
    await open_pane(page)

    told = (
        "Well, but look at this", f"The GPU is hot: {MARKUP}", "12 %", "88 °C", "32 W", "2 hours",
        "1404 MHz, slowed down by the driver: too hot", "1 of 2 ports up, 200 Gbit/s each",
        "1.3, 0.5, 0.1 over 1, 5, 15 minutes", "none of 16 GB", "100 GB of 1.0 TB",
    )  # fmt: skip
    for words in told:
        await expect(card("spark-1")).to_contain_text(words)
    memory = "Memory: 100 GB of 130 GB used, 10 GB for kept files (given up when needed), 20 GB free"
    await expect(page.get_by_role("img", name=memory)).to_be_visible()
    await card("spark-1").get_by_text("Who holds memory of the GPU (1)").click()
    await expect(page.get_by_role("table", name="Processes on the GPU of spark-1")).to_contain_text("94 GB")
    await card("spark-1").get_by_text("Addresses and versions").click()
    await expect(card("spark-1").get_by_text("3c:6d:66:00:00:01")).to_be_visible()
    await expect(card("spark-2")).to_contain_text("Not looked at yet")
    shown = await page.locator("#view").inner_text()
    assert "null" not in shown
    assert "NaN" not in shown
    assert await page.locator("#view b, #view img").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_wedged_host_is_explained_with_the_age_of_what_is_shown(ledger: Ledger, page: Page, card):
    see(ledger, "spark-2", 4000, state="wedged", reachable=False, error="SSH says nothing")
    await open_pane(page)

    for words in ("Wedged", "The machine answers, but its login does not", "SSH says nothing"):
        await expect(card("spark-2")).to_contain_text(words)
    await expect(card("spark-2")).to_contain_text("What stands below is from 67 minutes ago")
    await expect(page.get_by_role("button", name="Wake spark-2")).to_have_count(0)


async def test_a_host_is_woken_after_a_question(ledger: Ledger, page: Page, card, prefect: FakePrefect):
    see(ledger, "spark-2", 4000, state="unreachable", reachable=False, error="no answer")
    await open_pane(page)
    await page.get_by_role("button", name="Wake spark-2").click()
    question = page.get_by_role("dialog", name="Wake spark-2?")
    await expect(question).to_contain_text("press its button")
    await question.get_by_role("button", name="Wake it", exact=True).click()

    await expect(page.get_by_text("It is about to begin.")).to_be_visible()
    assert prefect.created[-1]["parameters"] == {"host": "spark-2", "dry_run": False, "approval": "none"}


async def test_the_history_is_drawn_with_its_gap_and_told_in_words(ledger: Ledger, page: Page, card):
    see(ledger, "spark-1")
    now = time.time()
    with ledger.write() as connection:
        for number in [*range(1, 90), *range(120, 300)]:
            numbers = {"gpu_percent": [0.0, number / 3, 100.0], "memory_available_gib": [20.0, 25.0, 30.0]}
            _put(connection, "host/spark-1", HOUR, now - now % 10 - 10 * number, numbers)
    await open_pane(page)
    await card("spark-1").get_by_text("How it was").click()

    gpu = page.get_by_role("img", name=re.compile("GPU at work: 0 % to 100 %, (now|last seen) 0.3 %"))
    await expect(gpu).to_be_visible()
    await expect(page.get_by_role("img", name="Temperature: nothing was seen")).to_be_visible()
    assert (await gpu.locator(".mean").get_attribute("d")).count("M") == 2, "a gap where nothing was seen"
    await expect(
        page.get_by_role("img", name=re.compile("Memory used: 98 GB to 109 GB, .* 103 GB"))
    ).to_be_visible()
    await card("spark-1").get_by_text("The same as a table").click()
    table = page.get_by_role("table", name="spark-1, last hour")
    await expect(table.get_by_role("row")).to_have_count(13)
    async with page.expect_response("**/history?span=month") as asked:
        await page.get_by_role("button", name="Last 30 days").first.click()
    assert (await asked.value).status == 200
    await expect(page.get_by_role("img", name="GPU at work: nothing was seen")).to_be_visible()


async def test_the_keys_are_shown_to_be_copied_and_one_is_made(
    ledger: Ledger, page: Page, card, prefect: FakePrefect
):
    see(ledger, "spark-1")
    write_seen(ledger, "ssh-key/controller", {"~/.ssh/id_ed25519": f"{LINE} {MARKUP}"})
    await open_pane(page)
    await card("spark-1").get_by_text("SSH keys").click()
    await expect(card("spark-1")).to_contain_text("With it the controller logs in to spark-1 as spark.")
    await expect(page.get_by_role("button", name="Copy the line for spark-1")).to_be_visible()
    await page.get_by_role("button", name="Make a key for spark-1").click()
    question = page.get_by_role("dialog", name="Make a key for spark-1?")
    await question.get_by_role("button", name="Make a key", exact=True).click()

    await expect(question).to_be_hidden()
    assert prefect.created[-1]["parameters"]["host"] == "spark-1"


async def test_the_parts_of_a_graph_are_right_at_their_edges(page: Page):
    found = await page.evaluate(
        """async () => {
            const { stretches, topOf, ticks, summary } = await import("/dashboard/panes/graph.js");
            const at = [0, 10, 20, 40, 50];
            const noon = new Date(2026, 10, 22, 12, 7).getTime() / 1000;
            const date = (tick) => new Date(tick.at * 1000);
            return {
                whole: stretches(at, 10, [1, 1, 1, 1, 1]),
                missing: stretches(at, 10, [1, null, 1, null, null]),
                none: stretches([], 10, []), tops: [0, -1, 0.3, 1, 7, 130].map(topOf),
                quarters: ticks(noon - 3600, noon, "hour").length,
                round: ticks(noon - 86400, noon, "day").map(date)
                    .map((at) => at.getHours() % 6 + at.getMinutes()),
                weeks: ticks(noon - 30 * 86400, noon, "month").length,
                words: [20, 60].map((until) => summary({ unit: "W", at: [0, 10], step: 10, until,
                    min: [1, null], mean: [2.04, null], max: [3, null] })),
                empty: summary({ unit: "W", at: [], step: 10, until: 0, min: [], mean: [], max: [] }),
            };
        }"""
    )

    assert found == {
        "whole": [[0, 1, 2], [3, 4]], "missing": [[0], [2]], "none": [],
        "tops": [1, 1, 0.5, 1, 10, 200], "quarters": 4, "round": [0, 0, 0, 0], "weeks": 4,
        "words": ["1 W to 3 W, now 2 W", "1 W to 3 W, last seen 2 W"], "empty": "nothing was seen",
    }  # fmt: skip
