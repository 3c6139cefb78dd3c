"""The state of the hosts in a real browser: what drifted, why, and having it put right."""

import json
import time

from playwright.async_api import Page, expect

from blocks.ledger.state import StateFinding, write_state
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect


def see(ledger: Ledger) -> None:
    """A clock that nobody keeps, packages for a person, and a host that is well."""
    at = time.time() - 40
    clock = StateFinding(
        "clock", "cluster", "failed", at, why="nobody keeps the clock <b>x</b>", wanted="kept", found="free",
        fix="Keep it by the network.", script="sudo timedatectl set-ntp true\n",
    )  # fmt: skip
    docker = StateFinding(
        "docker", "cluster", "failed", at, why="not in the group", fix="Join it.", by_hand=True
    )
    write_state(ledger, "spark-1", [clock, docker, StateFinding("disk", "cluster", "ok", at)])
    write_state(ledger, "spark-2", [StateFinding("clock", "cluster", "ok", at)])


async def test_what_drifted_is_told_with_its_reason_and_its_fix(page: Page, ledger: Ledger) -> None:
    see(ledger)
    await page.get_by_role("link", name="State").click()
    host = page.get_by_role("article").filter(has=page.get_by_role("heading", name="spark-1"))

    await expect(host).to_contain_text("2 things to put right")
    await expect(host).to_contain_text("Nobody keeps the clock <b>x</b>.")
    await expect(host).to_contain_text("To be done by you")
    await expect(host.get_by_role("link", name="the script for spark-1")).to_have_attribute(
        "href", "/api/state/spark-1/script"
    )


async def test_putting_it_right_names_what_is_done_and_waits_for_a_go(
    page: Page, ledger: Ledger, prefect: FakePrefect
) -> None:
    see(ledger)
    await page.goto("/#/state")
    await page.get_by_role("button", name="Put it right…").click()
    question = page.get_by_role("dialog", name="Put the hosts right?")
    await expect(question).to_contain_text("spark-1: Keep it by the network.")
    await expect(question).not_to_contain_text("Join it.")

    async with page.expect_request("**/api/state/fix") as asked:
        await question.get_by_role("button", name="Put it right").click()

    assert json.loads((await asked.value).post_data or "") == {"approval": "ask"}
    await expect(page.locator("#operations")).to_contain_text("Checking the state of the hosts")
    assert [run["parameters"]["act"] for run in prefect.created] == [True]


async def test_where_nothing_drifted_there_is_nothing_to_put_right(page: Page) -> None:
    await page.goto("/#/state")

    await expect(page.get_by_role("article").first).to_contain_text("not checked yet")
    await expect(page.get_by_role("button", name="Put it right…")).to_be_disabled()
