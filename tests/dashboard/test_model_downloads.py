"""Getting models and making room for them, from the dashboard."""

from playwright.async_api import Page, expect

from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.dashboard.models_pane import asked, more, open_models
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.model_files import leave_disk


async def test_the_rest_of_a_model_is_downloaded_and_followed_on_its_card(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    await open_models(page)
    part = {"model": "org/beta", "bytes": 3_000_000_000, "disk_bytes": 3_000_000_000, "complete": False}
    write_seen(ledger, "disk/spark-1", {"models": [part], "free_bytes": 900_000_000_000})
    card = page.locator('[data-model="beta"]')
    await expect(card).to_contain_text("a part on spark-1 (3.0 GB)")
    await page.get_by_role("button", name="Download the rest of Beta").click()
    question = page.get_by_role("dialog", name="Download Beta?")
    await expect(question).to_contain_text("org/beta")
    await expect(question).to_contain_text("Nothing: the loaded model goes on answering.")
    await expect(question.get_by_label("spark-1: has 3.0 GB of it, 900 GB free")).to_be_checked()
    await expect(question.get_by_label("spark-2: has it already, 900 GB free")).not_to_be_checked()
    await question.get_by_label("spark-1").uncheck()
    await question.get_by_role("button", name="Download", exact=True).click()
    await expect(question.get_by_role("alert")).to_have_text("Tick at least one host.")
    await question.get_by_label("spark-1").check()
    await question.get_by_role("button", name="Download", exact=True).click()
    await expect(page.get_by_role("heading", name="Downloading org/beta")).to_be_visible()
    name, parameters = asked(prefect)
    assert name == "download-model/cluster"
    assert (parameters["repo"], parameters["hosts"], parameters["way"]) == ("org/beta", ["spark-1"], "copy")

    run_id = next(iter(prefect.runs))
    prefect.set_state(run_id, "RUNNING")
    start_run(ledger, run_id, "download", "org/beta", None)
    phase = {"phase": "downloading", "progress": 0.25, "message": "10 of 40 GB"}
    report(ledger, run_id, "phase", phase, **phase)
    await expect(card).to_contain_text("10 of 40 GB")
    await expect(card.get_by_role("img", name="25 % downloaded")).to_be_visible()


async def test_another_model_is_got_by_its_address_also_only_as_a_plan(page: Page, prefect: FakePrefect):
    await open_models(page)
    form = page.locator("form.get-model")
    await form.get_by_label("Its name or address").fill("just a word")
    await form.get_by_role("button", name="Get it").click()
    await expect(form.get_by_role("alert")).to_contain_text("it looks like org/name")
    await form.get_by_label("Its name or address").fill("org/alpha")
    await form.get_by_role("button", name="Get it").click()
    await expect(page.get_by_text("Alpha is on the list already: it is loaded.")).to_be_visible()

    address = "https://huggingface.co/Some-Org/New.Model_1/tree/main?x=1"
    await form.get_by_label("Its name or address").fill(address)
    await form.get_by_role("button", name="Get it").click()
    question = page.get_by_role("dialog", name="Download Some-Org/New.Model_1?")
    await expect(question.get_by_role("button", name="Leave it as it is")).to_be_focused()
    await question.get_by_text("More choices").click()
    await question.get_by_label("Which way").select_option("each")
    await question.get_by_label("A certain version").fill("v1..2")
    await question.get_by_label("How to go about it").select_option("Only tell me what would be done")
    await question.get_by_role("button", name="Download", exact=True).click()
    await expect(question.get_by_role("alert")).to_contain_text("no branch, tag or commit")
    await question.get_by_label("A certain version").fill("v1.2")
    await question.get_by_role("button", name="Download", exact=True).click()
    await expect(question).to_be_hidden()
    assert asked(prefect)[1] == {
        "repo": "Some-Org/New.Model_1", "hosts": ["spark-1", "spark-2"], "way": "each",
        "revision": "v1.2", "dry_run": True, "approval": "none",
    }  # fmt: skip


async def test_weights_are_deleted_after_a_question_that_names_their_bytes(page: Page, prefect: FakePrefect):
    await open_models(page)
    card = await more(page, "beta")
    await card.get_by_role("button", name="Delete from disk: Beta").click()
    question = page.get_by_role("dialog", name="Delete Beta from disk?")
    await expect(question).to_contain_text("40 GB on spark-1 and 40 GB on spark-2, 80 GB in all.")
    await expect(question.get_by_role("button", name="Leave it as it is")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(question).to_be_hidden()
    assert not prefect.created

    await page.get_by_role("button", name="Delete Beta on spark-2, 40 GB").click()
    await expect(question).to_contain_text("Frees40 GB on spark-2.")
    await question.get_by_role("button", name="Delete", exact=True).click()
    await expect(page.get_by_role("heading", name="Deleting org/beta")).to_be_visible()
    name, parameters = asked(prefect)
    assert name == "delete-weights/cluster"
    assert (parameters["model"], parameters["hosts"]) == ("org/beta", ["spark-2"])


async def test_what_is_loaded_is_not_deleted_and_a_refusal_is_said(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    await open_models(page)
    leave_disk(ledger, "spark-1", alpha=20_000_000_000, beta=40_000_000_000)
    loaded = await more(page, "alpha")
    await expect(loaded.get_by_role("button", name="Delete from disk: Alpha")).to_be_disabled()
    beta = await more(page, "beta")
    await beta.get_by_role("button", name="Delete from disk: Beta").click()
    start_run(ledger, prefect.add_run("RUNNING", "beta"), "swap", "beta", None)
    await expect(page.get_by_text("Switching to Beta")).to_be_visible()
    question = page.get_by_role("dialog", name="Delete Beta from disk?")
    await question.get_by_role("button", name="Delete", exact=True).click()
    await expect(question.get_by_role("alert")).to_contain_text(
        "a swap to beta is under way: delete after it"
    )
    assert not prefect.created
