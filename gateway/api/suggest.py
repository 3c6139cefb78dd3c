"""/api/models/suggest: a recipe read from a model's own files, with the reason for each value."""

from typing import Any

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from pydantic import TypeAdapter, ValidationError

from blocks.inference.infer import infer
from blocks.words import ModelSource
from gateway.api.recipes import stored
from gateway.fields import unfit
from gateway.models import Models
from gateway.problem import Problem
from gateway.watch import Watch

_SOURCE: TypeAdapter[str] = TypeAdapter(ModelSource)


class ReasonView(msgspec.Struct):
    """One inferred value: where it was read, how sure it is (sure, likely, guess), and why."""

    field: str
    value: str
    source: str
    confidence: str
    reason: str


class Suggestion(msgspec.Struct):
    """
    What a model's files say of how to launch it.

    Attributes:
        recipe: To be confirmed by `POST /api/models`; null when it is refused.
        refused: Why it cannot be launched; blank when it can.
        doubts: Sentences on what the suggestion does not know.
        recipes: Keys of the recipes there are for it already.
    """

    model: str
    recipe: dict[str, Any] | None
    values: list[ReasonView]
    refused: str
    doubts: list[str]
    recipes: list[str]


class SuggestApi(Controller):
    """Inferred recipes."""

    path = "/api/models/suggest"
    tags = ("models",)

    @get("/")
    async def suggest(
        self, repo: FromQuery[str], models: NamedDependency[Models], watch: NamedDependency[Watch]
    ) -> Suggestion:
        """The recipe of a repo or folder that lies on a host; 404 names what is missing."""
        model = _source(repo)
        copies = await models.copies(model)
        if not copies:
            raise Problem(404, f"{model} is on no host: download it first", "not_on_disk", param="repo")
        files = await models.files(model)
        if files is None:
            where = " and ".join(copies)
            message = (
                f"{model} has no config.json that could be read on {where}: if it has just arrived, wait"
            )
            raise Problem(404, f"{message} 30 seconds", "no_config", param="repo")
        inferred = infer(model, files, await models.machine())
        doubts = []
        if not any(copy.complete for copy in copies.values()):
            doubts.append(
                f"{model} is whole on no host yet: its size, and so hosts and context, may be wrong"
            )
        known = [key for key, recipe in watch.settings.catalog.menu.items() if recipe.model == model]
        return Suggestion(
            model,
            stored(inferred.recipe) if inferred.recipe else None,
            [ReasonView(v.field, v.value, v.source, v.confidence, v.reason) for v in inferred.values],
            inferred.refused,
            doubts,
            known,
        )


def _source(repo: str) -> str:
    try:
        return _SOURCE.validate_python(repo)
    except ValidationError as error:
        problem = unfit(error, "repo")
        problem.param = "repo"
        raise problem from None
