"""The settings of a model on the dashboard: what each comes to, changing one, and taking it back."""

from playwright.async_api import Page, expect

from blocks.ledger.store import Ledger
from tests.dashboard.models_pane import more, open_models
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.model_files import leave_files


async def test_a_setting_is_changed_with_its_effect_and_taken_back(
    page: Page, prefect: FakePrefect, ledger: Ledger
):
    leave_files(ledger, "org/beta")
    await open_models(page)
    card = await more(page, "beta")
    await card.get_by_role("button", name="Settings of Beta").click()
    sheet = page.get_by_role("dialog", name="Settings of Beta")
    length = sheet.locator('[data-flag="--max-model-len"]')
    await expect(length).to_contain_text("As long as the model itself allows.")
    await length.get_by_label("Context length").fill("131072")
    await expect(length).to_contain_text("said once it is saved")
    await sheet.get_by_label("Prefix caching").select_option("Off")
    await sheet.get_by_role("button", name="Save").click()
    await expect(sheet.get_by_role("status")).to_contain_text(
        "It holds from the next switch to this model on."
    )
    await expect(length).to_contain_text("131,072 tokens = about 250 pages")
    await expect(length).to_contain_text("Your value")
    kept = prefect.documents["catalog"]["knobs"]["beta"]
    assert kept == {"--max-model-len": "131072", "--enable-prefix-caching": False}

    await length.get_by_role("button", name="Context length: back to the model").click()
    await sheet.get_by_role("button", name="Save").click()
    await expect(length).to_contain_text("As long as the model itself allows.")
    assert prefect.documents["catalog"]["knobs"]["beta"] == {"--enable-prefix-caching": False}
    await expect(card.get_by_role("button", name="Switch to Beta")).to_be_enabled()
    await sheet.get_by_role("button", name="Close").click()
    await expect(card.get_by_role("button", name="Settings of Beta")).to_be_focused()
    assert not prefect.created


async def test_a_value_that_does_not_fit_is_told_at_its_field(page: Page, prefect: FakePrefect):
    await open_models(page)
    card = await more(page, "beta")
    await card.get_by_role("button", name="Settings of Beta").click()
    sheet = page.get_by_role("dialog", name="Settings of Beta")
    await sheet.get_by_label("Share of the memory").fill("lots")
    await sheet.get_by_role("button", name="Save").click()
    share = sheet.locator('[data-flag="--gpu-memory-utilization"]')
    await expect(share.get_by_role("alert")).to_contain_text(
        "Share of the memory cannot be 'lots': allowed is a share above 0"
    )
    await expect(share.get_by_label("Share of the memory")).to_be_focused()
    await share.get_by_label("Share of the memory").fill("0.5")
    await sheet.get_by_label("Guessing ahead").fill("mtp")
    await sheet.get_by_role("button", name="Save").click()
    guess = sheet.locator('[data-flag="--speculative-config"]')
    await expect(guess.get_by_role("alert")).to_contain_text("this is not JSON")
    assert "knobs" not in prefect.documents["catalog"]


async def test_settings_of_the_loaded_model_hold_once_it_is_loaded_anew(page: Page, prefect: FakePrefect):
    await open_models(page)
    card = await more(page, "alpha")
    await card.get_by_role("button", name="Settings of Alpha").click()
    sheet = page.get_by_role("dialog", name="Settings of Alpha")
    await sheet.get_by_label("Requests at once").fill("4")
    await sheet.get_by_role("button", name="Save").click()
    await expect(sheet.get_by_role("status")).to_contain_text("goes on with the old values")
    await sheet.get_by_role("button", name="Load it anew now").click()
    question = page.get_by_role("dialog", name="Load Alpha anew?")
    await expect(question).to_contain_text("Alpha. Answers that are being written")
    await question.get_by_role("button", name="Load it anew").click()
    await expect(page.get_by_role("heading", name="Switching to Alpha")).to_be_visible()
    parameters = prefect.created[0]["parameters"]
    assert (parameters["model"], parameters["force"]) == ("alpha", True)
