"""The pane of updates in a real browser: the launcher, the bot, NVIDIA's NIM containers."""

import asyncio
import json

from playwright.async_api import Page, expect

from blocks.bot import BOT
from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

COMMITS = [
    {"id": f"{n}abcdef1234567", "at": 1.0, "subject": f"<b>Change {n}</b>", "body": "It reads in parallel."}
    for n in range(5)
]
NEWS = {"fault": "", "error": "", "head": "aaa", "branch": "main", "behind": 5, "ahead": 0, "dirty": []}
IMAGE = {"image": "vllm-node", "image_created": "2026-11-01T00:00:00Z"}


def write_news(ledger: Ledger, *, other_image: str = "sha256:1", **more: object) -> None:
    launcher = {"launcher": {**NEWS, "commits": COMMITS, **more}}
    write_seen(ledger, "updates/spark-1", {**IMAGE, "image_id": "sha256:1", **launcher})
    write_seen(ledger, "updates/spark-2", {**IMAGE, "image_id": other_image})


async def test_an_update_asks_first_and_is_followed_to_its_end(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    write_news(ledger, other_image="sha256:2")
    take_lock(ledger, "night job", "", 600)
    await page.goto("/#/updates")
    section = page.get_by_role("region", name="Launcher")
    await expect(section).to_contain_text("5 new commits upstream")
    await expect(section).to_contain_text("<b>Change 0</b>")
    await expect(section).to_contain_text("not the same on every host")
    await section.get_by_role("button", name="Update the launcher…").click()
    question = page.get_by_role("dialog", name="Update the launcher?")
    await expect(question).to_contain_text("Models cannot be switched until the update has ended.")
    await question.get_by_label("How").select_option("ask")
    await question.get_by_role("button", name="Update", exact=True).click()
    await expect(question.get_by_role("alert")).to_contain_text("night job holds the swap lock")
    await page.request.delete("/api/swap/lock?force=true")
    await question.get_by_role("button", name="Update", exact=True).click()

    await expect(page.get_by_role("heading", name="Updating the launcher")).to_be_visible()
    [run_id] = prefect.runs
    parameters = prefect.created[0]["parameters"]
    assert (parameters["dry_run"], parameters["approval"], parameters["back"]) == (False, "ask", False)
    start_run(ledger, run_id, "update", "launcher", None)
    result = {"state": "completed", "message": "All hosts have the new image."}
    report(ledger, run_id, "result", result, state="completed", ended=1.0, result=result)
    await expect(page.get_by_role("heading", name="The launcher is up to date").first).to_be_visible()
    await expect(page.get_by_text("All hosts have the new image.")).to_be_visible()


async def test_the_news_are_explained_as_the_model_writes_until_it_is_stopped(
    page: Page, ledger: Ledger, upstream: FakeUpstream
):
    write_news(ledger)
    left = asyncio.Event()

    async def speak(call: Call) -> None:
        await call.begin_stream()
        for part in ("It loads ", "<i>faster</i>."):
            said = json.dumps({"choices": [{"delta": {"content": part}}]}).encode()
            await call.chunk(b"data: %b\n\n" % said)
        await call.wait_until_left()
        left.set()

    upstream.script = speak
    await page.goto("/#/updates")
    await page.get_by_role("button", name="Explain the new commits").click()
    told = page.get_by_role("region", name="The explanation")
    await expect(told).to_have_text("It loads <i>faster</i>.")
    await page.get_by_role("button", name="Stop", exact=True).click()

    await asyncio.wait_for(left.wait(), 30)
    await expect(page.get_by_text("Stopped.")).to_be_visible()
    await expect(told).to_have_text("It loads <i>faster</i>.")


async def test_what_stands_in_the_way_is_said_and_the_button_is_off(page: Page, ledger: Ledger):
    write_news(ledger, dirty=["run.sh"], behind=None, commits=[])
    await page.goto("/#/updates")
    section = page.get_by_role("region", name="Launcher")

    await expect(section).to_contain_text("It cannot be updated: ")
    await expect(section).to_contain_text("run.sh")
    await expect(section).not_to_contain_text("null")
    await expect(section.get_by_role("button", name="Update the launcher…")).to_be_disabled()
    await expect(page.get_by_role("heading", name="Bot")).to_be_hidden()


async def test_the_bot_is_updated_restarted_and_its_log_read(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    prefect.documents["bot"] = {"user": "bot", "directory": "~/bot"}
    container = {"name": "<b>bot-app-1</b>", "service": "app", "state": "running", "status": "Up"}
    commits = [{"id": "def", "at": 1, "subject": "News"}]
    seen = {"head": "abc", "behind": 1, "ahead": 0, "commits": commits, "containers": [container]}
    write_seen(ledger, BOT, {**seen, "dirty": ["bot.py"], "fault": "", "error": ""})
    await page.goto("/#/updates")
    bot = page.get_by_role("region", name="Bot")
    await expect(bot).to_contain_text("<b>bot-app-1</b>")
    await bot.get_by_role("button", name="Update the bot…").click()
    question = page.get_by_role("dialog", name="Update the bot?")
    await expect(question).to_contain_text("They are undone, and saved as a patch")
    await question.get_by_label("Build its images anew").check()
    await question.get_by_role("button", name="Update", exact=True).click()
    await expect(page.get_by_role("heading", name="Working on the bot")).to_be_visible()
    assert prefect.created[0]["parameters"] == {"dry_run": False, "approval": "none", "build": True}

    def fail(run_id: str) -> None:
        start_run(ledger, run_id, "logs", "bot", None)
        report(ledger, run_id, "result", {}, state="failed", message="spark-2 is away", ended=1.0)

    prefect.on_created = fail
    await bot.get_by_role("button", name="Show the log of the bot").click()
    await expect(bot.get_by_text("spark-2 is away")).to_be_visible()


async def test_a_nim_is_installed_once_there_is_a_key(page: Page, prefect: FakePrefect):
    prefect.documents["ngc-key"] = {"key": "", "registries": []}
    await page.goto("/#/updates")
    section = page.get_by_role("region", name="NVIDIA NIM")
    await expect(section.get_by_role("heading", name="There is no key")).to_be_visible()
    install = section.get_by_role("button", name="Install Magpie TTS Multilingual…")
    await expect(install).to_be_disabled()

    await section.get_by_role("link", name="Settings").click()
    await expect(page.get_by_text("None is set.")).to_be_visible()
    prefect.documents["ngc-key"] = {"key": "nvapi-" + "Zq7" * 22, "registries": []}
    await page.request.put("/api/settings/ngc-key", data={"registries": ["registry.example/nim/"]})
    await page.goto("/#/updates")
    await page.reload()
    await install.click()
    question = page.get_by_role("dialog", name="Install Magpie TTS Multilingual?")
    await expect(question).to_contain_text("40 GiB of disk")
    await question.get_by_label("On which host").select_option("spark-1")
    await question.get_by_role("button", name="Install", exact=True).click()
    await expect(question).to_be_hidden()

    parameters = prefect.created[0]["parameters"]
    assert (parameters["nim"], parameters["host"], parameters["port"]) == ("magpie", "spark-1", 0)
