"""/api/models/…: remove, import and export recipes of the operator's own."""

from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from pydantic import ValidationError

from blocks.community import CannotWrite, NotHonoured, write_recipe
from blocks.own_document import Data
from blocks.recipe import Catalog, Recipe, bundled_recipes
from blocks.recipe_files import BadFile, FileRead, read_recipe_file
from gateway.catalog import OwnCatalog
from gateway.fields import unfit
from gateway.models import Models
from gateway.problem import Problem
from gateway.swaps import Swaps
from gateway.watch import Watch


class Import(msgspec.Struct, forbid_unknown_fields=True):
    """
    A recipe file, ours or the community's.

    Attributes:
        text: What is in it.
        key: The key of a community file's recipe; blank: its own.
        hosts: On how many hosts a community file's recipe will run; null: as it says itself.
        name: The file's name without its ending.
        replace: Also put it in the place of recipes of the same key.
        dry_run: Only say what it holds.
    """

    text: str
    key: str = ""
    hosts: int | None = None
    name: str = ""
    replace: bool = False
    dry_run: bool = False


class Imported(msgspec.Struct):
    """
    What a file holds.

    Attributes:
        not_honoured: What it asks for that does not happen: `field` and `why`.
        taken: Keys that another recipe has.
        written: It is in the catalogue now.
    """

    recipes: list[dict[str, Any]]
    knobs: dict[str, Any]
    not_honoured: list[dict[str, str]]
    taken: list[str]
    written: bool


class RecipesApi(Controller):
    """Recipes of the operator's own."""

    path = "/api/models"
    tags = ("models",)

    @delete("/{key:str}", status_code=200)
    async def remove(
        self,
        key: FromPath[str],
        own_catalog: NamedDependency[OwnCatalog],
        models: NamedDependency[Models],
        swaps: NamedDependency[Swaps],
        watch: NamedDependency[Watch],
    ) -> dict[str, Any]:
        """Remove an own recipe; a bundled one of the same key is there again."""
        recipe = known_recipe(watch.settings.catalog, key)
        swap = await swaps.under_way()
        if models.answers_as(key) is not None or (swap is not None and swap.model == key):
            raise Problem(
                409, f"{recipe.title} is loaded: swap to another model first", "loaded", param="key"
            )
        await own_catalog.change(lambda present: _without(present, key))
        return {"removed": key, "bundled_again": key in _bundled()}

    @post("/import", status_code=200)
    async def take(
        self,
        data: JSONBody[Import],
        own_catalog: NamedDependency[OwnCatalog],
        watch: NamedDependency[Watch],
    ) -> Imported:
        """Read a recipe file and put its recipes and knobs into the catalogue."""
        read = _read(data)
        catalog = Catalog(recipes=list(read.recipes), knobs=dict(read.knobs))
        knobs = catalog.model_dump(mode="json")["knobs"]
        taken = [recipe.key for recipe in read.recipes if _is_taken(watch.settings.catalog, recipe)]
        if not data.dry_run:
            await own_catalog.change(
                lambda present: _with(present, read.recipes, knobs, replace=data.replace)
            )
        recipes = [stored(recipe) for recipe in read.recipes]
        return Imported(recipes, knobs, _spoken(read.not_honoured), taken, not data.dry_run)

    @get("/{key:str}/export")
    async def export(self, key: FromPath[str], watch: NamedDependency[Watch]) -> dict[str, Any]:
        """The recipe with its knobs as a file that spark-vllm-docker's run-recipe.py launches."""
        catalog = watch.settings.catalog
        known_recipe(catalog, key)
        try:
            written = write_recipe(catalog.recipe(key))
        except CannotWrite as error:
            raise Problem(409, str(error), "cannot_export", param="key") from None
        return {
            "file": f"{key}.yaml",
            "text": written.text,
            "not_honoured": _spoken(written.not_honoured),
        }


async def add_recipe(own_catalog: OwnCatalog, data: dict[str, Any], *, replace: bool) -> dict[str, Any]:
    """Put a recipe into the catalogue; `Problem` 422 names a bad field, 409 a key that is taken."""
    recipe = _recipe(data)
    await own_catalog.change(lambda present: _with(present, [recipe], {}, replace=replace))
    return {"recipe": stored(recipe)}


def known_recipe(catalog: Catalog, key: str) -> Recipe:
    """The recipe of a key without knobs; `Problem` 404."""
    recipe = catalog.unturned.get(key)
    if recipe is None:
        message = f"there is no recipe {key!r}: GET /api/models lists them"
        raise Problem(404, message, "unknown_recipe", param="key")
    return recipe


def stored(recipe: Recipe) -> dict[str, Any]:
    """A recipe as the Catalog keeps it: without what is at its default."""
    return recipe.model_dump(mode="json", exclude_defaults=True)


def _recipe(data: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        raise unfit(error, "the recipe") from None


def _read(data: Import) -> FileRead:
    if data.hosts is not None and not 1 <= data.hosts <= 16:
        raise Problem(422, "hosts: a number from 1 to 16", "unfit_value", param="hosts")
    try:
        return read_recipe_file(data.text, data.key, data.hosts, data.name)
    except BadFile as bad:
        faults = [
            {"line": fault.line, "field": fault.field, "message": fault.message} for fault in bad.faults
        ]
        raise Problem(
            422, f"the file cannot be used: {bad}", "bad_file", param="text", faults=faults
        ) from None


def _with(present: Data, recipes: Sequence[Recipe], knobs: Data, *, replace: bool) -> Data:
    """The Catalog with these recipes and knobs; `Problem` 409 when a key is taken."""
    entries = list(present.get("recipes") or [])
    for recipe in recipes:
        # Of two with one key the last counts.
        at = max((index for index, entry in enumerate(entries) if _key(entry) == recipe.key), default=None)
        same = at is not None and entries[at] == stored(recipe)
        if not replace and not same and (at is not None or _is_taken(Catalog(), recipe)):
            raise _taken(recipe)
        place = len(entries) if at is None else at
        entries[place : place + 1] = [stored(recipe)]
    return {**present, "recipes": entries, "knobs": {**(present.get("knobs") or {}), **knobs}}


def _without(present: Data, key: str) -> Data:
    """The Catalog without an own recipe, and without its knobs when nothing of that key is left."""
    entries = list(present.get("recipes") or [])
    kept = [entry for entry in entries if _key(entry) != key]
    if len(kept) == len(entries):
        message = f"{key} comes with Spark Control: only own recipes can be removed"
        raise Problem(409, message, "bundled", param="key")
    knobs = dict(present.get("knobs") or {})
    if key not in _bundled():
        knobs.pop(key, None)
    return {**present, "recipes": kept, "knobs": knobs}


def _key(entry: Any) -> Any:
    return entry.get("key") if isinstance(entry, dict) else None


def _bundled() -> dict[str, Recipe]:
    return {recipe.key: recipe for recipe in bundled_recipes()}


def _is_taken(catalog: Catalog, recipe: Recipe) -> bool:
    found = catalog.unturned.get(recipe.key)
    return found is not None and found != recipe


def _taken(recipe: Recipe) -> Problem:
    whose = "comes with Spark Control" if recipe.key in _bundled() else "is there already"
    message = f"a recipe {recipe.key} {whose}: choose another key, or say replace=true"
    return Problem(409, message, "key_taken", param="key")


def _spoken(notes: Sequence[NotHonoured]) -> list[dict[str, str]]:
    return [{"field": note.field, "why": note.why} for note in notes]
