"""The operator's Catalog, a block document of Prefect: changed so that no other change is lost."""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

import httpx

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.settings import DOCUMENT, prefect_api_url, prefect_headers
from blocks.tolerant import read_settings
from gateway.prefect_api import BUSY_PAUSES
from gateway.problem import Problem, retry_after
from gateway.records import Records
from gateway.watch import Watch

log = logging.getLogger(__name__)

Data = dict[str, Any]
"""The document as it is stored: `recipes`, a list, and `knobs` by recipe; what is unfit in it stays."""

Edit = Callable[[Data], Data]
"""From the present data to the wanted, without touching the former; may be asked again."""

TRIES = 5
WAIT_SECONDS = 5.0
CLAIM_PAUSE = 0.05


class OwnCatalog:
    """
    Changes the Catalog's document.

    Gateways take turns through a claim in the ledger; whoever writes to Prefect without one (its UI, the
    command line) is noticed when the document is not the same just before it is written.
    """

    def __init__(self, records: Records, watch: Watch) -> None:
        self._records = records
        self._watch = watch
        self._turn = asyncio.Lock()

    async def change(self, edit: Edit) -> Catalog:
        """
        Change it, and have the gateway know of the change at once.

        `Problem` 503 when Prefect or the ledger is away, 409 when others keep changing it; whatever `edit`
        raises leaves it as it is.
        """
        async with self._turn:
            catalog = await self._records.ask(_change, edit)
            self._watch.settings = replace(self._watch.settings, catalog=catalog)
            return catalog


def _change(ledger: Ledger, edit: Edit) -> Catalog:
    try:
        with _alone(ledger), _prefect() as prefect:
            return _catalog(_written(prefect, edit))
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        log.warning("the Catalog cannot be changed: %s", error)
        raise Problem(
            503,
            "Prefect, which keeps the recipes, is out of reach",
            "prefect_gone",
            headers=retry_after(5),
        ) from error


def _written(prefect: httpx.Client, edit: Edit) -> Data:
    for _ in range(TRIES):
        before = _read(prefect)
        data: Data = before.get("data") or {}
        wanted = edit(data)
        if wanted == data:
            return data
        if _read(prefect) == before:
            # Only what differs is sent: Prefect merges it by its first keys.
            changed = {name: value for name, value in wanted.items() if data.get(name) != value}
            path = f"/block_documents/{before['id']}"
            _ask(prefect, "PATCH", path, {"data": changed, "merge_existing_data": True})
            return wanted
    raise _busy()


def _read(prefect: httpx.Client) -> dict[str, Any]:
    answer = _ask(prefect, "GET", f"/block_types/slug/catalog/block_documents/name/{DOCUMENT}")
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise Problem(503, "Prefect holds no Catalog yet: start the house once (make up)", "no_catalog")
    document: dict[str, Any] = answer.json()
    return document


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
    """No other gateway changes the Catalog until the block ends."""
    until = time.monotonic() + WAIT_SECONDS
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(claim(ledger, "catalog", str(uuid.uuid4()), on_lost=lambda: None))
                break
            except Claimed:
                if time.monotonic() > until:
                    raise _busy() from None
                time.sleep(CLAIM_PAUSE)
        yield


def _busy() -> Problem:
    return Problem(409, "the Catalog is being changed by others: try again", "catalog_busy")


def _prefect() -> httpx.Client:
    url = prefect_api_url()
    return httpx.Client(base_url=url, headers=prefect_headers(), timeout=5, verify=url.startswith("https"))


def _catalog(data: Data) -> Catalog:
    return read_settings(Catalog, data, LAUNCH_FIELDS)[0]
