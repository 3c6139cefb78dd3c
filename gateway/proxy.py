"""The hot path: what a request asks for, and who answers it."""

import time

from gateway.asked import model_asked_for
from gateway.edge.exchange import Exchange
from gateway.options import Options
from gateway.problem import Problem
from gateway.relay import Relay
from gateway.routes import REALTIME, ROUTES, Route, methods, split_upstream
from gateway.speech import MagpieSpeech
from gateway.target import Target
from gateway.upstreams import Upstreams
from gateway.visit import Visit

_NOTICED_SECONDS = 0.001
"""Finding a loaded model takes less."""


class Proxy:
    """Finds the service that answers a request and has the request passed on to it."""

    def __init__(self, upstreams: Upstreams, relay: Relay, speech: MagpieSpeech, options: Options) -> None:
        self._upstreams = upstreams
        self._relay = relay
        self._speech = speech
        self._options = options

    async def __call__(self, visit: Visit) -> None:
        """Answer one request; `Problem` when nothing could be passed on."""
        exchange = visit.exchange
        route = ROUTES.get(exchange.path)
        if route is not None:
            await self._to_route(visit, route)
        elif exchange.path == REALTIME:
            await self._to_realtime(visit)
        else:
            await self._to_service(visit)

    async def _to_route(self, visit: Visit, route: Route) -> None:
        exchange = visit.exchange
        if exchange.method != route.method:
            raise _wrong_method(exchange)
        if route.body == "json":
            exchange.refuse_longer_than(self._options.body_limit)
            body = await exchange.body.whole(self._options.body_limit)
            target = await self._by_model(visit, route, body)
        elif route.body == "stream":
            exchange.refuse_longer_than(self._options.upload_limit)
            target = await self._upstreams.for_upload(route, exchange)
        else:
            target = self._upstreams.for_kind(route, exchange)
        if target.service.dialect == "magpie":
            await self._speech.answer(visit, target)
        else:
            await self._relay.send(visit, target, exchange.path, newer=route.newer)

    async def _by_model(self, visit: Visit, route: Route, body: bytes) -> Target:
        """Where a JSON body goes; waiting for a model that loads counts as waiting for a turn does."""
        model = model_asked_for(body) if _is_legible(visit.exchange) else None
        before = time.monotonic()
        target = await self._upstreams.for_body(route, body, model, visit.client)
        held = time.monotonic() - before
        visit.record.queued_seconds = held if held > _NOTICED_SECONDS else 0.0
        return target

    async def _to_service(self, visit: Visit) -> None:
        exchange = visit.exchange
        if exchange.method not in ("GET", "HEAD", "POST"):
            raise _wrong_method(exchange)
        exchange.refuse_longer_than(self._options.upload_limit)
        name, path = split_upstream(exchange.path)
        await self._relay.send(visit, self._upstreams.for_service(name, exchange), path)

    async def _to_realtime(self, visit: Visit) -> None:
        exchange = visit.exchange
        if not exchange.upgrade:
            message = "/v1/realtime is a WebSocket: connect with a WebSocket client"
            raise Problem(426, message, "upgrade_required", headers={"upgrade": "websocket"})
        target = self._upstreams.for_realtime(exchange)
        await self._relay.send(visit, target, exchange.path)


def _is_legible(exchange: Exchange) -> bool:
    """A compressed body goes on unread: it is for the service to say what it makes of it."""
    return (exchange.header(b"content-encoding") or b"identity").lower() == b"identity"


def _wrong_method(exchange: Exchange) -> Problem:
    allowed = methods(exchange.path)
    message = f"{exchange.method} is not possible at {exchange.path.decode('latin-1')}: use {allowed}"
    return Problem(405, message, "method_not_allowed", headers={"allow": allowed})
