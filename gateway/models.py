"""The models: the menu as the disks have it, and which of its entries is loaded."""

from collections.abc import Mapping

from blocks.ledger.seen import Sight, read_seen
from blocks.menu import DISK, Entry, disks_from, make_menu
from blocks.recipe import Recipe
from gateway.fresh import Fresh
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
