"""Where a request of the hot path goes: by route and model, waiting for a model that is loading."""

import asyncio
import time
from contextlib import suppress
from functools import partial

from blocks.cluster import Service
from gateway.asked import rename_model, rename_query
from gateway.auto_swap import AutoSwap
from gateway.credentials import credentials
from gateway.edge.exchange import Exchange
from gateway.models import Models
from gateway.multipart import ModelField, boundary_of
from gateway.not_loaded import loading
from gateway.problem import Problem, retry_after
from gateway.routes import Route
from gateway.runs import RunView
from gateway.swaps import Swaps
from gateway.target import Target
from gateway.watch import Watch

_LEAVING = frozenset(("draining", "stopping"))
"""Phases of a swap in which the present model takes no more requests."""

_ASK_SECONDS = 0.5
"""An error is told within a second, whoever else does not answer."""

_NO_VLLM = "the cluster has no service of kind 'vllm': add one to its settings"


class Upstreams:
    """
    Finds the service of each request.

    Args:
        auto_swap: Loads models that requests name; None: that is off.
        hold_seconds: How long a request waits for a model that is loading.
    """

    def __init__(
        self, watch: Watch, models: Models, swaps: Swaps, auto_swap: AutoSwap | None, hold_seconds: float
    ) -> None:
        self._watch = watch
        self._models = models
        self._swaps = swaps
        self._auto_swap = auto_swap
        self._hold_seconds = hold_seconds

    async def for_body(self, route: Route, body: bytes, model: str | None, client: str) -> Target:
        """
        The target of a JSON request, by the model it names.

        `Problem` 404 for an unknown model, 409 for one that is not loaded, 503 for one that still loads
        after the hold.

        Args:
            route: Its route.
            body: The whole of it.
            model: The one it names; None: none.
            client: Who asks: models are loaded for clients in turn.
        """
        name = self._serves(model) if model else None
        if name is None and route.kind != "vllm":
            service = self._of_kind(route.kind)
            if service is not None:
                return self._target(service, model or "", body)
        vllm = self._vllm()
        if name is None and model is None and self._watch.loaded and not self.is_leaving():
            return self._target(vllm, "", body)
        name = name or await self._await_model(vllm, model, client)
        return self._target(vllm, name, body if name == (model or "") else rename_model(body, name))

    async def for_upload(self, route: Route, exchange: Exchange) -> Target:
        """The target of a body that goes on as it comes; vLLM where no service of the kind exists."""
        service = self._of_kind(route.kind)
        if service is not None:
            return self._target(service, length=exchange.length)
        boundary = boundary_of(exchange.header(b"content-type") or b"")
        if boundary is None:
            return self._target(self._vllm(), length=exchange.length)
        # Its model may be named anywhere in the form, and by an alias of another length.
        return self._target(self._vllm(), rename=ModelField(boundary, self._renamed))

    def for_kind(self, route: Route, exchange: Exchange) -> Target:
        """The target of a request without a body."""
        service = self._of_kind(route.kind)
        if service is None:
            raise Problem(503, f"the cluster has no service of kind {route.kind!r}", "no_service")
        return self._target(service, query=rename_query(exchange.query, self._renamed))

    def for_service(self, name: str, exchange: Exchange) -> Target:
        """The target of a request to a service by its name; `Problem` 404 names those that exist."""
        try:
            service = self._watch.settings.cluster.service(name)
        except LookupError as error:
            raise Problem(404, str(error), "unknown_service") from None
        return self._target(service, length=exchange.length)

    def for_realtime(self, exchange: Exchange) -> Target:
        """The target of a WebSocket."""
        try:
            service = self._watch.settings.cluster.realtime
        except LookupError as error:
            raise Problem(503, str(error), "no_service") from None
        return self._target(service, query=rename_query(exchange.query, self._renamed))

    async def require_still(self, target: Target) -> None:
        """`Problem` 409 when the model of a request that waited for its turn has gone meanwhile."""
        vllm = self._watch.vllm
        if target.model and target.service == vllm and self._serves(target.model) is None:
            raise await self._not_loaded(target.service, target.model)

    async def unreachable(self, target: Target, why: str) -> Problem:
        """What is said when a service takes no connection."""
        run = None
        if target.service == self._watch.vllm:
            with suppress(Problem, TimeoutError):  # no word of Prefect or the ledger is waited for long
                async with asyncio.timeout(_ASK_SECONDS):
                    run = await self._swaps.coming(None)
        if run is not None:
            return still_loading(run)
        message = f"{target.who} does not answer: {why}"
        return Problem(503, message, "upstream_unreachable", headers=retry_after(5))

    def why(self, target: Target, why: str) -> str:
        """The reason of a break, with the swap that stopped the engine."""
        run = self._swaps.now
        if run is None or target.service != self._watch.vllm:
            return why
        return f"{why}; a swap to {run.model} is under way"

    def not_served(self, target: Target, path: bytes) -> Problem:
        """501: the service is too old for a path."""
        version = self._watch.version or "an unknown version"
        message = f"{target.who} does not serve {path.decode('latin-1')}: its image has vLLM {version}"
        return Problem(501, message, "not_implemented")

    def _target(
        self,
        service: Service,
        model: str = "",
        body: bytes | None = None,
        *,
        length: int | None = None,
        query: bytes | None = None,
        rename: ModelField | None = None,
    ) -> Target:
        try:
            address = self._watch.address(service)
        except LookupError as error:
            raise Problem(503, f"service {service.name}: {error}", "bad_settings") from None
        keys = self._watch.settings.upstream_keys
        return Target(service, address, model, body, length, query, rename, credentials(service, keys))

    def _vllm(self) -> Service:
        service = self._watch.vllm
        if service is None:
            raise Problem(503, _NO_VLLM, "no_service")
        return service

    def _of_kind(self, kind: str) -> Service | None:
        for service in self._watch.settings.cluster.services:
            if service.kind == kind:
                return service
        return None

    def _serves(self, model: str) -> str | None:
        """The id under which a model takes requests now; None when it does not, or is about to be stopped."""
        name = self._models.answers_as(model)
        return None if name is None or self.is_leaving(name) else name

    def is_leaving(self, name: str = "") -> bool:
        """A swap to another model has begun to stop the present one."""
        run = self._swaps.now
        if run is None or run.phase not in _LEAVING:
            return False
        return not name or self._models.answers_as(run.model) != name

    def _renamed(self, model: str) -> str:
        return self._models.answers_as(model) or model

    async def _await_model(self, vllm: Service, model: str | None, client: str) -> str:
        """The id of a model that was not loaded a moment ago, once it is; blank when none was named."""
        await self._watch.look_now(vllm)
        if model is None:
            return await self._hold(vllm, None, client)
        if name := self._serves(model):
            return name
        entry = await self._models.find(model)
        if entry is None:
            leaves = self._models.answers_as(model) is not None
            raise await self._not_loaded(vllm, model) if leaves else self._unknown(vllm, model)
        return await self._hold(vllm, entry.key, client, on_disk=entry.state == "ready")

    async def _hold(self, vllm: Service, key: str | None, client: str, *, on_disk: bool = False) -> str:
        """Wait for the swap that loads a model (or, without a key, for whichever is under way)."""
        until = time.monotonic() + self._hold_seconds
        while True:
            coming = await self._swaps.coming(key)
            name = self._serves(key) if key else None
            if name or (key is None and not self.is_leaving() and (self._watch.loaded or coming is None)):
                return name or ""
            left = until - time.monotonic()
            if coming is None:
                if key is not None and on_disk and self._auto_swap is not None:
                    return await self._auto_swap.hold(key, client, left, partial(self._serves, key))
                raise await self._not_loaded(vllm, str(key))
            if left <= 0:
                raise still_loading(coming)
            await self._watch.change(min(left, 1.0))

    def _unknown(self, vllm: Service, model: str) -> Problem:
        look = self._watch.looks.get(vllm.name)
        if look is not None and not look.up and model in look.last:
            return self._down(vllm, model, look.why)
        return Problem(
            404,
            f"there is no model {model!r}; {self._what_is_loaded()}. GET /api/models lists the others.",
            "model_not_found",
            param="model",
        )

    async def _not_loaded(self, vllm: Service, key: str) -> Problem:
        other = await self._swaps.under_way()
        look = self._watch.looks.get(vllm.name)
        if other is None and look is not None and not look.up:
            return self._down(vllm, key, look.why)
        if other is not None and self._models.answers_as(key) is not None:
            state = f"model {key} is being stopped"
        else:
            state = f"model {key} is not loaded; {self._what_is_loaded()}"
        coming = f", and a swap to {other.model} is under way" if other else ""
        message = f"{state}{coming}. POST /api/swap loads another."
        return Problem(409, message, "model_not_loaded", param="model")

    def _down(self, vllm: Service, model: str, why: str) -> Problem:
        message = f"model {model} is not loaded: {vllm.name} on {vllm.host} does not answer ({why})"
        return Problem(503, message, "upstream_unreachable", param="model", headers=retry_after(5))

    def _what_is_loaded(self) -> str:
        loaded = self._watch.loaded
        return f"loaded now is {', '.join(loaded)}" if loaded else "no model is loaded now"


def still_loading(run: RunView) -> Problem:
    """503: the model is on its way; with how far it is."""
    return loading(run.model, f"model {run.model} is loading ({run.phase})", run, run.eta_seconds)
