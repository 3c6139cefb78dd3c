"""/api/swap/{key}/validate: would a model start? Nothing is stopped or changed to find out."""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from gateway.api.recipes import known_recipe
from gateway.api.runs import Started, started
from gateway.swaps import Swaps
from gateway.watch import Watch

VALIDATE = "validate-model/cluster"


class ValidateApi(Controller):
    """Preflight without a swap."""

    path = "/api/swap"
    tags = ("swap",)

    @post("/{key:str}/validate", status_code=202)
    async def validate(
        self, key: FromPath[str], swaps: NamedDependency[Swaps], watch: NamedDependency[Watch]
    ) -> Started:
        """Ask for a look at everything a start needs; the run's result lists what was found."""
        recipe = known_recipe(watch.settings.catalog, key)
        run = await swaps.start_other(VALIDATE, {"model": recipe.key})
        return started(run)
