"""The watch: the settings, and which upstreams answer with what, kept up to date in the background."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from blocks.cluster import Service
from blocks.settings import Settings, load_settings
from gateway.credentials import credentials
from gateway.keys import Keys
from gateway.places import places
from gateway.problem import Problem
from gateway.records import Records
from gateway.turns import Turns
from gateway.upstream_address import Address, Unreachable
from gateway.upstream_connection import UpstreamBroke
from gateway.upstream_fetch import get
from gateway.upstream_pool import Pool

log = logging.getLogger(__name__)

SETTINGS_SECONDS = 3.0
LOOK_SECONDS = 2.0
LOOK_TIMEOUT = 5.0


@dataclass(frozen=True)
class Look:
    """
    What one service answered last.

    Attributes:
        up: It answers.
        since: When that last changed, in seconds since 1970.
        at: When it was looked at, on the monotonic clock.
        models: For vLLM, the ids in its GET /v1/models.
        version: For vLLM, its own word.
        last: The ids it had when it answered last.
        why: In plain words why it is down.
    """

    up: bool
    since: float
    at: float
    models: tuple[str, ...] = ()
    last: tuple[str, ...] = ()
    why: str = ""
    version: str = ""


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


class _Version(msgspec.Struct):
    version: str


class Watch:
    """
    What the gateway knows without asking anybody.

    Attributes:
        settings: As Prefect's blocks have them, or as last remembered.
        read: The settings have been read at least once.
        looks: By service name.
    """

    def __init__(self, records: Records, pool: Pool, keys: Keys, turns: Turns) -> None:
        self._records = records
        self._pool = pool
        self._keys = keys
        self._turns = turns
        self.settings = Settings()
        self.read = False
        self.looks: dict[str, Look] = {}
        self._looking: dict[str, asyncio.Task[None]] = {}
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def watching(self, _app: Any = None) -> AsyncIterator[None]:
        """Watch until the block ends; a second is given to the first looks, not more."""
        tasks = [asyncio.create_task(self._read_settings()), asyncio.create_task(self._look_around())]
        with suppress(TimeoutError):
            await self._until_ready(1.0)
        yield
        for task in (*tasks, *self._looking.values()):
            task.cancel()
        await asyncio.gather(*tasks, *self._looking.values(), return_exceptions=True)

    @property
    def vllm(self) -> Service | None:
        """The service models are swapped in; None when the cluster has none."""
        try:
            return self.settings.cluster.vllm
        except LookupError:
            return None

    @property
    def loaded(self) -> tuple[str, ...]:
        """The ids vLLM answers to now."""
        service = self.vllm
        look = self.looks.get(service.name) if service else None
        return look.models if look else ()

    @property
    def version(self) -> str:
        """The version of the vLLM that answers, or answered last; blank: it was never asked."""
        service = self.vllm
        look = self.looks.get(service.name) if service else None
        return look.version if look else ""

    @property
    def ready(self) -> bool:
        """The settings are read and every service has been looked at."""
        return self.read and all(service.name in self.looks for service in self.settings.cluster.services)

    def address(self, service: Service) -> Address:
        """Where a service listens; `LookupError` when its host is not in the cluster."""
        return Address(self.settings.cluster.host(service.host).address, service.port)

    async def change(self, seconds: float) -> None:
        """Wait until something changed, or that long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)

    async def read_now(self) -> None:
        """Take the settings as they are now, and not only in `SETTINGS_SECONDS`."""
        self._take(await self._records.ask(load_settings))

    async def look_now(self, service: Service, within: float = 0.3) -> None:
        """Look at a service unless that happened a moment ago; those who ask at once share one look."""
        look = self.looks.get(service.name)
        if look is None or look.at < time.monotonic() - within:
            await asyncio.shield(self._look_at(service))

    async def _until_ready(self, seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not self.ready:
                await self.change(seconds)

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _read_settings(self) -> None:
        while True:
            await self._keys.refresh()
            before = self.settings
            try:
                settings = await self._records.ask(load_settings)
            except Problem:
                settings = replace(self.settings, problems=("the ledger does not answer",))
            except Exception:  # whatever answers at Prefect's address, the watch goes on
                log.exception("the settings cannot be read")
                settings = self.settings
            if self.settings is not before:
                continue  # they were written while this reading was under way: it may be an old one
            if settings != self.settings or not self.read:
                self._take(settings)
            await asyncio.sleep(SETTINGS_SECONDS)

    def _take(self, settings: Settings) -> None:
        for problem in set(settings.problems) - set(self.settings.problems):
            log.warning("setting not used: %s", problem)
        if settings.from_memory != self.settings.from_memory:
            log.warning("Prefect %s", "cannot be asked" if settings.from_memory else "answers again")
        before, after = places(self.settings), places(settings)
        self.looks = {name: look for name, look in self.looks.items() if before.get(name) == after.get(name)}
        self.settings, self.read = settings.with_keys_of(self.settings), True
        for service in settings.cluster.services:
            self._turns.limit(service.name, service.limit, service.queue)
        for service in settings.cluster.services:
            if service.name not in self.looks:
                self._look_at(service)
        self._tell()

    async def _look_around(self) -> None:
        while True:
            for service in self.settings.cluster.services:
                self._look_at(service)
            self._pool.sweep()
            await asyncio.sleep(LOOK_SECONDS)

    def _look_at(self, service: Service) -> asyncio.Task[None]:
        running = self._looking.get(service.name)
        if running is None or running.done():
            running = self._looking[service.name] = asyncio.create_task(self._look(service))
        return running

    async def _look(self, service: Service) -> None:
        models, why = tuple[str, ...](), ""
        try:
            async with asyncio.timeout(LOOK_TIMEOUT):
                models = await self._ask(service)
        except (Unreachable, UpstreamBroke, LookupError) as error:
            why = str(error)
        except TimeoutError:
            why = f"no answer within {LOOK_TIMEOUT:.0f} seconds"
        before = self.looks.get(service.name)
        same = before is not None and before.up == (not why)
        since = before.since if before and same else time.time()
        last = models or (before.last if before else ())
        version = before.version if before else ""
        look = Look(not why, since, time.monotonic(), models, last, why, version)
        self.looks[service.name] = look
        if before is None or not same or before.models != models:
            log.info("%s is %s %s", service.name, "down:" if why else "up", why or ", ".join(models))
            self._tell()
            if models and (version := await self._ask_version(service)):
                self.looks[service.name] = replace(look, version=version)

    async def _ask(self, service: Service) -> tuple[str, ...]:
        """The ids vLLM serves; nothing for another kind that is well.  Raises when it is not."""
        path = "/v1/models" if service.kind == "vllm" else service.health_path
        status, body = await self._get(service, path)
        if status != 200:
            raise UpstreamBroke(f"it answers {path} with status {status}")
        if service.kind != "vllm":
            return ()
        try:
            return tuple(model.id for model in msgspec.json.decode(body, type=_Models).data)
        except msgspec.DecodeError:
            raise UpstreamBroke("its list of models cannot be read") from None

    async def _get(self, service: Service, path: str) -> tuple[int, bytes]:
        key = credentials(service, self.settings.upstream_keys)
        return await get(self._pool, self.address(service), path, key)

    async def _ask_version(self, service: Service) -> str:
        try:
            async with asyncio.timeout(1.0):
                _status, body = await self._get(service, "/version")
                return msgspec.json.decode(body, type=_Version).version
        except (Unreachable, UpstreamBroke, TimeoutError, msgspec.DecodeError):
            return ""
