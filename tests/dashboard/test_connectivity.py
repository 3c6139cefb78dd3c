"""Who was reachable when: a lane for each subject over a day, and the changes in words."""

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.async_api import Page, expect
from sqlalchemy import insert, text

from blocks.ledger.store import Ledger
from blocks.ledger.tables import transitions
from tests.gateway.conftest import empty_ledger  # noqa: F401 - a fixture

DAY = 86_400
MARKUP = "<b>bold</b> <img src=x onerror=alert(1)>"


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """A host that was wedged, a service that was started anew, and the word of an application."""
    now = time.time()
    rows = [
        ("host/spark-2", 5 * DAY, "well", "observer", "it answers"),
        ("host/spark-2", 7200, "wedged", "observer", MARKUP),
        ("host/spark-2", 3600, "well", "observer", "it answers"),
        ("host/spark-1", 1800, "low", "memory guard", "3 GiB are available"),
        ("service/parakeet", 9000, "up", "gateway", ""),
        ("service/parakeet", 8000, "restarted", "observer", "not by Spark Control"),
        ("service/parakeet", 600, "slow", "report/crm", MARKUP),
        ("app/" + "x" * 60, 300, "down", "report/" + "y" * 60, ""),
    ]
    with ledger.write() as connection:
        for subject, ago, state, source, why in rows:
            values = {"subject": subject, "at": now - ago, "state": state, "source": source, "why": why}
            connection.execute(insert(transitions).values(**values))
    return ledger


async def open_pane(page: Page) -> None:
    await page.get_by_role("navigation").get_by_role("link", name="Connectivity").click()
    await expect(page.get_by_role("heading", name="The last 24 hours")).to_be_visible()


async def test_a_day_is_shown_as_lanes_and_the_changes_in_words(told: Ledger, page: Page):
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_pane(page)
    lanes, changes = page.locator(".lanes"), page.locator(".changes")

    for words in ("not well once, 60 minutes in all", "well all the time that is known; started anew 1 time"):
        await expect(lanes.get_by_role("img", name=words)).to_be_visible()
    for words in ("spark-1, memory", "Is short of memory, for 30 minutes", "parakeet, reported by crm"):
        await expect(lanes).to_contain_text(words)
    wedged = changes.get_by_role("listitem").filter(has_text="takes connections, but its login does not")
    for words in (MARKUP, "It lasted 60 minutes. Seen by the observer, over SSH."):
        await expect(wedged).to_contain_text(words)
    await expect(changes).to_contain_text(f"Application {'x' * 60} does not answer")
    assert await page.locator("#view b, #view img").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_changes_of_one_subject_are_picked_from_its_lane_or_the_list(told: Ledger, page: Page):
    await open_pane(page)
    items = page.locator(".changes").get_by_role("listitem")
    await page.get_by_role("button", name="Host spark-2: show its changes").click()
    await expect(items).to_have_count(3)
    await expect(page.get_by_label("Of which host, service or application")).to_have_value("host/spark-2")
    await expect(page.get_by_role("button", name="Host spark-2: show its changes")).to_be_focused()
    await page.get_by_label("Of which host, service or application").select_option("service/parakeet")

    await expect(items).to_have_count(3)
    await expect(items.first).to_contain_text("Service parakeet is slow")


async def test_what_changes_while_one_looks_comes_by_itself(told: Ledger, page: Page):
    await open_pane(page)
    await expect(page.locator(".changes")).to_contain_text("Service vllm answers")
    with told.write() as connection:
        news = {
            "subject": "app/crm",
            "at": time.time(),
            "state": "up",
            "source": "report/crm",
            "why": "again",
        }
        connection.execute(insert(transitions).values(**news))

    await expect(page.locator(".changes").get_by_role("listitem").first).to_contain_text(
        "Application crm answers: again"
    )


async def test_while_the_records_are_away_that_is_said_and_it_comes_back_by_itself(told: Ledger, page: Page):
    await open_pane(page)
    await expect(page.locator(".changes")).to_contain_text("Service vllm answers")
    with told.write() as connection:
        connection.execute(text("alter table transitions rename to away"))
    await expect(page.locator(".connectivity").get_by_role("alert")).to_contain_text("the shared records")
    await expect(page.locator(".changes")).to_contain_text("Service vllm answers")
    with told.write() as connection:
        connection.execute(text("alter table away rename to transitions"))

    await expect(page.locator(".connectivity").get_by_role("alert")).to_be_hidden()


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from(["host/a", "service/b", "app/c"]),
        st.integers(-2 * DAY, DAY),
        st.sampled_from(["up", "down", "slow", "restarted"]),
        st.sampled_from(["observer", "gateway", "report/x"]),
        st.none() | st.integers(0, 2 * DAY),
    ),
    max_size=8,
)


def as_rows(drawn: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    keys = ("subject", "at", "state", "source", "until")
    rows = [dict(zip(keys, each, strict=True)) for each in drawn]
    return [
        {**row, "until": None if row["until"] is None else row["at"] + row["until"], "why": ""}
        for row in rows
    ]


def drawn_histories() -> list[list[dict[str, Any]]]:
    """As many as one call into the browser can look at."""
    found: list[list[dict[str, Any]]] = []
    calm = settings(max_examples=100, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    calm(given(HISTORIES)(lambda drawn: found.append(as_rows(drawn))))()
    return found


async def test_whatever_happened_the_lanes_stay_within_the_day(page: Page):
    histories = drawn_histories()
    lanes = await page.evaluate(
        """async (histories) => {
            const { lanesOf } = await import("/dashboard/panes/connectivity_words.js");
            return histories.map((history) => lanesOf({ subjects: [], history }, 0, 86400));
        }""",
        histories,
    )

    for history, found in zip(histories, lanes, strict=True):
        assert {row["subject"] for row in history} == {lane["subject"] for lane in found}
        for lane in found:
            begins = [span["from"] for span in lane["spans"]]
            assert begins == sorted(set(begins))
            assert all(0 <= span["from"] <= span["to"] <= DAY for span in lane["spans"])
