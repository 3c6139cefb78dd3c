"""The services: what the API says of each, every change from its question to its request, and the log."""

import time

import pytest
from playwright.async_api import Locator, Page, expect

from blocks.ledger.health import Health, write_health
from blocks.ledger.lock import take_lock
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.service_events import note_service_event
from blocks.ledger.store import Ledger
from tests.gateway.conftest import cluster_document
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

LONG = "einwohnermeldeamtsdatenverarbeitungszentrumsstandortverwaltung"
"""A name of 62 characters: no name may be longer than 63."""

MARKUP = "<b>bold</b> <img src=x onerror=alert(1)>"


@pytest.fixture
def prefect(prefect: FakePrefect, upstream: FakeUpstream) -> FakePrefect:
    """A cluster with speech that answers, and a service of a long name that does not."""
    cluster = cluster_document(upstream.port, parakeet=upstream.port, embeddings=9)
    odd = {"name": LONG, "kind": "http", "host": "spark-2", "port": 9, "container": LONG}
    prefect.documents["cluster"] = {**cluster, "services": [*cluster["services"], odd]}
    return prefect


@pytest.fixture
def known(ledger: Ledger) -> Ledger:
    """Containers, checks and events, with markup in every text from outside."""
    now = time.time()
    running = {"name": "parakeet", "state": "running", "status": "Up 2 hours", "restarts": 3,
               "started_at": "2026-01-01T00:00:00.1Z"}  # fmt: skip
    odd = {"name": LONG, "state": "exited", "status": MARKUP, "restarts": None, "started_at": None}
    sight = {"reachable": True, "state": "well", "error": "", "facts_at": now, "containers": [running, odd]}
    write_seen(ledger, "host/spark-2", sight)
    write_seen(ledger, "traffic/parakeet", {"good_at": now - 600})
    write_health(ledger, "parakeet", Health("well", "", now - 120, latency_seconds=0.84))
    write_health(ledger, LONG, Health("failing", MARKUP, now - 60, wedged=True, next=MARKUP))
    for _ in range(3):
        note_service_event(ledger, "embeddings", "restarted", "it was wedged")
    note_service_event(ledger, "embeddings", "exhausted", MARKUP)
    return ledger


@pytest.fixture
def card(page: Page):
    """The card of a service by its name."""

    def of(name: str) -> Locator:
        return page.locator(f"[data-service='{name}']")

    return of


async def open_pane(page: Page) -> None:
    await page.get_by_role("navigation").get_by_role("link", name="Services").click()
    await expect(page.locator("[data-service]")).to_have_count(4)


async def say_yes(page: Page, title: str, yes: str) -> None:
    question = page.get_by_role("dialog", name=title)
    await question.get_by_role("button", name=yes, exact=True).click()


def end(ledger: Ledger, prefect: FakePrefect, kind: str, name: str, state: str = "completed") -> None:
    """The run that was asked for has ended."""
    run_id = list(prefect.runs)[-1]
    prefect.set_state(run_id, state.upper())
    start_run(ledger, run_id, kind, name, None)
    said = {"state": state, "message": "That is all."}
    report(
        ledger, run_id, "result", said, state=state, message="That is all.", ended=time.time(), result=said
    )


async def test_container_answer_and_work_are_told_apart_and_odd_data_breaks_nothing(
    known: Ledger, page: Page, card
):
    await page.set_viewport_size({"width": 390, "height": 844})
    await open_pane(page)
    well, odd, given_up = card("parakeet"), card(LONG), card("embeddings")

    told = (
        "Speech to text", "Docker restarted it 3 times", "It does its work, in 0.8 seconds", "10 minutes ago",
        "0 of 3 in 30 minutes", "Takes 2 at once", "Writes down what is spoken",
    )  # fmt: skip
    for words in told:
        await expect(well).to_contain_text(words)
    for words in (f"Has ended: {MARKUP}", f"{MARKUP}; its GPU context is dead", f"Next: {MARKUP}"):
        await expect(odd).to_contain_text(words)
    await expect(given_up).to_contain_text(
        "It was restarted 3 times within 30 minutes, and that is all it may."
    )
    await expect(given_up).to_contain_text("There is none")
    assert await page.locator("#view b, #view img").count() == 0
    assert "null" not in (await page.locator("#view").inner_text())
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_restart_asks_first_sends_its_reason_and_is_followed_to_its_end(
    known: Ledger, page: Page, card, prefect: FakePrefect
):
    await open_pane(page)
    await page.get_by_role("button", name="Restart: parakeet").click()
    question = page.get_by_role("dialog", name="Restart parakeet?")
    for words in ("Writing down speech.", "Usually less than a minute", "The run says why"):
        await expect(question).to_contain_text(words)
    assert not prefect.created
    await question.get_by_label("Why").fill("a test")
    await say_yes(page, "Restart parakeet?", "Restart")

    await expect(page.get_by_text("It is about to begin.")).to_be_visible()
    parameters = prefect.created[-1]["parameters"]
    assert (parameters["service"], parameters["reason"], parameters["approval"]) == (
        "parakeet", "a test", "none",
    )  # fmt: skip
    start_run(known, list(prefect.runs)[-1], "restart", "parakeet", None)
    prefect.set_state(list(prefect.runs)[-1], "RUNNING")
    await expect(page.get_by_role("button", name="Stop: parakeet")).to_be_disabled()
    end(known, prefect, "restart", "parakeet")
    await expect(page.get_by_role("heading", name="parakeet runs again")).to_be_visible()
    await expect(page.get_by_role("button", name="Stop: parakeet")).to_be_enabled()


async def test_a_refusal_is_told_in_words_and_no_changes_nothing(
    known: Ledger, page: Page, prefect: FakePrefect
):
    take_lock(known, "batch", "training", 600)
    await open_pane(page)
    await page.get_by_role("button", name="Stop: parakeet").click()
    question = page.get_by_role("dialog", name="Stop parakeet?")
    await expect(question).to_contain_text("batch holds the GPU until")
    await say_yes(page, "Stop parakeet?", "Stop")
    await expect(question.get_by_role("alert")).to_contain_text("batch")
    await question.get_by_role("button", name="Leave it as it is").click()

    await expect(page.get_by_role("button", name="Stop: parakeet")).to_be_focused()
    assert not prefect.created


async def test_checks_are_asked_for_and_what_was_given_up_is_taken_up_again(
    known: Ledger, page: Page, prefect: FakePrefect
):
    await open_pane(page)
    await page.get_by_role("button", name="Check now: parakeet").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Asks it to write down a spoken sentence.")
    await page.get_by_label("Restart what fails").uncheck()
    await say_yes(page, "Check parakeet?", "Check now")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    end(known, prefect, "deep-check", "parakeet")
    await expect(page.get_by_role("heading", name="The check is done")).to_be_visible()
    await page.get_by_role("button", name="Check all").click()
    await say_yes(page, "Check every service?", "Check now")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("button", name="Try again: embeddings").click()
    await say_yes(page, "Try embeddings again?", "Try again")
    await expect(page.get_by_role("button", name="Try again: embeddings")).to_be_hidden()

    asked = [(run["parameters"]["service"], run["parameters"]["heal"]) for run in prefect.created]
    assert asked == [("parakeet", False), ("all", True), ("embeddings", True)]


async def test_a_service_is_added_hidden_shown_and_removed(
    known: Ledger, page: Page, card, prefect: FakePrefect
):
    await open_pane(page)
    await page.get_by_role("button", name="Add a service").click()
    question = page.get_by_role("dialog", name="Add a service")
    for label, value in (("Name", "parakeet"), ("Port", "8010"), ("Container", "whisper")):
        await question.get_by_label(label, exact=True).fill(value)
    await question.get_by_label("What it does").select_option("stt")
    await question.get_by_label("Host").select_option("spark-2")
    await say_yes(page, "Add a service", "Add")
    await expect(question.get_by_role("alert")).to_contain_text("there is a service parakeet already")
    await question.get_by_label("Name").fill("whisper")
    await say_yes(page, "Add a service", "Add")
    await expect(card("whisper")).to_contain_text("On spark-2, port 8010")

    await card("whisper").get_by_text("Hide or remove").click()
    await page.get_by_role("button", name="Hide: whisper").click()
    await say_yes(page, "Hide whisper?", "Hide")
    await expect(page.get_by_text("Hidden services (1)")).to_be_visible()
    await page.get_by_text("Hidden services (1)").click()
    await page.get_by_role("button", name="Remove: whisper").click()
    await expect(page.get_by_role("dialog")).to_contain_text(
        "Its container whisper on spark-2: it is not touched."
    )
    await say_yes(page, "Remove whisper from the list?", "Remove")
    await expect(card("whisper")).to_have_count(0)
    names = [service["name"] for service in prefect.documents["cluster"]["services"]]
    assert names == ["vllm", "parakeet", "embeddings", LONG]


async def test_a_log_is_read_when_it_is_opened_and_followed_on_demand(
    known: Ledger, page: Page, card, prefect: FakePrefect
):
    def work(run_id: str) -> None:
        follows = prefect.created[-1]["parameters"]["follow_seconds"] > 0
        start_run(known, run_id, "logs", "parakeet", None)
        report(known, run_id, "log", {"lines": [{"host": "spark-2", "line": "new" if follows else MARKUP}]})
        prefect.set_state(run_id, "RUNNING")
        if not follows:
            end(known, prefect, "logs", "parakeet")

    prefect.on_created = work
    await open_pane(page)
    await card("parakeet").get_by_text("Log", exact=True).click()
    await expect(card("parakeet").get_by_role("log")).to_have_text(f"spark-2  {MARKUP}")
    await expect(card("parakeet")).to_contain_text("The last 1 line, read at")
    await page.get_by_role("button", name="Follow the log of parakeet").click()
    await expect(card("parakeet").get_by_role("log")).to_have_text("spark-2  new")
    await page.get_by_role("navigation").get_by_role("link", name="Connectivity").click()
    await page.wait_for_function("() => !document.querySelector('[data-service]')")
    while prefect.runs[list(prefect.runs)[-1]]["state"]["type"] != "CANCELLING":
        await page.evaluate("fetch('/health').then(() => null)")
