"""/v1/models and /api/models: what is loaded, what could be and why not; one more recipe."""

import time
from typing import Any

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from blocks.menu import Entry
from gateway.api.recipes import add_recipe
from gateway.catalog import OwnCatalog
from gateway.models import Models, served
from gateway.problem import Problem
from gateway.swaps import Swaps
from gateway.watch import Watch

_STARTED = int(time.time())


class ModelView(msgspec.Struct):
    """
    One model of the menu.

    Attributes:
        key: What `POST /api/swap` takes.
        state: ready, incomplete, needs setup, not on disk.
        size_bytes: On disk; the recipe's figure where it is on none.
        hosts: Where all of its weights are.
        needs_hosts: On how many it runs.
        why: In plain words why it cannot be swapped to; blank when it can.
    """

    key: str
    model: str
    title: str
    description: str
    state: str
    size_bytes: int
    hosts: list[str]
    needs_hosts: int
    tags: list[str]
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
        self, models: NamedDependency[Models], swaps: NamedDependency[Swaps], watch: NamedDependency[Watch]
    ) -> dict[str, list[ModelView]]:
        """Everything on disk and every recipe, what can be swapped to first: `{"models": […]}`."""
        now = await swaps.under_way()
        coming = now.model if now else None
        return {"models": [_view(entry, watch.loaded, coming) for entry in await models.menu()]}

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


def _view(entry: Entry, loaded: tuple[str, ...], coming: str | None) -> ModelView:
    recipe = entry.recipe
    return ModelView(
        key=entry.key,
        model=entry.model,
        title=entry.title,
        description=recipe.description if recipe else "",
        state=entry.state,
        size_bytes=entry.bytes or int((recipe.size_gb if recipe else 0) * 1e9),
        hosts=list(entry.hosts),
        needs_hosts=recipe.hosts if recipe else 1,
        tags=list(recipe.tags) if recipe else [],
        why=entry.why,
        expected_seconds=recipe.expected_seconds if recipe else None,
        served=served(entry),
        loaded=served(entry) in loaded,
        loading=entry.key == coming,
    )


def loaded_now(models: Models, watch: Watch) -> dict[str, Any] | None:
    """What is loaded, for the status: key and title where there is a recipe, the served id always."""
    if not watch.loaded or watch.vllm is None:
        return None
    recipe = models.loaded_recipe()
    return {
        "served": recipe.served if recipe else watch.loaded[0],
        "key": recipe.key if recipe else None,
        "title": recipe.title if recipe else watch.loaded[0],
        "description": recipe.description if recipe else "",
        "host": watch.vllm.host,
    }
