"""/v1/models and /api/models: what is loaded, what could be and why not; one more recipe."""

import time
from contextlib import suppress
from typing import Any

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from blocks.cluster import Cluster
from blocks.flag_rules import CONTEXT_FLAG, number_from
from blocks.ledger.launches import usual_seconds
from blocks.ledger.store import Ledger
from blocks.menu import Entry
from blocks.recipe import Catalog, Recipe
from gateway.api.recipes import add_recipe
from gateway.catalog import OwnCatalog
from gateway.models import Models, served
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

_STARTED = int(time.time())


class ModelView(msgspec.Struct):
    """
    One model of the menu.

    Attributes:
        key: What `POST /api/swap` takes.
        state: ready, incomplete, needs setup, not on disk.
        size_bytes: On disk; the recipe's figure, if that is larger, where it is whole on no host.
        hosts: Where all of its weights are.
        needs_hosts: On how many it runs.
        runs_on: On which; none while the cluster has too few, or there is no recipe.
        context_tokens: How long a text may be, prompt and answer together; null: as the model itself has it.
        memory_share: Of each host's memory that vLLM claims at its start, 0 to 1; null where nothing says so.
        recipe: Whose recipe it has: `own` (the operator's, it can be removed) or `bundled`; blank: none.
        why: In plain words why it cannot be swapped to; blank when it can.
        expected_seconds: How long loading it takes: measured here, else the recipe's word; null: no recipe.
    """

    key: str
    model: str
    title: str
    description: str
    state: str
    size_bytes: int
    hosts: list[str]
    needs_hosts: int
    runs_on: list[str]
    context_tokens: int | None
    memory_share: float | None
    tags: list[str]
    recipe: str
    why: str
    expected_seconds: int | None
    served: str
    loaded: bool
    loading: bool


class OpenAIModel(msgspec.Struct):
    """A model in OpenAI's shape, and whether it answers: loaded, loading, available, down."""

    id: str
    state: str
    owned_by: str = "spark-control"
    object: str = "model"
    created: int = _STARTED


class ModelList(msgspec.Struct):
    """OpenAI's list."""

    data: list[OpenAIModel]
    object: str = "list"


class ModelsApi(Controller):
    """The menu."""

    path = "/api/models"
    tags = ("models",)

    @get("/")
    async def menu(
        self,
        models: NamedDependency[Models],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
        records: NamedDependency[Records],
    ) -> dict[str, list[ModelView]]:
        """Everything on disk and every recipe, what can be swapped to first: `{"models": […]}`."""
        now = await swaps.under_way()
        coming = now.model if now else None
        entries = await models.menu()
        usual = await records.ask(_measured, [entry.key for entry in entries if entry.recipe])
        return {"models": [_view(entry, watch, coming, usual.get(entry.key)) for entry in entries]}

    @post("/", status_code=201)
    async def add(
        self,
        data: JSONBody[dict[str, Any]],
        own_catalog: NamedDependency[OwnCatalog],
        *,
        replace: FromQuery[bool] = False,
    ) -> dict[str, Any]:
        """Add a recipe, or confirm an inferred one: the body is the recipe; 409 while its key is taken."""
        return await add_recipe(own_catalog, data, replace=replace)


class OpenAIModelsApi(Controller):
    """The list that OpenAI's clients read."""

    path = "/v1/models"
    tags = ("openai",)

    @get("/")
    async def all(
        self, models: NamedDependency[Models], swaps: NamedDependency[Swaps], watch: NamedDependency[Watch]
    ) -> ModelList:
        """What is loaded, what could be, and the models of the other services; answered at once."""
        return ModelList(await _openai_models(models, swaps, watch))

    @get("/{model:path}")
    async def one(
        self,
        model: FromPath[str],
        models: NamedDependency[Models],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
    ) -> OpenAIModel:
        """One of them."""
        name = model.removeprefix("/")
        for entry in await _openai_models(models, swaps, watch):
            if entry.id == name:
                return entry
        raise Problem(
            404, f"there is no model {name!r}: GET /v1/models lists them", "model_not_found", param="model"
        )


async def _openai_models(models: Models, swaps: Swaps, watch: Watch) -> list[OpenAIModel]:
    now = await swaps.under_way()
    coming = now.model if now else None
    found = [OpenAIModel(name, "loaded", "vllm") for name in watch.loaded]
    for entry in await models.menu():
        name = served(entry)
        if entry.state == "ready" and name not in watch.loaded:
            found.append(OpenAIModel(name, "loading" if entry.key == coming else "available", "vllm"))
    for service in watch.settings.cluster.services:
        if service.kind in ("stt", "tts", "embeddings") and not service.hidden:
            look = watch.looks.get(service.name)
            found.append(OpenAIModel(service.name, "loaded" if look and look.up else "down", service.kind))
    return found


def _measured(ledger: Ledger, keys: list[str]) -> dict[str, int]:
    """Seconds that loading took here, by key; without those that were never loaded."""
    return {key: max(1, round(seconds)) for key in keys if (seconds := usual_seconds(ledger, key))}


def _view(entry: Entry, watch: Watch, coming: str | None, measured: int | None) -> ModelView:
    recipe, settings = entry.recipe, watch.settings
    return ModelView(
        key=entry.key,
        model=entry.model,
        title=entry.title,
        description=recipe.description if recipe else "",
        state=entry.state,
        size_bytes=_size(entry),
        hosts=list(entry.hosts),
        needs_hosts=recipe.hosts if recipe else 1,
        runs_on=_runs_on(recipe, settings.cluster) if recipe else [],
        context_tokens=_context(recipe) if recipe else None,
        memory_share=_share(recipe) if recipe else None,
        tags=list(recipe.tags) if recipe else [],
        recipe=_whose(recipe, settings.catalog) if recipe else "",
        why=entry.why,
        expected_seconds=measured or (recipe.expected_seconds if recipe else None),
        served=served(entry),
        loaded=served(entry) in watch.loaded,
        loading=entry.key == coming,
    )


def _size(entry: Entry) -> int:
    told = int((entry.recipe.size_gb if entry.recipe else 0) * 1e9)
    return entry.bytes if entry.hosts else max(entry.bytes, told)


def _whose(recipe: Recipe, catalog: Catalog) -> str:
    return "own" if any(each.key == recipe.key for each in catalog.recipes) else "bundled"


def _runs_on(recipe: Recipe, cluster: Cluster) -> list[str]:
    try:
        return [host.name for host in cluster.hosts_for(recipe.hosts)]
    except LookupError:
        return []


def _share(recipe: Recipe) -> float | None:
    with suppress(ValueError):
        return None if recipe.command else recipe.memory_share
    return None


def _context(recipe: Recipe) -> int | None:
    with suppress(ValueError):
        return number_from(recipe.flag(CONTEXT_FLAG) or "")
    return None


def loaded_now(models: Models, watch: Watch) -> dict[str, Any] | None:
    """
    What is loaded, for the status: key and title where there is a recipe, the served id always.

    `drain_seconds`: how long its answers under way may take before a swap stops it.
    """
    if not watch.loaded or watch.vllm is None:
        return None
    recipe = models.loaded_recipe()
    return {
        "served": recipe.served if recipe else watch.loaded[0],
        "key": recipe.key if recipe else None,
        "title": recipe.title if recipe else watch.loaded[0],
        "description": recipe.description if recipe else "",
        "host": watch.vllm.host,
        "drain_seconds": watch.settings.cluster.drain_seconds,
    }
