"""The control API: every controller, and what their handlers may ask for."""

from collections.abc import Callable
from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from gateway.api.audio import AudioApi
from gateway.api.bot import BotApi
from gateway.api.changes import ChangesApi
from gateway.api.connectivity import ConnectivityApi
from gateway.api.deep_health import DeepHealthApi
from gateway.api.disks import DisksApi
from gateway.api.downloads import DownloadApi
from gateway.api.hardware import HardwareApi
from gateway.api.hosts import HostsApi
from gateway.api.knobs import KnobsApi
from gateway.api.lock import LockApi
from gateway.api.metrics import MetricsApi
from gateway.api.models import ModelsApi, OpenAIModelsApi
from gateway.api.nim import NimApi
from gateway.api.operations import OperationsApi
from gateway.api.patches import PatchesApi
from gateway.api.recipes import RecipesApi
from gateway.api.runs import RunsApi, SwapApi
from gateway.api.schedules import SchedulesApi
from gateway.api.search import SearchApi
from gateway.api.services import ServicesApi
from gateway.api.settings import SettingsApi
from gateway.api.speed import SpeedApi
from gateway.api.state import StateApi
from gateway.api.status import StatusApi
from gateway.api.suggest import SuggestApi
from gateway.api.updates import UpdatesApi
from gateway.api.validate import ValidateApi
from gateway.api.webhooks import WebhooksApi
from gateway.dashboard_files import dashboard, dashboard_file
from gateway.errors import HANDLERS
from gateway.redaction.api import ScrubApi
from gateway.redaction.chat_api import RedactedApi
from gateway.redaction.known_api import KnownApi

CONTROLLERS = (
    StatusApi,
    HardwareApi,
    HostsApi,
    BotApi,
    NimApi,
    PatchesApi,
    MetricsApi,
    ModelsApi,
    RecipesApi,
    SuggestApi,
    KnobsApi,
    DisksApi,
    DownloadApi,
    UpdatesApi,
    OpenAIModelsApi,
    ValidateApi,
    DeepHealthApi,
    SwapApi,
    LockApi,
    SchedulesApi,
    ServicesApi,
    SettingsApi,
    ConnectivityApi,
    WebhooksApi,
    RunsApi,
    ChangesApi,
    OperationsApi,
    SpeedApi,
    StateApi,
    ScrubApi,
    RedactedApi,
    KnownApi,
    AudioApi,
    SearchApi,
    dashboard,
    dashboard_file,
)


def control_api(**values: Any) -> Litestar:
    """The control API; its handlers are given each value that they ask for by its name."""
    return Litestar(
        route_handlers=CONTROLLERS,
        dependencies={name: Provide(_always(value), sync_to_thread=False) for name, value in values.items()},
        exception_handlers=HANDLERS,
        openapi_config=OpenAPIConfig(
            "Spark Control", "1", path="/schema", render_plugins=[JsonRenderPlugin(path="/openapi.json")]
        ),
        request_max_body_size=1024 * 1024,
        logging_config=None,
    )


def _always(value: Any) -> Callable[[], Any]:
    def given() -> Any:
        return value

    return given
