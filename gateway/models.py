"""The models: the menu as the disks have it, and which of its entries is loaded."""

from collections.abc import Mapping
from dataclasses import replace

from blocks.ledger.seen import Sight, read_seen
from blocks.menu import DISK, Entry, OnDisk, disks_from, files_subject, make_menu
from blocks.model_files import Machine, ModelFiles, files_from, mapping
from blocks.recipe import Recipe
from gateway.fresh import Fresh
from gateway.problem import Problem
from gateway.records import Records
from gateway.watch import Watch

HOST = "host/"
"""Subjects of the ledger under which the observer writes each host's state."""


class Models:
    """Answers what can be swapped to, and what a name means."""

    def __init__(self, records: Records, watch: Watch) -> None:
        self._records = records
        self._watch = watch
        self._disks = Fresh(1.0, lambda: records.ask(read_seen, DISK))
        self._hosts = Fresh(1.0, lambda: records.ask(read_seen, HOST))

    async def disks(self) -> Mapping[str, Sight]:
        """What the observer saw on each disk, by subject."""
        return await self._disks.get()

    async def hosts(self) -> Mapping[str, Sight]:
        """What the observer saw of each host, by subject."""
        return await self._hosts.get()

    async def menu(self) -> list[Entry]:
        """Everything on disk and every recipe; what can be swapped to comes first."""
        settings = self._watch.settings
        return make_menu(settings.cluster, settings.catalog, disks_from(await self.disks()))

    async def find(self, name: str) -> Entry | None:
        """The entry of that key, served name or repo."""
        menu = await self.menu()
        for entry in menu:
            if entry.key == name:
                return entry
        for entry in menu:
            if name in (entry.model, served(entry)):
                return entry
        return None

    async def known(self, name: str, param: str = "model") -> Entry:
        """The same; `Problem` 404 names the request's field when there is none."""
        entry = await self.find(name)
        if entry is None:
            message = f"there is no model {name!r}: GET /api/models lists them"
            raise Problem(404, message, "unknown_model", param=param)
        return entry

    async def copies(self, model: str) -> dict[str, OnDisk]:
        """A model's copies by host, whole or not."""
        disks = disks_from(await self.disks())
        return {host: copy for host, found in disks.items() for copy in found if copy.model == model}

    async def files(self, model: str) -> ModelFiles | None:
        """
        What a model's small files say; None while no host's have been read.

        Its weights count as large as all of its files together: names and sizes of single files are not kept.
        """
        copies = await self.copies(model)
        for host in sorted(copies, key=lambda name: (not copies[name].complete, name)):
            subject = files_subject(host, model)
            sight = (await self._records.ask(read_seen, subject)).get(subject)
            texts = mapping(sight.data.get("texts")) if sight else {}
            if sight and sight.data.get("model") == model and "config.json" in texts:
                return replace(files_from(texts, {}), weights_bytes=copies[host].bytes)
        return None

    async def machine(self) -> Machine:
        """The cluster as a recipe is inferred for it: the memory of the smallest host; 0 bytes: unknown."""
        names = {host.name for host in self._watch.settings.cluster.hosts}
        seen = {subject.removeprefix(HOST): sight for subject, sight in (await self.hosts()).items()}
        totals = [int(sight.data.get("memory_total") or 0) for name, sight in seen.items() if name in names]
        return Machine(min((total for total in totals if total), default=0), len(names))

    def is_loaded(self, model: str) -> bool:
        """Whether the weights of that repo or folder are what is loaded, by any of its recipes or none."""
        loaded, menu = self._watch.loaded, self._watch.settings.catalog.menu.values()
        return model in loaded or any(recipe.model == model and recipe.served in loaded for recipe in menu)

    def answers_as(self, name: str) -> str | None:
        """The id under which that model answers right now; None when it is not loaded."""
        loaded = self._watch.loaded
        if name in loaded:
            return name
        recipe = self._watch.settings.catalog.menu.get(name)
        return recipe.served if recipe and recipe.served in loaded else None

    def loaded_recipe(self) -> Recipe | None:
        """The recipe of what is loaded; None when nothing is, or something without a recipe."""
        loaded = self._watch.loaded
        for recipe in self._watch.settings.catalog.menu.values():
            if recipe.served in loaded:
                return recipe
        return None


def served(entry: Entry) -> str:
    """The id under which an entry answers when it is loaded."""
    return entry.recipe.served if entry.recipe else entry.key
