"""/api/nim: NVIDIA's NIM containers: which are known, and have one installed."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import TypeAdapter, ValidationError

from blocks.cluster import ServiceKind
from blocks.ledger.seen import Sight, read_seen
from blocks.model_files import mapping
from blocks.nim import CATALOG, Nim, chosen_nim
from blocks.settings import Settings
from blocks.words import Image, Name
from gateway.api.runs import Started, started
from gateway.fields import unfit
from gateway.problem import Problem
from gateway.records import Records
from gateway.swaps import Swaps
from gateway.watch import Watch

INSTALL = "install-nim/cluster"

_IMAGE: TypeAdapter[str] = TypeAdapter(Image)
_NAME: TypeAdapter[str] = TypeAdapter(Name)


class Install(msgspec.Struct, forbid_unknown_fields=True):
    """
    What to install.

    Attributes:
        nim: Key of the catalogue, or an image.
        host: Where to; blank: the last host.
        name: Of the container and the service; blank: as in the catalogue.
        port: On the host; 0: as in the catalogue.
        kind: What the service is; blank: as in the catalogue.
        memory_gib: What it needs; 0: as in the catalogue.
        dry_run: Only say what would be done.
        approval: `ask`: the run waits for a go with its plan.
        lock_token: Of the swap lock, when the caller holds it.
    """

    nim: str
    host: str = ""
    name: str = ""
    port: int = 0
    kind: ServiceKind | Literal[""] = ""
    memory_gib: float = 0
    dry_run: bool = False
    approval: Literal["none", "ask"] = "none"
    lock_token: str | None = None


class NimView(msgspec.Struct):
    """A NIM of the catalogue, and where a container of its image was seen: `host`, `container`, `state`."""

    key: str
    title: str
    image: str
    kind: str
    dialect: str
    port: int
    memory_gib: float
    disk_gib: float
    start_seconds: int
    note: str
    installed: list[dict[str, str]]


class CatalogView(msgspec.Struct):
    """The catalogue; `key_set`: there is a key to fetch them with; `registries`: besides nvcr.io."""

    key_set: bool
    registries: list[str]
    catalog: list[NimView]


class NimApi(Controller):
    """NIM containers."""

    path = "/api/nim"
    tags = ("nim",)

    @get("/catalog")
    async def catalog(self, records: NamedDependency[Records], watch: NamedDependency[Watch]) -> CatalogView:
        """NIMs that are known to run on a DGX Spark, and where they are."""
        sights = await records.ask(read_seen, "host/")
        key = watch.settings.ngc_key
        return CatalogView(key.there, list(key.registries), [_view(nim, sights) for nim in CATALOG])

    @post("/install", status_code=202)
    async def install(
        self, data: JSONBody[Install], swaps: NamedDependency[Swaps], watch: NamedDependency[Watch]
    ) -> Started:
        """Fetch it, start it, add it to the services; 409 without a key, 423 while another holds the lock."""
        nim = _wanted(data)
        host = _place(watch.settings, data.host)
        _require_fit(watch.settings, nim, host)
        lock_pass = await swaps.lock_pass(INSTALL, data.lock_token)
        parameters: dict[str, Any] = {
            "nim": data.nim,
            "host": host,
            "name": data.name,
            "port": data.port,
            "kind": data.kind,
            "memory_gib": data.memory_gib,
            "dry_run": data.dry_run,
            "approval": data.approval,
            "lock_pass": lock_pass,
        }
        return started(await swaps.start_other(INSTALL, parameters))


def _wanted(data: Install) -> Nim:
    """What is asked for; `Problem` 422 for what is no image, name or port, 404 for an unknown key."""
    try:
        what = "nim"
        _IMAGE.validate_python(data.nim)
        if data.name:
            what = "name"
            _NAME.validate_python(data.name)
    except ValidationError as error:
        raise unfit(error, what) from None
    for field, value, most in (("port", data.port, 65535), ("memory_gib", data.memory_gib, 1000)):
        if not 0 <= value <= most:
            raise Problem(422, f"{field}: {value} is not from 0 to {most}", "unfit_value", param=field)
    try:
        return chosen_nim(
            data.nim, name=data.name, port=data.port, kind=data.kind, memory_gib=data.memory_gib
        )
    except LookupError as error:
        raise Problem(404, str(error), "unknown_nim", param="nim") from None


def _place(settings: Settings, name: str) -> str:
    try:
        return settings.cluster.host(name).name if name else settings.cluster.hosts[-1].name
    except LookupError:
        known = ", ".join(host.name for host in settings.cluster.hosts) or "none yet"
        raise Problem(
            422, f"there is no host {name!r} (known: {known})", "unknown_host", param="host"
        ) from None


def _require_fit(settings: Settings, nim: Nim, host: str) -> None:
    """What the settings say against it is said here and now."""
    if refusal := settings.ngc_key.refusal(nim.image):
        raise Problem(422, refusal, "foreign_registry", param="nim")
    if not settings.ngc_key.there:
        raise Problem(409, "there is no usable NGC key: write it into the block NGC Key", "no_ngc_key")
    for service in settings.cluster.services:
        if service.name == nim.key:
            raise Problem(409, f"there is a service named {nim.key} already", "name_taken", param="name")
        if (service.host, service.port) == (host, nim.port):
            message = f"port {nim.port} on {host} is that of {service.name}: choose another one"
            raise Problem(409, message, "port_taken", param="port")


def _view(nim: Nim, sights: Mapping[str, Sight]) -> NimView:
    image = nim.image.removesuffix(":latest")
    installed = [
        {"host": subject.removeprefix("host/"), "container": str(row["name"]), "state": str(row["state"])}
        for subject, sight in sorted(sights.items())
        for row in mapping(sight.data).get("containers") or ()
        if str(row.get("image", "")).removesuffix(":latest") == image
    ]
    return NimView(
        key=nim.key,
        title=nim.title,
        image=nim.image,
        kind=nim.kind,
        dialect=nim.dialect,
        port=nim.port,
        memory_gib=nim.memory_gib,
        disk_gib=nim.disk_gib,
        start_seconds=nim.start_seconds,
        note=nim.note,
        installed=installed,
    )
