"""/api/models/{key}/knobs: the flags of a recipe as they will be launched, and the operator's own values."""

from contextlib import suppress
from typing import Any

import msgspec
from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import TypeAdapter, ValidationError

from blocks.flags import Value, parse
from blocks.inference.infer import infer
from blocks.knob_effects import Node
from blocks.knobs import Knob, Knobs, effective
from blocks.kv_cache.launch import launch_of
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig, ModelFiles
from blocks.own_document import Data
from blocks.recipe import Catalog, Recipe
from gateway.api.recipes import known_recipe
from gateway.catalog import OwnCatalog
from gateway.fields import unfit
from gateway.models import Models
from gateway.watch import Watch

_KNOBS: TypeAdapter[dict[str, Value | None]] = TypeAdapter(Knobs)


class Turn(msgspec.Struct, forbid_unknown_fields=True):
    """All of the operator's values for a recipe: flag to word, switch, list or object; null leaves it out."""

    knobs: dict[str, Any]


class KnobView(msgspec.Struct):
    """
    One flag.

    Attributes:
        name: For people; blank for a flag that is not one of the well-known.
        value: What vLLM will take; null: nothing, or the model's own.
        source: operator, recipe, inferred (from the model's files) or vllm.
        effect: What it comes to on this machine, in plain words.
        otherwise: The value without the operator's word.
    """

    flag: str
    name: str
    value: Any
    source: str
    effect: str
    otherwise: Any


class KnobsView(msgspec.Struct):
    """
    The flags of a recipe.

    Attributes:
        own: The operator's values as they are kept; `unset`: the flag is left out.
        loaded: It is loaded: what is changed holds from the next swap to it on.
    """

    key: str
    knobs: list[KnobView]
    own: dict[str, Any]
    loaded: bool


class KnobsApi(Controller):
    """Knobs."""

    path = "/api/models/{key:str}/knobs"
    tags = ("models",)

    @get("/")
    async def show(
        self, key: FromPath[str], models: NamedDependency[Models], watch: NamedDependency[Watch]
    ) -> KnobsView:
        """Every well-known flag, then the recipe's others: value, source and effect."""
        return await _view(key, watch.settings.catalog, models)

    @put("/")
    async def turn(
        self,
        key: FromPath[str],
        data: JSONBody[Turn],
        own_catalog: NamedDependency[OwnCatalog],
        models: NamedDependency[Models],
        watch: NamedDependency[Watch],
    ) -> KnobsView:
        """Put these values in the place of all earlier ones; nothing at all: the recipe as it is."""
        known_recipe(watch.settings.catalog, key)
        kept = as_kept(data.knobs)
        catalog = await own_catalog.change(lambda present: _turned(present, key, kept))
        return await _view(key, catalog, models)


def as_kept(given: dict[str, Any]) -> dict[str, Any]:
    """The values as the Catalog keeps them; `Problem` 422 names the flag."""
    try:
        kept: dict[str, Any] = _KNOBS.dump_python(_KNOBS.validate_python(given), mode="json")
    except ValidationError as error:
        problem = unfit(error, "knobs")
        problem.param = problem.param or next((flag for flag in given if flag in str(problem)), "knobs")
        raise problem from None
    return kept


def _turned(present: Data, key: str, kept: dict[str, Any]) -> Data:
    others = {name: knobs for name, knobs in (present.get("knobs") or {}).items() if name != key}
    return {**present, "knobs": {**others, key: kept} if kept else others}


async def _view(key: str, catalog: Catalog, models: Models) -> KnobsView:
    recipe = known_recipe(catalog, key)
    files, machine = await models.files(recipe.model), await models.machine()
    inferred: dict[str, Value] = {}
    if files is not None:
        found = infer(recipe.model, files, machine).recipe
        inferred = dict(parse(found.args)) if found else {}
    knobs = catalog.knobs.get(key, {})
    node = _node(catalog.recipe(key), files, machine.memory_total_bytes)
    shown = [_knob(knob) for knob in effective(recipe.args, knobs, inferred, node=node)]
    own = catalog.model_dump(mode="json", include={"knobs"})["knobs"].get(key, {})
    return KnobsView(key, shown, own, models.answers_as(key) is not None)


def _node(recipe: Recipe, files: ModelFiles | None, memory_total: int) -> Node:
    per_token = 0.0
    if files is not None:
        with suppress(UnknownLayout):
            launch = launch_of(recipe, ModelConfig(files.config))
            per_token = launch.pool.bytes_for(launch.context) / launch.context
    return Node(memory_total, recipe.hosts, per_token)


def _knob(knob: Knob) -> KnobView:
    return KnobView(knob.flag, knob.name, knob.value, knob.source, knob.effect, knob.otherwise)
