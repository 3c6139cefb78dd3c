"""The hot path: what a request asks for, and who answers it."""

from gateway.edge.exchange import Exchange
from gateway.options import Options
from gateway.problem import Problem
from gateway.relay import Relay
from gateway.routes import REALTIME, ROUTES, Route, methods, split_upstream
from gateway.speech import MagpieSpeech
from gateway.upstreams import Upstreams
from gateway.visit import Visit


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
            target = await self._upstreams.for_body(route, body, visit.client)
        elif route.body == "stream":
            exchange.refuse_longer_than(self._options.upload_limit)
            target = await self._upstreams.for_upload(route, exchange)
        else:
            target = self._upstreams.for_kind(route, exchange)
        if target.service.dialect == "magpie":
            await self._speech.answer(visit, target)
        else:
            await self._relay.send(visit, target, exchange.path, newer=route.newer)

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


def _wrong_method(exchange: Exchange) -> Problem:
    allowed = methods(exchange.path)
    message = f"{exchange.method} is not possible at {exchange.path.decode('latin-1')}: use {allowed}"
    return Problem(405, message, "method_not_allowed", headers={"allow": allowed})
