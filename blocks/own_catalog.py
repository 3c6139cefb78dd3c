"""The operator's Catalog, a block document of Prefect: changed so that no other change is lost."""

from collections.abc import Callable

import httpx

from blocks.ledger.store import Ledger
from blocks.own_document import Data, change_document, read_document
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.tolerant import read_settings

Edit = Callable[[Data], Data]
"""From the present data, `recipes` and `knobs` by recipe, to the wanted; may be asked again."""

_WHAT = "Catalog"


def change_catalog(ledger: Ledger, edit: Edit) -> Catalog:
    """
    Change it; returns what it is now.

    Raises:
        DocumentBusy: Others keep changing it.
        NoDocument: There is none.
        httpx.HTTPError, httpx.InvalidURL, ValueError: Prefect is out of reach.
    """
    data = change_document(ledger, "catalog", lambda document: edit(document.data), _WHAT, secrets=False)
    return read_settings(Catalog, data, LAUNCH_FIELDS)[0]


def catalog_data(prefect: httpx.Client) -> Data:
    """What is stored; `NoDocument` when there is none."""
    return read_document(prefect, "catalog", _WHAT, secrets=False).data
