"""/metrics: what Prometheus reads."""

import asyncio
from collections.abc import Callable

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from gateway.models import Models
from gateway.telemetry.exposition import CONTENT_TYPE, Gauges, ServiceNow
from gateway.telemetry.telemetry import Telemetry
from gateway.turns import Turns
from gateway.watch import Watch


class MetricsApi(Controller):
    """Counters of the hot path, and what is true at this moment."""

    tags = ("status",)

    @get("/metrics", media_type=CONTENT_TYPE)
    async def metrics(
        self,
        watch: NamedDependency[Watch],
        models: NamedDependency[Models],
        turns: NamedDependency[Turns],
        telemetry: NamedDependency[Telemetry],
        connections: NamedDependency[Callable[[], int]],
    ) -> Response[bytes]:
        """Prometheus' text format; docs/reference/metrics.md explains each series."""
        recipe = models.loaded_recipe()
        loaded = recipe.served if recipe else next(iter(watch.loaded), "")
        services = {}
        for service in watch.settings.cluster.services:
            look, counts = watch.looks.get(service.name), turns.counts(service.name)
            services[service.name] = ServiceNow(
                up=look is not None and look.up,
                in_flight=counts.in_flight,
                waiting=counts.waiting,
                oldest_wait_seconds=counts.oldest_seconds,
                model=loaded if service == watch.vllm else "",
            )
        text = await asyncio.to_thread(telemetry.render, Gauges(services, connections()))
        return Response(text, media_type=CONTENT_TYPE)
