"""The first screen: what is broken first, what is loaded and whether it answers, and what fits."""

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import Page, expect

from blocks.ledger.health import Health, write_health
from blocks.ledger.lock import current_lock, take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from tests.gateway.conftest import cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream

GB = 1_000_000_000
LONG = "einwohnermeldeamtsdatenverarbeitungszentrumsstandortverwaltung"
MARKUP = "<b>bold</b> <img src=x onerror=alert(1)>"


def sight(**more: Any) -> dict[str, Any]:
    """A host that is well, as the observer writes it down."""
    gpu = {"name": "NVIDIA GB10", "utilization": 12, "temperature": 48, "power": 31.5, "throttling": []}
    ports = [{"adapter": "roce0", "interface": "eth0", "state": "ACTIVE", "gigabits": 200.0}]
    engine = {"name": "vllm_node", "state": "running", "status": "Up", "restarts": 0,
              "started_at": "2026-01-01T00:00:00.1Z"}  # fmt: skip
    return {
        "reachable": True, "state": "well", "error": "", "facts_at": time.time(), "findings": [],
        "memory_total": 128 * GB, "memory_available": 64 * GB, "page_cache": 9 * GB, "swap_used": 2 * GB,
        "gpu": gpu, "links": ports, "containers": [engine], "disk_free": 30 * GB, "disk_total": 900 * GB,
    } | more  # fmt: skip


def plan_only(ledger: Ledger, run_id: str) -> None:
    """A switch to Beta that was only to say what it would do."""
    start_run(ledger, run_id, "swap", "beta", 200.0)
    said = {"state": "completed", "message": "Dry run: Stop Alpha. Start Beta."}
    report(ledger, run_id, "result", said, state="completed", ended=time.time(), result=said)


def failed_swap(ledger: Ledger, run_id: str, **result: str) -> None:
    """A switch to Beta that came to a bad end."""
    start_run(ledger, run_id, "swap", "beta", 200.0)
    said = {"state": "failed", "message": "Beta did not start.", **result}
    report(ledger, run_id, "result", said, state="failed", ended=time.time() - 300, result=said)


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    """Speech that answers and embeddings that do not; a third model that is on one host only."""
    cluster = cluster_document(upstream.port, parakeet=upstream.port, embeddings=9)
    prefect.documents["cluster"] = cluster
    recipes = prefect.documents["catalog"]["recipes"]
    recipes[0] |= {"args": ["--gpu-memory-utilization", "0.4"]}
    recipes[1] |= {"args": ["--gpu-memory-utilization", "0.8"], "description": MARKUP}
    return prefect


async def test_it_says_what_is_loaded_whether_it_answers_and_what_room_there_is(
    page: Page, ledger: Ledger, prefect: FakePrefect
):
    write_seen(ledger, "host/spark-1", sight())
    write_seen(ledger, "host/spark-2", sight(containers=[], links=[], facts_at=time.time() - 4000))
    write_seen(ledger, "traffic/vllm", {"good_at": time.time() - 20})
    write_health(ledger, "parakeet", Health("well", "", time.time() - 120, well_at=time.time() - 120))
    plan_only(ledger, "r1")
    prefect.schedules.add(prefect.deployment, {"cron": "0 6 * * *"}, parameters={"model": "beta"})

    now = page.get_by_role("region", name="Loaded now")
    for words in ("Alpha", "It answers. Last good answer", "It runs on spark-1, loaded", "/v1", "alpha"):
        await expect(now).to_contain_text(words)
    switching = page.get_by_role("region", name="Switching")
    for words in ("Anybody: nobody holds the lock", "Swap to beta", "None so far"):
        await expect(switching).to_contain_text(words)
    speech = page.get_by_role("region", name="Services").get_by_role("listitem").filter(has_text="parakeet")
    await expect(speech).to_contain_text("works, checked 2 minutes ago")
    one, other = (page.get_by_role("article").filter(has_text=f"spark-{n}") for n in (1, 2))
    for words in ("Runs: Alpha", "64 GB of 128 GB in use, 9.0 GB page cache, 55 GB free, 2.0 GB swapped out",
                  "48 °C, 32 W, 12 % busy; not slowed down", "30 GB free of 900 GB", "200 Gbit"):  # fmt: skip
        await expect(one).to_contain_text(words)
    await expect(other).to_contain_text("this is old")
    choice = page.get_by_role("listitem").filter(has=page.get_by_role("button", name="Switch to Beta"))
    await expect(choice).to_contain_text("fits when Alpha is stopped")
    assert await page.locator("#view b, #view img").count() == 0


async def test_it_says_who_is_answered_and_who_waits(page: Page, upstream: FakeUpstream):
    go_on = asyncio.Event()

    async def hold(call: Call) -> None:
        await go_on.wait()
        await call.answer(b'{"text": ""}')

    upstream.script = hold
    asks = """() => {
      const body = new FormData();
      body.append("file", new Blob(["x"]), "x");
      for (let number = 0; number < 3; number++)
        fetch("/v1/audio/transcriptions", { method: "POST", body }).catch(() => {});
      fetch("/v1/chat/completions", { method: "POST", body: "{}" }).catch(() => {});
    }"""
    await page.evaluate(asks)
    lines = page.get_by_role("region", name="Services").get_by_role("listitem")
    for words in ("2 of 2 at once", "1 waiting, the longest for"):
        await expect(lines.filter(has_text="parakeet")).to_contain_text(words)
    await expect(lines.filter(has_text="vllm")).to_contain_text("works on 1 request")
    await expect(page.get_by_text("Working on 1 request now.")).to_be_visible()
    go_on.set()
    await expect(page.get_by_text("Working on 1 request now.")).to_have_count(0)


async def test_what_is_broken_comes_first_and_says_what_to_do(
    page: Page, ledger: Ledger, prefect: FakePrefect
):
    await page.set_viewport_size({"width": 390, "height": 844})
    findings = [f"{LONG} {MARKUP}"]
    write_seen(ledger, "host/spark-1", sight(findings=findings))
    away = {"reachable": False, "state": "wedged", "error": MARKUP}
    write_seen(ledger, "host/spark-2", sight(**away))
    plan_only(ledger, "r2")
    failed_swap(ledger, "r1", cause=MARKUP, advice="Lower the memory share.", now_loaded="alpha")
    write_health(ledger, "vllm", Health("failing", MARKUP, time.time(), wedged=True, next="it is restarted"))
    note_service_event(ledger, "vllm", "exhausted", LONG)

    troubles = page.locator(".trouble")
    wanted = (
        "spark-2 takes connections, but its login does not answer. With it is gone: Embeddings",
        "Chat and text (vllm) does no work, though it runs.",
        "Switching to Beta failed. Loaded now: Alpha.",
        f"spark-1: {LONG} {MARKUP}",
    )
    for place, words in enumerate(wanted):
        await expect(troubles.nth(place)).to_contain_text(words)
    await expect(troubles.nth(2)).to_contain_text("What to do: Lower the memory share.")
    await expect(page.get_by_role("region", name="What failed lately")).to_contain_text(MARKUP)
    assert await page.locator("#view b, #view img").count() == 0
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    await page.get_by_role("button", name="Try again: vllm").click()
    question = page.get_by_role("dialog", name="Try vllm again?")
    await expect(question).to_contain_text("Its restarts are counted anew.")
    assert not prefect.created
    await question.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Checking vllm: waits for its turn")).to_be_visible()
    assert prefect.created[-1]["parameters"]["service"] == "vllm"


async def test_a_lock_is_shown_and_released_only_after_a_question(page: Page, ledger: Ledger):
    take_lock(ledger, MARKUP, f"it writes {LONG}", 3600.0)
    switching = page.get_by_role("region", name="Switching")
    await expect(switching).to_contain_text(f"Only {MARKUP}, until")

    await switching.get_by_role("button", name="Release the lock").click()
    question = page.get_by_role("dialog")
    await expect(question).to_contain_text(LONG)
    assert current_lock(ledger) is not None
    async with page.expect_response("**/api/swap/lock?force=true") as released:
        await question.locator("button[type=submit]").click()
    assert (await released.value).request.method == "DELETE"
    await expect(switching).to_contain_text("Anybody: nobody holds the lock")
    assert current_lock(ledger) is None


async def test_what_nobody_knows_is_left_out_and_without_a_model_the_choices_come_next(
    page: Page, ledger: Ledger, upstream: FakeUpstream
):
    upstream.models = []
    for host in ("spark-1", "spark-2"):
        write_seen(ledger, f"host/{host}", {})
    await expect(page.get_by_text("No model is loaded", exact=True)).to_be_visible()
    await expect(page.get_by_role("article").filter(has_text="spark-1")).to_contain_text("not looked at yet")
    await expect(page.get_by_role("button", name="Switch to Alpha")).to_be_enabled()
    titles = await page.locator("#view h2").all_inner_texts()
    assert titles.index("Switch to another model") < titles.index("Services")
    words = await page.locator("#view").inner_text()
    for odd in ("null", "undefined", "NaN", "Infinity"):
        assert odd not in words
    await page.get_by_role("button", name="Switch to Alpha").click()
    await expect(page.get_by_role("dialog", name="Switch to Alpha?")).to_contain_text("no model is loaded")


FITS = [
    # share of the memory, GB available, share of the loaded model, what comes of it
    (0.5, 80, 0.0, "now"),
    (0.5, 64.5, 0.0, "never"),
    (0.5, 30, 0.4, "after"),
    (0.9, 30, 0.4, "never"),
    (0.1, 80, 0.0, "weights"),
    (None, 80, 0.0, None),
    (0.5, None, 0.0, None),
]


async def test_whether_a_model_fits_counts_what_comes_back_and_a_margin(page: Page):
    script = "async (asked) => (await import('/dashboard/panes/overview_fit.js')).memoryFit(...asked)"
    for share, available, loaded_share, fits in FITS:
        free = None if available is None else available * GB
        model = {"memory_share": share, "runs_on": ["spark-1"], "size_bytes": 20 * GB}
        loaded = {"memory_share": loaded_share, "runs_on": ["spark-1"]}
        hosts = [{"name": "spark-1", "memory": {"total": 128 * GB, "available": free}}]
        found = await page.evaluate(script, [model, loaded, hosts])
        assert (found and found["fits"]) == fits, (share, available, loaded_share)
