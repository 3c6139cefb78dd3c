"""/api/operations: what is being done, what was done, what failed, over all kinds of runs."""

from litestar import Controller, get
from litestar.di import NamedDependency

from gateway.operations import OperationsView, RunList


class OperationsApi(Controller):
    """Operations."""

    path = "/api/operations"
    tags = ("runs",)

    @get("/")
    async def now(self, run_list: NamedDependency[RunList]) -> OperationsView:
        """Runs under way or queued, the last 30 that ended, and the last 10 failures."""
        return await run_list.view()
