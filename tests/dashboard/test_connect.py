"""The pane that says how applications get in, and whom the house tells what happens."""

import pytest
from playwright.async_api import Page, expect

from blocks.ledger.deliveries import enqueue, lease, settle
from blocks.ledger.store import Ledger
from tests.gateway.conftest import Running, cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

TARGETS = {
    "targets": [
        {"name": "crm", "url": "http://192.0.2.8/in/tok-2", "events": ["swap_complete"]},
        {"name": "a-very-long-name-of-a-target-that-nobody-would-ever-shorten", "url": "http://192.0.2.9/"},
    ],
    "secrets": {"crm": "s3cret"},
}


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    prefect.documents["swap-webhook"] = TARGETS
    cluster = cluster_document(upstream.port, kokoro=1, embeddings=upstream.port)
    cluster["services"].append(  # type: ignore[attr-defined]
        {"name": "qdrant", "kind": "qdrant", "host": "spark-2", "port": 2, "container": "qdrant"}
    )
    prefect.documents["cluster"] = cluster
    return prefect


async def test_every_address_is_the_one_by_which_this_page_was_reached(page: Page, gateway: Running):
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.goto("/#/connect")
    chat = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Chat"))
    speech = page.get_by_role("article").filter(has=page.get_by_role("heading", name="Speech"))

    await expect(page.get_by_text(f"{gateway.url}/v1", exact=True)).to_be_visible()
    await expect(chat).to_contain_text("ready")
    await expect(chat).to_contain_text(f"curl {gateway.url}/v1/chat/completions")
    await expect(chat).to_contain_text('"model":"alpha"')
    await expect(speech).to_contain_text("not ready")
    await expect(page.get_by_text(f"curl {gateway.url}/api/search -H")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    await page.get_by_role("button", name="Copy the curl line: Chat").click()
    await expect(chat.get_by_text("Copied")).to_be_visible()
    await page.get_by_text("In Python").click()
    await expect(page.get_by_text(f'base_url="{gateway.url}/v1"')).to_be_visible()


async def test_a_target_is_tested_and_what_was_given_up_is_sent_again(page: Page, ledger: Ledger):
    (lost,) = enqueue(ledger, ["crm"], "swap_complete", "event-1", "{}")
    settle(ledger, lease(ledger, "crm"), 410, "<b>nobody</b> is there any more")
    await page.goto("/#/connect")
    section = page.get_by_role("region", name="Webhooks")
    await expect(section).to_contain_text("<b>nobody</b> is there any more")
    await expect(section).to_contain_text("was given up")
    await section.get_by_role("button", name="Try again: crm, a model is ready").click()
    async with page.expect_request(f"**/deliveries/{lost}/retry"):
        await page.get_by_role("dialog").get_by_role("button", name="Send it again").click()
    await expect(page.get_by_text("It is sent again now.")).to_be_visible()

    await section.get_by_role("button", name="Send a test to crm…").click()
    async with page.expect_response("**/api/webhooks/crm/test") as answered:
        await page.get_by_role("dialog").get_by_role("button", name="Send it").click()
    assert (await answered.value).status == 202
    await expect(page.get_by_text("The test is on its way…")).to_be_visible()


async def test_a_refused_test_says_why(page: Page, prefect: FakePrefect):
    await page.goto("/#/connect")
    ask = page.get_by_role("button", name="Send a test to crm…")
    await ask.click()
    await page.route(
        "**/api/webhooks/crm/test",
        lambda route: route.fulfill(
            status=404, json={"error": {"message": "there is no webhook target 'crm'", "code": "x"}}
        ),
    )
    question = page.get_by_role("dialog")
    await question.get_by_role("button", name="Send it").click()

    await expect(question.get_by_role("alert")).to_have_text("there is no webhook target 'crm'")
