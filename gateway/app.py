"""The wiring of the gateway, read top to bottom."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from gateway.api.lock import LockApi
from gateway.api.models import ModelsApi, OpenAIModelsApi
from gateway.api.runs import RunsApi, SwapApi
from gateway.api.status import StatusApi
from gateway.dashboard_files import dashboard, dashboard_file
from gateway.errors import HANDLERS
from gateway.front import Front
from gateway.models import Models
from gateway.options import Options
from gateway.prefect_api import PrefectApi
from gateway.proxy import Proxy
from gateway.records import Records
from gateway.stream import Streams
from gateway.swaps import Swaps
from gateway.upstream_pool import Pool
from gateway.upstreams import Upstreams
from gateway.watch import Watch

CONTROLLERS = (StatusApi, ModelsApi, OpenAIModelsApi, SwapApi, LockApi, RunsApi, dashboard, dashboard_file)


def create_app(options: Options) -> Front:
    """The gateway as one ASGI app."""
    pool = Pool()
    records = Records(options.ledger_url)
    prefect = PrefectApi(options.prefect_url, options.prefect_ui_url)
    watch = Watch(records, pool)
    models = Models(records, watch)
    swaps = Swaps(records, prefect, models)
    streams = Streams(records, swaps)
    proxy = Proxy(pool, Upstreams(watch, models, swaps, options.hold_seconds), options)

    @asynccontextmanager
    async def closing(_app: Litestar) -> AsyncIterator[None]:
        yield
        pool.close()
        await prefect.close()
        records.close()

    control = Litestar(
        route_handlers=CONTROLLERS,
        dependencies=_given(
            watch=watch,
            models=models,
            swaps=swaps,
            streams=streams,
            records=records,
            prefect=prefect,
            options=options,
        ),
        lifespan=[closing, watch.watching],
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            "Spark Control", "1", path="/schema", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
        request_max_body_size=1024 * 1024,
        logging_config=None,
    )
    return Front(proxy, control, streams, options)


def _given(**values: Any) -> dict[str, Provide]:
    """Each value under its name, for the handlers that ask for it."""
    return {name: Provide(_always(value), sync_to_thread=False) for name, value in values.items()}


def _always(value: Any) -> Callable[[], Any]:
    def given() -> Any:
        return value

    return given
