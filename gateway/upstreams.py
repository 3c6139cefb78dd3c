"""Where a request of the hot path goes: by route and model, waiting for a model that is loading."""

import asyncio
import time
from typing import NamedTuple

from litestar.types import Receive

from blocks.cluster import Service
from gateway.asked import model_asked_for, rename_model
from gateway.forward import until_left
from gateway.models import Models
from gateway.problem import ClientLeft, Problem, retry_after
from gateway.routes import Route
from gateway.runs import RunView
from gateway.swaps import Swaps
from gateway.upstream_pool import Address
from gateway.watch import Watch


class Target(NamedTuple):
    """
    Where one request goes.

    Attributes:
        who: The service in words, for messages: 'vllm on spark-1'.
        model: The id of the model it is for; blank when none was named.
        body: What is sent: the client's bytes, or those with the model's alias replaced.
    """

    address: Address
    who: str
    model: str
    body: bytes


class Upstreams:
    """
    Finds the upstream of each request.

    Args:
        hold_seconds: How long a request waits for a model that is loading.
    """

    def __init__(self, watch: Watch, models: Models, swaps: Swaps, hold_seconds: float) -> None:
        self._watch = watch
        self._models = models
        self._swaps = swaps
        self._hold_seconds = hold_seconds

    async def for_body(self, route: Route, body: bytes, receive: Receive) -> Target:
        """
        The target of a JSON request, by the model it names.

        `Problem` 404 for an unknown model, 409 for one that is not loaded, 503 for one that still loads
        after the hold; `ClientLeft` when nobody waits any more.
        """
        model = model_asked_for(body)
        watch = self._watch
        if model is not None and model in watch.loaded:
            return self._target(self._vllm(), model, body)
        if route.kind != "vllm":
            service = self._of_kind(route.kind)
            if service is not None:
                return self._target(service, model or "", body)
        vllm = self._vllm()
        if model is None and watch.loaded:
            return self._target(vllm, "", body)
        name = self._answers_as(model) or await self._await_model(vllm, model, receive)
        return self._target(vllm, name, body if name == (model or "") else rename_model(body, name))

    def for_kind(self, route: Route) -> Target:
        """The target of a request whose body nobody reads; vLLM where no service of the kind exists."""
        service = self._of_kind(route.kind)
        if service is None and route.kind == "tts":
            raise Problem(503, "the cluster has no service of kind 'tts' (text to speech)", "no_service")
        return self._target(service or self._vllm(), "", b"")

    def for_service(self, name: str) -> Target:
        """The target of a request to a service by its name; `Problem` 404 names those that exist."""
        try:
            return self._target(self._watch.settings.cluster.service(name), "", b"")
        except LookupError as error:
            raise Problem(404, str(error), "unknown_service") from None

    async def loading(self, target: Target) -> RunView | None:
        """The swap that is under way while a target does not answer."""
        service = self._watch.vllm
        if service is None or self._watch.address(service) != target.address:
            return None
        return await self._swaps.coming(None)

    def _target(self, service: Service, model: str, body: bytes) -> Target:
        try:
            address = self._watch.address(service)
        except LookupError as error:
            raise Problem(503, f"service {service.name}: {error}", "bad_settings") from None
        return Target(address, f"{service.name} on {service.host}", model, body)

    def _vllm(self) -> Service:
        service = self._watch.vllm
        if service is None:
            raise Problem(
                503, "the cluster has no service of kind 'vllm': add one to its settings", "no_service"
            )
        return service

    def _of_kind(self, kind: str) -> Service | None:
        for service in self._watch.settings.cluster.services:
            if service.kind == kind:
                return service
        return None

    def _answers_as(self, model: str | None) -> str:
        return (self._models.answers_as(model) or "") if model else ""

    async def _await_model(self, vllm: Service, model: str | None, receive: Receive) -> str:
        """The id of a model that was not loaded a moment ago, once it is; blank when none was named."""
        await self._watch.look_now(vllm)
        key: str | None = None
        if model is not None:
            if name := self._answers_as(model):
                return name
            entry = await self._models.find(model)
            if entry is None:
                raise self._unknown(vllm, model)
            key = entry.key
        return await self._hold(vllm, key, receive)

    async def _hold(self, vllm: Service, key: str | None, receive: Receive) -> str:
        """Wait for the swap that loads a model (or, without a key, for whichever is under way)."""
        until = time.monotonic() + self._hold_seconds
        gone = asyncio.ensure_future(until_left(receive))
        try:
            while True:
                coming = await self._swaps.coming(key)
                name = self._answers_as(key)
                if name or (key is None and (self._watch.loaded or coming is None)):
                    return name
                if coming is None:
                    raise await self._not_loaded(vllm, str(key))
                left = until - time.monotonic()
                if left <= 0:
                    raise still_loading(coming)
                change = asyncio.ensure_future(self._watch.change(min(left, 1.0)))
                await asyncio.wait((gone, change), return_when=asyncio.FIRST_COMPLETED)
                change.cancel()
                if gone.done():
                    raise ClientLeft
        finally:
            gone.cancel()

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
        coming = f", and a swap to {other.model} is under way" if other else ""
        message = (
            f"model {key} is not loaded; {self._what_is_loaded()}{coming}. POST /api/swap loads another."
        )
        return Problem(409, message, "model_not_loaded", param="model")

    def _down(self, vllm: Service, model: str, why: str) -> Problem:
        message = f"model {model} is not loaded: {vllm.name} on {vllm.host} does not answer ({why})"
        return Problem(503, message, "upstream_unreachable", param="model", headers=retry_after(5))

    def _what_is_loaded(self) -> str:
        loaded = self._watch.loaded
        return f"loaded now is {', '.join(loaded)}" if loaded else "no model is loaded now"


def still_loading(run: RunView) -> Problem:
    """503: the model is on its way; with how far it is."""
    eta = run.eta_seconds
    loading = {
        "model": run.model,
        "phase": run.phase,
        "progress": run.progress,
        "eta_seconds": eta,
        "run": run.id,
    }
    return Problem(
        503,
        f"model {run.model} is loading ({run.phase}): try again in a while",
        "model_loading",
        headers=retry_after(min(eta, 60.0) if eta else 10.0),
        loading=loading,
    )
