"""The settings as a person changes them in a browser: validated before they are kept, none of them lost."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError

from blocks.cluster import Cluster, faults_of
from blocks.ledger.journal import note
from blocks.ledger.store import Ledger
from blocks.own_document import Data, Document, NoDocument, change_document, read_document
from blocks.setting_fields import KINDS, MASK, BlockView, default_of, is_secret, masked, show, version_of
from blocks.settings import prefect_client
from blocks.tolerant import read_settings, without_blanks
from blocks.upstream_keys import read_upstream_keys

LONGEST_NOTED = 500
"""Characters of a value that the journal keeps whole."""


class UnknownBlock(LookupError):
    """There is no such block."""

    def __init__(self, block: str) -> None:
        super().__init__(f"there are no settings {block!r} (known: {', '.join(KINDS)})")


class Changed(Exception):
    """Somebody else has changed the block since it was read; `now` is what it is."""

    def __init__(self, now: BlockView) -> None:
        super().__init__("somebody else has changed these settings since you read them: look at them again")
        self.now = now


class Unfit(Exception):
    """Values that cannot be kept; nothing was changed."""

    def __init__(self, faults: list[tuple[str, str]], now: BlockView) -> None:
        super().__init__("; ".join(f"{place}: {why}" for place, why in faults))
        self.faults = faults
        self.now = now


@dataclass(frozen=True)
class Step:
    """One field before and after a change, secrets masked."""

    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """What came of a change: the fields that differ, and the block as it is now."""

    fields: dict[str, Step]
    now: BlockView


@dataclass
class Wish:
    """
    What is to be changed.

    Attributes:
        values: Of some fields, or what makes them of the present data.  None in a field's place is its
            default, `MASK` in a secret's place leaves it as it is.
        version: Of the block as it was read; None: whatever it is by now.
        who: For the journal.
    """

    block: str
    values: Mapping[str, Any] | Callable[[Data], Mapping[str, Any]]
    version: str | None = None
    who: str = ""
    _before: Document = field(default_factory=lambda: Document("", {}))

    def edit(self, document: Document) -> Data:
        """The wanted data; `Changed` or `Unfit` say why not."""
        self._before = document
        if self.version is not None and self.version != version_of(document):
            raise Changed(show(self.block, document))
        values = self.values(document.data) if callable(self.values) else self.values
        wanted = {
            **document.data,
            **{name: self._kept(name, value, document.data) for name, value in values.items()},
        }
        if faults := faults_in(self.block, document.data, wanted, values):
            raise Unfit(faults, show(self.block, document))
        return wanted

    def change(self, wanted: Data) -> Change:
        """What came of it, once the data is as wanted."""
        before, after = self._before.data, Document(self._before.id, wanted)
        steps = {
            name: Step(self._told(name, before.get(name)), self._told(name, value))
            for name, value in wanted.items()
            if before.get(name) != value
        }
        return Change(steps, show(self.block, after))

    def _kept(self, name: str, value: Any, present: Data) -> Any:
        if name not in KINDS[self.block].model.model_fields:
            return value  # it is refused by its name
        if value is None:
            return default_of(self.block, name)
        return unmasked(value, present.get(name)) if is_secret(self.block, name) else value

    def _told(self, name: str, value: Any) -> Any:
        return masked(value) if is_secret(self.block, name) else value


def show_settings() -> list[BlockView]:
    """
    Every block as it is now; one that does not exist yet is left out.

    Raises:
        httpx.HTTPError, httpx.InvalidURL, ValueError: Prefect is out of reach.
    """
    views = []
    with prefect_client() as prefect:
        for block, kind in KINDS.items():
            with suppress(NoDocument):
                views.append(show(block, read_document(prefect, block, kind.what, secrets=True)))
    return views


def change_settings(ledger: Ledger, wish: Wish) -> Change:
    """
    Keep some values of a block, and write down in the journal that it was done, without secrets.

    Raises:
        UnknownBlock: There is no such block.
        Unfit, Changed: Nothing was changed.
        DocumentBusy, NoDocument, httpx.HTTPError, httpx.InvalidURL, ValueError: As in `change_document`.
    """
    kind = KINDS.get(wish.block)
    if kind is None:
        raise UnknownBlock(wish.block)
    change = wish.change(change_document(ledger, wish.block, wish.edit, kind.what, secrets=True))
    if change.fields:
        told = {name: [_short(step.before), _short(step.after)] for name, step in change.fields.items()}
        with ledger.write() as connection:
            note(connection, "settings-changed", {"block": wish.block, "who": wish.who, "fields": told})
    return change


def unmasked(value: Any, stored: Any) -> Any:
    """A value that was sent, with the stored secret in the place of each mask (pure)."""
    if isinstance(value, Mapping):
        kept = stored if isinstance(stored, Mapping) else {}
        return {name: unmasked(each, kept.get(name)) for name, each in value.items()}
    return stored if value == MASK and stored is not None else value


def faults_in(block: str, before: Data, wanted: Data, changed: Iterable[str]) -> list[tuple[str, str]]:
    """What is wrong with the changed fields, pairs of place and reason; others are not judged (pure)."""
    model, names = KINDS[block].model, set(changed)
    faults = [(name, f"there is no such setting in {block!r}") for name in names - set(model.model_fields)]
    faults += [
        (name, "nothing is kept that the stars could stand for")
        for name in names & set(model.model_fields)
        if is_secret(block, name) and _holds_mask(wanted.get(name))
    ]
    cleaned = without_blanks(wanted)
    if block == "upstream-keys":
        faults += [("keys", said) for said in read_upstream_keys(cleaned, cleaned.get("keys") or ())[1]]
    try:
        made = model.model_validate(cleaned)
    except ValidationError as error:
        return faults + [_fault(block, each) for each in error.errors() if _concerns(each, names)]
    for name in names & set(model.model_fields):
        faults += _unknown(cleaned.get(name), getattr(made, name), name)
    if isinstance(made, Cluster):
        old = faults_of(read_settings(Cluster, before)[0])
        place = "services" if "services" in names else "hosts"
        faults += [(place, fault) for fault in faults_of(made) if fault not in old]
    return faults


def _concerns(error: Any, names: set[str]) -> bool:
    return not error["loc"] or error["loc"][0] in names


def _fault(block: str, error: Any) -> tuple[str, str]:
    place = ".".join(str(step) for step in error["loc"] if step != "[key]")
    if error["loc"] and is_secret(block, str(error["loc"][0])):
        return place, "it has to be text"
    return place or block, str(error["msg"]).removeprefix("Value error, ")[:300]


def _unknown(given: Any, made: Any, place: str) -> list[tuple[str, str]]:
    """Names within items that mean nothing: a typing error would be dropped without a word."""
    if isinstance(made, BaseModel) and isinstance(given, Mapping):
        known = type(made).model_fields
        found = [(f"{place}.{name}", "there is no such setting") for name in given if name not in known]
        for name in known:
            found += _unknown(given.get(name), getattr(made, name), f"{place}.{name}")
        return found
    if isinstance(made, list) and isinstance(given, list):
        pairs = enumerate(zip(given, made, strict=False))
        return [fault for at, (one, other) in pairs for fault in _unknown(one, other, f"{place}.{at}")]
    return []


def _holds_mask(value: Any) -> bool:
    return any(map(_holds_mask, value.values())) if isinstance(value, Mapping) else value == MASK


def _short(value: Any) -> Any:
    """The value, or the beginning of its text where it is long."""
    text = json.dumps(value, default=str)
    return value if len(text) <= LONGEST_NOTED else f"{text[:LONGEST_NOTED]}…"
