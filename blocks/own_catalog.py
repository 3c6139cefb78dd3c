"""The operator's Catalog, a block document of Prefect: changed so that no other change is lost."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.settings import BUSY_PAUSES, DOCUMENT, prefect_client
from blocks.tolerant import read_settings

Data = dict[str, Any]
"""The document as it is stored: `recipes`, a list, and `knobs` by recipe; what is unfit in it stays."""

Edit = Callable[[Data], Data]
"""From the present data to the wanted, without touching the former; may be asked again."""

TRIES = 5
WAIT_SECONDS = 5.0
CLAIM_PAUSE = 0.05


class CatalogBusy(Exception):
    """Others keep changing it."""

    def __init__(self) -> None:
        super().__init__("the Catalog is being changed by others: try again")


class NoCatalog(Exception):
    """Prefect has none yet."""

    def __init__(self) -> None:
        super().__init__("Prefect holds no Catalog yet: start the house once (make up)")


def change_catalog(ledger: Ledger, edit: Edit) -> Catalog:
    """
    Change it; returns what it is now.

    Those who write take turns through a claim in the ledger; whoever writes to Prefect without one (its UI)
    is noticed when the document is not the same just before it is written.

    Raises:
        CatalogBusy: Others keep changing it.
        NoCatalog: There is none.
        httpx.HTTPError, httpx.InvalidURL, ValueError: Prefect is out of reach.
    """
    with _alone(ledger), prefect_client() as prefect:
        return read_settings(Catalog, _written(prefect, edit), LAUNCH_FIELDS)[0]


def catalog_document(prefect: httpx.Client) -> Data:
    """The whole block document; `NoCatalog` when there is none."""
    answer = _ask(prefect, "GET", f"/block_types/slug/catalog/block_documents/name/{DOCUMENT}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NoCatalog
    document: Data = answer.json()
    return document


def _written(prefect: httpx.Client, edit: Edit) -> Data:
    for _ in range(TRIES):
        before = catalog_document(prefect)
        data: Data = before.get("data") or {}
        wanted = edit(data)
        if wanted == data:
            return data
        if catalog_document(prefect) == before:
            # Only what differs is sent: Prefect merges it by its first keys.
            changed = {name: value for name, value in wanted.items() if data.get(name) != value}
            path = f"/block_documents/{before['id']}"
            _ask(prefect, "PATCH", path, {"data": changed, "merge_existing_data": True})
            return wanted
    raise CatalogBusy


def _ask(prefect: httpx.Client, method: str, path: str, body: Data | None = None) -> httpx.Response:
    answer = prefect.request(method, path, json=body)
    for pause in BUSY_PAUSES:
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            break
        time.sleep(pause)
        answer = prefect.request(method, path, json=body)
    return answer if answer.status_code == httpx.codes.NOT_FOUND else answer.raise_for_status()


@contextmanager
def _alone(ledger: Ledger) -> Iterator[None]:
    """Nobody else changes the Catalog until the block ends."""
    until = time.monotonic() + WAIT_SECONDS
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(claim(ledger, "catalog", str(uuid.uuid4()), on_lost=lambda: None))
                break
            except Claimed:
                if time.monotonic() > until:
                    raise CatalogBusy from None
                time.sleep(CLAIM_PAUSE)
        yield
