"""The page at the pane of the models, and the ways there that tests share."""

from playwright.async_api import Locator, Page

from tests.gateway.fake_prefect import FakePrefect


async def open_models(page: Page) -> None:
    """Show the models."""
    await page.get_by_role("link", name="Models", exact=True).click()


async def more(page: Page, key: str) -> Locator:
    """The card of a model, with everything that can be done with it in sight."""
    card = page.locator(f'[data-model="{key}"]')
    await card.get_by_text("More", exact=False).first.click()
    return card


def asked(prefect: FakePrefect) -> tuple[str, dict[str, object]]:
    """The deployment and the parameters of the one run that was asked for."""
    [body] = prefect.created
    [run] = prefect.runs.values()
    names = {number: name for name, number in prefect.others.items()}
    return names.get(run["deployment_id"], "swap-model/cluster"), body["parameters"]
