"""The menu: what can be swapped to, from what lies on the disks and what there are recipes for (pure)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from blocks.cluster import Cluster
from blocks.ledger.seen import Sight
from blocks.recipe import Catalog, Recipe, key_for

DISK = "disk/"
"""Subjects of the ledger under which the observer writes each host's models."""

FILES = "files/"
"""Subjects of the ledger under which it writes the small files of each host's models; see `files_subject`."""

MOST_SUBJECT = 120

EntryState = Literal["ready", "incomplete", "needs setup", "not on disk"]


@dataclass(frozen=True)
class OnDisk:
    """
    One model as a host's disk holds it.

    Attributes:
        model: Repo (org/name) or folder (~/models/name).
        bytes: Size of its files, as far as they are there.
        revision: Commit of the snapshot; blank for a folder.
        missing: Files that are not there or not whole.
        disk_bytes: What all of it takes on disk, older snapshots and unfinished files included.
        partial_bytes: Of these, what belongs to unfinished files.
    """

    model: str
    bytes: int
    complete: bool
    revision: str = ""
    missing: tuple[str, ...] = ()
    disk_bytes: int = 0
    partial_bytes: int = 0


@dataclass(frozen=True)
class Entry:
    """
    One line of the menu.

    Attributes:
        key: What is swapped to; for a model without a recipe, the key it would get.
        hosts: Where all of its weights are.
        why: In plain words why it cannot be swapped to; blank when it can.
        on_disk: Bytes on disk by host, halves of downloads included.
    """

    key: str
    model: str
    title: str
    state: EntryState
    bytes: int
    hosts: tuple[str, ...]
    recipe: Recipe | None
    why: str = ""
    on_disk: Mapping[str, int] = field(default_factory=dict)


def files_subject(host: str, model: str) -> str:
    """
    Where the ledger has a model's config.json and its like, as that host holds them.

    The data: `model`, `digest`, and `texts`, file name to text; files over 256 KiB are left out.
    """
    subject = f"{FILES}{host}/{model}"
    if len(subject) <= MOST_SUBJECT:
        return subject
    return f"{subject[: MOST_SUBJECT - 33]}~{hashlib.sha256(model.encode()).hexdigest()[:32]}"


def disks_from(sights: Mapping[str, Sight]) -> dict[str, list[OnDisk]]:
    """Models by host name, from what the observer wrote."""
    return {
        subject.removeprefix(DISK): [_on_disk(model) for model in sight.data.get("models", [])]
        for subject, sight in sorted(sights.items())
    }


def make_menu(cluster: Cluster, catalog: Catalog, disks: Mapping[str, list[OnDisk]]) -> list[Entry]:
    """
    Everything on disk, and every recipe; those that can be swapped to come first.

    Two recipes for the same weights are two entries; weights without a recipe are one that needs setup.
    """
    entries = [_entry(recipe, cluster, disks) for recipe in catalog.menu.values()]
    known = {recipe.model for recipe in catalog.menu.values()}
    strangers = sorted({disk.model for models in disks.values() for disk in models} - known)
    entries += [_stranger(model, disks) for model in strangers]
    order: dict[str, int] = {"ready": 0, "needs setup": 1, "incomplete": 2, "not on disk": 3}
    return sorted(entries, key=lambda entry: (order[entry.state], entry.key))


def swappable(menu: list[Entry]) -> list[str]:
    """The keys that can be swapped to now: the choices of the run form."""
    return [entry.key for entry in menu if entry.state == "ready"]


def _entry(recipe: Recipe, cluster: Cluster, disks: Mapping[str, list[OnDisk]]) -> Entry:
    found = _copies(recipe.model, disks)
    whole = tuple(host for host, copy in found.items() if copy.complete)
    size = max((copy.bytes for copy in found.values()), default=0)
    state, why = _state(recipe, cluster, found, whole)
    return Entry(
        recipe.key, recipe.model, recipe.title, state, size, whole, recipe, why, _bytes_by_host(found)
    )


def _state(
    recipe: Recipe, cluster: Cluster, found: dict[str, OnDisk], whole: tuple[str, ...]
) -> tuple[EntryState, str]:
    if not found:
        return "not on disk", f"{recipe.model} is on no host: download it first"
    try:
        needed = [host.name for host in cluster.hosts_for(recipe.hosts)]
    except LookupError as error:
        return "needs setup", str(error)
    lacking = [host for host in needed if host not in whole]
    if not lacking:
        return "ready", ""
    return "incomplete", f"{recipe.model} is not whole on {' and '.join(lacking)}{_so_far(found, lacking)}"


def _stranger(model: str, disks: Mapping[str, list[OnDisk]]) -> Entry:
    found = _copies(model, disks)
    whole = tuple(host for host, copy in found.items() if copy.complete)
    size = max(copy.bytes for copy in found.values())
    state: EntryState = "needs setup" if whole else "incomplete"
    halves = f"{model} is whole on no host{_so_far(found, list(found))}"
    why = "there is no recipe for it yet" if whole else halves
    key, title = key_for(model), model.rpartition("/")[2]
    return Entry(key, model, title, state, size, whole, None, why, _bytes_by_host(found))


def _bytes_by_host(found: Mapping[str, OnDisk]) -> dict[str, int]:
    return {host: copy.disk_bytes or copy.bytes for host, copy in found.items()}


def _so_far(found: Mapping[str, OnDisk], hosts: list[str]) -> str:
    """How much of it lies on these hosts all the same."""
    there = [(host, found[host].disk_bytes) for host in hosts if host in found and found[host].disk_bytes]
    parts = [f"{size / 1e9:.1f} GB on {host}" for host, size in there]
    return f" (so far {' and '.join(parts)})" if parts else ""


def _copies(model: str, disks: Mapping[str, list[OnDisk]]) -> dict[str, OnDisk]:
    return {host: copy for host, models in disks.items() for copy in models if copy.model == model}


def _on_disk(data: Mapping[str, Any]) -> OnDisk:
    return OnDisk(
        model=data["model"],
        bytes=data["bytes"],
        complete=data["complete"],
        revision=data.get("revision", ""),
        missing=tuple(data.get("missing", ())),
        disk_bytes=data.get("disk_bytes", 0),
        partial_bytes=data.get("partial_bytes", 0),
    )
