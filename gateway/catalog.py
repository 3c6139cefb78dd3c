"""The operator's Catalog as the gateway changes it: with the problems that a client is told."""

import asyncio
import logging
from dataclasses import replace

import httpx

from blocks.own_catalog import Edit, change_catalog
from blocks.own_document import DocumentBusy, NoDocument
from blocks.recipe import Catalog
from gateway.problem import Problem, retry_after
from gateway.records import Records
from gateway.watch import Watch

log = logging.getLogger(__name__)


class OwnCatalog:
    """Changes the Catalog's document, one change after the other."""

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
            catalog = await self._changed(edit)
            self._watch.settings = replace(self._watch.settings, catalog=catalog)
            return catalog

    async def _changed(self, edit: Edit) -> Catalog:
        try:
            return await self._records.ask(change_catalog, edit)
        except DocumentBusy as error:
            raise Problem(409, str(error), "catalog_busy") from None
        except NoDocument as error:
            raise Problem(503, str(error), "no_catalog") from None
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            log.warning("the Catalog cannot be changed: %s", error)
            message = "Prefect, which keeps the recipes, is out of reach"
            raise Problem(503, message, "prefect_gone", headers=retry_after(5)) from error
