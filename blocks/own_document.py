"""A block document of Prefect with what the operator set: changed so that no other change is lost."""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from blocks.ledger.claim import Claimed, claim
from blocks.ledger.store import Ledger
from blocks.prefect_http import ask
from blocks.settings import DOCUMENT, prefect_client

Data = dict[str, Any]
"""The document's data as it is stored; what is unfit in it stays."""

TRIES = 5
WAIT_SECONDS = 5.0
CLAIM_PAUSE = 0.05


@dataclass(frozen=True)
class Document:
    """A block document: its id, which nobody can guess, and its data."""

    id: str
    data: Data


Edit = Callable[[Document], Data]
"""From the present document to the wanted data, without touching the former; may be asked again."""


class DocumentBusy(Exception):
    """Others keep changing it."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is being changed by others: try again")


class NoDocument(Exception):
    """Prefect has none yet."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Prefect holds no {what} yet: start the house once (make up)")


def change_document(ledger: Ledger, kind: str, edit: Edit, what: str, *, secrets: bool) -> Data:
    """
    Change it; returns the data as it is now.

    Those who write take turns through a claim in the ledger; whoever writes to Prefect without one (its UI)
    is noticed when the document is not the same just before it is written.

    Args:
        ledger: Where the claim is.
        kind: Slug of the block's type.
        edit: What is to change.
        what: What people call it.
        secrets: The data holds secrets, which have to be read with it.

    Raises:
        DocumentBusy: Others keep changing it.
        NoDocument: There is none.
        httpx.HTTPError, httpx.InvalidURL, ValueError: Prefect is out of reach.
    """
    with _alone(ledger, kind, what), prefect_client() as prefect:
        for _ in range(TRIES):
            before = read_document(prefect, kind, what, secrets=secrets)
            wanted = edit(before)
            if wanted == before.data:
                return before.data
            if read_document(prefect, kind, what, secrets=secrets) == before:
                # Only what differs is sent: Prefect merges it by its first keys.
                changed = {name: value for name, value in wanted.items() if before.data.get(name) != value}
                body = {"data": changed, "merge_existing_data": True}
                ask(prefect, "PATCH", f"/block_documents/{before.id}", body)
                return wanted
    raise DocumentBusy(what)


def read_document(prefect: httpx.Client, kind: str, what: str, *, secrets: bool) -> Document:
    """The document as it is now; `NoDocument` when there is none."""
    path = f"/block_types/slug/{kind}/block_documents/name/{DOCUMENT}"
    answer = ask(prefect, "GET", path, params={"include_secrets": "true"} if secrets else None)
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise NoDocument(what)
    said = answer.json()
    return Document(str(said["id"]), said.get("data") or {})


@contextmanager
def _alone(ledger: Ledger, name: str, what: str) -> Iterator[None]:
    """Nobody else changes the document until the block ends."""
    until = time.monotonic() + WAIT_SECONDS
    with ExitStack() as held:
        while True:
            try:
                held.enter_context(claim(ledger, name, str(uuid.uuid4()), on_lost=lambda: None))
                break
            except Claimed:
                if time.monotonic() > until:
                    raise DocumentBusy(what) from None
                time.sleep(CLAIM_PAUSE)
        yield
