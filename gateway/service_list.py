"""The list of services in the cluster's settings: one more, one changed, one less."""

from collections.abc import Callable
from typing import Any

from blocks.cluster import Cluster, with_default_services
from blocks.own_document import Data
from blocks.own_settings import Wish
from blocks.tolerant import read_settings
from gateway.own_settings import OwnSettings
from gateway.problem import Problem

Entry = dict[str, Any]


class ServiceList:
    """Changes the list so that no other change is lost."""

    def __init__(self, own_settings: OwnSettings) -> None:
        self._own_settings = own_settings

    async def add(self, name: str, settings: Entry, who: str) -> Entry:
        """Add one; `Problem` 409 while its name is taken, 422 for what does not fit."""
        entry = {**_without_blanks(settings), "name": name}

        def added(entries: list[Entry]) -> list[Entry]:
            if _find(entries, name) is not None:
                message = f"there is a service {name} already: change it, or choose another name"
                raise Problem(409, message, "name_taken", param="name")
            return [*entries, entry]

        return _only(await self._change(added, who), name)

    async def change(self, name: str, settings: Entry, who: str) -> Entry:
        """Change some settings of one; `Problem` 404 when there is none, 422 for what does not fit."""
        if settings.get("name", name) != name:
            raise Problem(422, "a service keeps its name: add another one", "unfit_value", param="name")

        def changed(entries: list[Entry]) -> list[Entry]:
            old = _require(entries, name)
            return [_without_blanks({**entry, **settings}) if entry is old else entry for entry in entries]

        return _only(await self._change(changed, who), name)

    async def remove(self, name: str, who: str, *, force: bool) -> None:
        """Take one off the list; `Problem` 409 for the only vLLM unless by force."""

        def left(entries: list[Entry]) -> list[Entry]:
            old = _require(entries, name)
            rest = [entry for entry in entries if entry is not old]
            if old.get("kind") == "vllm" and not force and not any(e.get("kind") == "vllm" for e in rest):
                message = f"{name} is the only service of kind vllm: without it no model can be swapped to"
                raise Problem(409, message, "only_engine", param="name")
            if not rest:
                # An empty list stands for the usual services: they would all be there again.
                message = f"{name} is the last service of the list: it cannot be empty"
                raise Problem(409, message, "last_service", param="name")
            return rest

        await self._change(left, who)

    async def _change(self, edit: Callable[[list[Entry]], list[Entry]], who: str) -> list[Entry]:
        def values(data: Data) -> dict[str, Any]:
            return {"services": edit(_entries(data))}

        change = await self._own_settings.change(Wish("cluster", values, who=who))
        services = next(field for field in change.now.fields if field.name == "services")
        return list(services.used)


def _entries(data: Data) -> list[Entry]:
    """The services as they are stored; where there are none, the usual ones that stand in."""
    entries = data.get("services")
    if entries:
        return [entry for entry in entries if isinstance(entry, dict)]
    usual = with_default_services(read_settings(Cluster, data)[0])
    return [service.model_dump(mode="json", exclude_defaults=True) for service in usual.services]


def _find(entries: list[Entry], name: str) -> Entry | None:
    return next((entry for entry in entries if entry.get("name") == name), None)


def _require(entries: list[Entry], name: str) -> Entry:
    found = _find(entries, name)
    if found is None:
        known = ", ".join(str(entry.get("name")) for entry in entries) or "none"
        raise Problem(404, f"there is no service {name!r} (known: {known})", "unknown_service", param="name")
    return found


def _only(entries: list[Entry], name: str) -> Entry:
    return _find(entries, name) or {}


def _without_blanks(settings: Entry) -> Entry:
    return {name: value for name, value in settings.items() if value is not None}
