"""/api/speed: how fast each model answers now, beside what is usual for it."""

import time
from typing import Any

from litestar import Controller, get
from litestar.di import NamedDependency

from gateway.speeds import Speeds


class SpeedApi(Controller):
    """Speed."""

    path = "/api/speed"
    tags = ("status",)

    @get("/")
    async def now(self, speeds: NamedDependency[Speeds]) -> dict[str, Any]:
        """The medians of the last 5 minutes and of the last 30 days: `{"at", "models": […]}`."""
        return {"at": time.time(), "models": await speeds.view()}
