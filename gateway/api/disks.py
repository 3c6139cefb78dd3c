"""/api/models/disk, /api/models/{key}/disk: what lies on the disks, and deleting it."""

from collections.abc import Mapping
from typing import Literal

import msgspec
from litestar import Controller, delete, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery

from blocks.ledger.seen import Sight
from blocks.menu import DISK, Entry, OnDisk, disks_from
from gateway.api.runs import Started, started
from gateway.hosts import named_hosts
from gateway.models import Models
from gateway.problem import Problem
from gateway.swaps import Swaps
from gateway.watch import Watch

DELETE = "delete-weights/cluster"


class OnDiskView(msgspec.Struct):
    """
    One model on one host's disk.

    Attributes:
        bytes: What all of it takes, unfinished files included.
        partial_bytes: Of these, what belongs to unfinished files.
        complete: All of its files are there and whole.
        missing: Those that are not, the first ten.
        recipes: Keys that launch it.
        loaded: It is what is loaded.
    """

    model: str
    bytes: int
    partial_bytes: int
    complete: bool
    missing: list[str]
    revision: str
    recipes: list[str]
    loaded: bool


class DiskView(msgspec.Struct):
    """One host's disk as it was seen `age_seconds` ago; null for a host that was never seen."""

    host: str
    age_seconds: float | None
    free_bytes: int | None
    bytes: int
    models: list[OnDiskView]


class Wish(msgspec.Struct):
    """How weights are to be deleted."""

    hosts: list[str]
    repo: str
    approval: str
    dry_run: bool


def _wish(
    hosts: FromQuery[list[str] | None] = None,
    repo: FromQuery[str] = "",
    approval: FromQuery[Literal["none", "ask"]] = "none",
    *,
    dry_run: FromQuery[bool] = False,
) -> Wish:
    return Wish(hosts or [], repo, approval, dry_run)


class DisksApi(Controller):
    """Weights on the disks."""

    path = "/api/models"
    tags = ("models",)

    @get("/disk")
    async def disks(
        self, models: NamedDependency[Models], watch: NamedDependency[Watch]
    ) -> dict[str, list[DiskView]]:
        """Bytes by host and model, the largest first: `{"hosts": […]}`."""
        sights = await models.disks()
        recipes: dict[str, list[str]] = {}
        for key, recipe in watch.settings.catalog.menu.items():
            recipes.setdefault(recipe.model, []).append(key)
        loaded = {model for model in recipes if models.is_loaded(model)}
        names = [host.name for host in watch.settings.cluster.hosts]
        return {"hosts": [_disk(name, sights, recipes, loaded) for name in names]}

    @delete("/{key:str}/disk", status_code=202, dependencies={"wish": Provide(_wish, sync_to_thread=False)})
    async def free(
        self,
        key: FromPath[str],
        wish: NamedDependency[Wish],
        models: NamedDependency[Models],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
    ) -> Started:
        """
        Delete a model's weights; the run says how many bytes came free.

        `?hosts=` may be given several times, none is every host; `?repo=` where one key means several models.
        """
        entry = _entry(await models.menu(), key, wish.repo)
        hosts = named_hosts(watch.settings.cluster, wish.hosts)
        if not entry.on_disk:
            raise Problem(404, f"{entry.model} is on no host", "not_on_disk", param="key")
        if not wish.dry_run:
            await _refuse_in_use(entry, models, swaps)
        parameters = {"model": entry.model, "hosts": hosts}
        more = {"dry_run": wish.dry_run, "approval": wish.approval}
        run = await swaps.start_other(DELETE, {**parameters, **more})
        return started(run)


def _disk(
    host: str, sights: Mapping[str, Sight], recipes: Mapping[str, list[str]], loaded: set[str]
) -> DiskView:
    sight = sights.get(f"{DISK}{host}")
    if sight is None:
        return DiskView(host, None, None, 0, [])
    copies = disks_from({sight.subject: sight})[host]
    shown = [_copy(copy, recipes.get(copy.model, []), loaded) for copy in copies]
    shown.sort(key=lambda copy: (-copy.bytes, copy.model))
    total = sum(copy.bytes for copy in shown)
    return DiskView(host, round(sight.age_seconds, 1), sight.data.get("free_bytes"), total, shown)


def _copy(copy: OnDisk, recipes: list[str], loaded: set[str]) -> OnDiskView:
    return OnDiskView(
        copy.model,
        copy.disk_bytes or copy.bytes,
        copy.partial_bytes,
        copy.complete,
        list(copy.missing[:10]),
        copy.revision,
        recipes,
        copy.model in loaded,
    )


def _entry(menu: list[Entry], key: str, repo: str) -> Entry:
    """The one entry of a key; `Problem` 404, or 409 when several models would get that key."""
    found = {entry.model: entry for entry in menu if entry.key == key and repo in ("", entry.model)}
    if not found:
        message = f"there is no model {key!r}: GET /api/models lists them"
        raise Problem(404, message, "unknown_model", param="repo" if repo else "key")
    if len(found) > 1:
        message = f"{key} means {' and '.join(sorted(found))}: name one with repo="
        raise Problem(409, message, "ambiguous", param="repo")
    return next(iter(found.values()))


async def _refuse_in_use(entry: Entry, models: Models, swaps: Swaps) -> None:
    if models.is_loaded(entry.model):
        message = f"{entry.title} is loaded: swap to another model before its weights are deleted"
        raise Problem(409, message, "loaded", param="key")
    if swap := await swaps.under_way():
        raise Problem(409, f"a swap to {swap.model} is under way: delete after it", "swapping", param="key")
