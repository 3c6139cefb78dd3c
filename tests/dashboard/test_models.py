"""The pane of the models: what it shows, looking for one, would it start, asking the loaded one, recipes."""

import json

from playwright.async_api import Page, expect

from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.dashboard.models_pane import asked, more, open_models
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import Call, FakeUpstream
from tests.gateway.model_files import leave_disk, leave_files

LONG = "Sehrlangermodellnamedersichnichttrennenlässt-" * 2
MARKUP = "<b>bold</b><img src=x onerror=alert(1)>"


async def test_each_model_stands_where_it_belongs_with_what_is_known_of_it(page: Page, ledger: Ledger):
    await open_models(page)
    leave_disk(ledger, "spark-1", alpha=20_000_000_000, beta=40_000_000_000, gamma=7_000_000_000)
    beta = page.locator('[data-model="beta"]')
    await expect(beta).to_contain_text("40 GB")
    await expect(beta).to_contain_text("spark-1 and spark-2")
    await expect(beta).to_contain_text("about 3 minutes")
    gamma = page.locator(".section", has=page.get_by_role("heading", name="On disk, needs set-up")).last
    await expect(gamma.get_by_role("button", name="Set up gamma")).to_be_enabled()
    half = page.locator(".model", has_text="Not complete")
    await expect(half).to_contain_text("Missing on spark-1: w.safetensors.")
    disk = page.get_by_role("region", name="Models on spark-1")
    await expect(disk.get_by_role("row").nth(1)).to_contain_text("Beta")
    await expect(disk.get_by_role("button", name="Delete Alpha on spark-1")).to_have_count(0)

    await page.get_by_label("Look for a model").fill("BETA")
    await expect(page.locator(".model")).to_have_count(1)
    await page.get_by_label("Look for a model").fill("nothing like it")
    await expect(page.get_by_text("No model fits “nothing like it”.")).to_be_visible()


async def test_odd_names_and_missing_numbers_break_nothing(page: Page, prefect: FakePrefect, ledger: Ledger):
    await open_models(page)
    odd = {"key": "odd", "name": LONG, "model": "org/odd", "description": MARKUP, "tags": [MARKUP]}
    prefect.documents["catalog"]["recipes"].append({**odd, "hosts": 9})
    prefect.documents["cluster"]["hosts"].append({"name": "spark-3", "address": "192.0.2.3"})
    write_seen(ledger, "disk/spark-2", {"models": []})
    await page.set_viewport_size({"width": 390, "height": 800})
    await page.get_by_text("that cannot run here").click()
    card = page.locator('[data-model="odd"]')
    await expect(card).to_contain_text(LONG)
    await expect(card).to_contain_text(MARKUP)
    await expect(page.locator("main img, main b")).to_have_count(0)
    await expect(page.get_by_text("Its disk was not looked at yet.").first).to_be_visible()
    await expect(page.locator("#view")).not_to_contain_text("null")
    assert await page.evaluate("document.documentElement.scrollWidth") == 390


async def test_would_it_start_is_answered_on_the_card(page: Page, prefect: FakePrefect, ledger: Ledger):
    await open_models(page)
    card = await more(page, "beta")
    await card.get_by_role("button", name="Check a start of Beta").click()
    await expect(page.get_by_role("heading", name="Checking whether Beta would start")).to_be_visible()
    assert asked(prefect) == ("validate-model/cluster", {"model": "beta"})

    run_id = next(iter(prefect.runs))
    start_run(ledger, run_id, "validate", "beta", None)
    await expect(card).to_contain_text("Checking whether it would start…")
    found = [
        {"about": "memory", "state": "fault", "sentence": "40 GiB are missing", "advice": "Stop it."},
        {"about": "port", "state": "ok", "sentence": "port 8888 is free", "advice": ""},
    ]
    result = {"message": "Beta would not start.", "startable": False, "findings": found}
    report(ledger, run_id, "result", result, state="completed", ended=1.0, result=result)
    prefect.set_state(run_id, "COMPLETED")
    await expect(card).to_contain_text("It would not start.")
    await expect(card).to_contain_text("40 GiB are missing. Stop it.")
    await card.get_by_text("1 thing that is well").click()
    await expect(card).to_contain_text("Port 8888 is free.")


async def test_the_loaded_model_is_asked_and_its_speed_told(page: Page, upstream: FakeUpstream):
    await open_models(page)

    async def speak(call: Call) -> None:
        asked_of.append(json.loads(call.body))
        await call.begin_stream()
        for delta in ({"reasoning_content": "hm"}, {"content": "I am <b>Alpha</b>."}, {"content": " Hello."}):
            event = {"choices": [{"index": 0, "delta": delta}]}
            await call.chunk(b"data: %s\n\n" % json.dumps(event).encode())
        usage = {"choices": [], "usage": {"completion_tokens": 12, "prompt_tokens": 9, "total_tokens": 21}}
        await call.chunk(b"data: %s\n\ndata: [DONE]\n\n" % json.dumps(usage).encode())
        await call.send(b"0\r\n\r\n")

    asked_of: list[dict[str, object]] = []
    upstream.script = speak
    await page.get_by_role("button", name="Test Alpha").click()
    sheet = page.get_by_role("dialog", name="Test Alpha")
    await expect(sheet.get_by_role("region", name="Answer")).to_have_text("I am <b>Alpha</b>. Hello.")
    await expect(sheet.get_by_role("status")).to_contain_text("First word after")
    await expect(sheet.get_by_role("status")).to_contain_text("(12 in all)")
    assert asked_of[0]["model"] == "alpha"

    upstream.models = ["beta"]
    await expect(page.locator(".model.loaded")).to_contain_text("Beta")
    await sheet.get_by_role("button", name="Ask it").click()
    await expect(sheet.get_by_role("status")).to_contain_text("beta")


async def test_weights_are_set_up_from_what_their_files_say(page: Page, prefect: FakePrefect, ledger: Ledger):
    await open_models(page)
    leave_disk(ledger, "spark-1", alpha=20_000_000_000, beta=40_000_000_000, gamma=7_000_000_000)
    set_up = page.get_by_role("button", name="Set up gamma")
    await set_up.click()
    await expect(page.get_by_text("has no config.json that could be read")).to_be_visible()

    leave_files(ledger, "org/gamma")
    await set_up.click()
    question = page.get_by_role("dialog", name="Set up gamma?")
    await question.get_by_text("What was found, and why").click()
    await expect(question).to_contain_text("Context length: 40960")
    await question.get_by_label("Short name").fill("beta")
    await question.get_by_role("button", name="Set it up").click()
    await expect(question.get_by_role("alert")).to_contain_text("is there already")
    await question.get_by_label("Short name").fill("gamma-1")
    await question.get_by_role("button", name="Set it up").click()
    await expect(page.locator('[data-model="gamma-1"]')).to_contain_text("Ready")
    assert prefect.documents["catalog"]["recipes"][-1]["model"] == "org/gamma"
    assert not prefect.created


async def test_a_recipe_goes_out_as_a_file_and_comes_in_from_one(page: Page, prefect: FakePrefect):
    await open_models(page)
    card = await more(page, "beta")
    await card.get_by_role("button", name="Export Beta").click()
    sheet = page.get_by_role("dialog", name="Recipe of Beta")
    text = await sheet.locator("code", has_text="recipe_version").inner_text()
    await sheet.get_by_role("button", name="Close").click()

    await page.get_by_text("Take in a recipe file").click()
    form = page.locator("form.import")
    await form.get_by_label("Or its text").fill("model: [")
    await form.get_by_role("button", name="Look at it").click()
    await expect(form.get_by_role("status")).to_contain_text("line 1")
    await form.get_by_label("Or its text").fill(
        text.replace("key: beta", "key: delta").replace("Beta", "Delta")
    )
    await form.get_by_role("button", name="Look at it").click()
    await expect(form.get_by_role("status")).to_contain_text("It holds Delta. Nothing is changed yet.")
    assert len(prefect.documents["catalog"]["recipes"]) == 2
    await form.get_by_role("button", name="Take it in").click()
    delta = await more(page, "delta")
    assert prefect.documents["catalog"]["recipes"][-1]["key"] == "delta"

    await delta.get_by_role("button", name="Remove the recipe of Delta").click()
    question = page.get_by_role("dialog", name="Remove the recipe of Delta?")
    await expect(question.get_by_role("button", name="Leave it as it is")).to_be_focused()
    await question.get_by_role("button", name="Remove it").click()
    await expect(delta).to_have_count(0)
    assert len(prefect.documents["catalog"]["recipes"]) == 2
