"""Where every request comes in: past the guard, then to the hot path or to the control API."""

import asyncio

from blocks.ledger.keys import Scope
from gateway.cors import Cors
from gateway.edge.asgi import Asgi
from gateway.edge.exchange import Exchange
from gateway.guard import require_host, require_known_origin, require_same_origin
from gateway.heads import Header
from gateway.keys import Keys
from gateway.options import Options
from gateway.problem import Problem
from gateway.proxy import Proxy
from gateway.routes import UPSTREAM, is_hot, label, methods
from gateway.telemetry.record import Outcome, Record
from gateway.telemetry.request_id import request_id, trace_id
from gateway.telemetry.telemetry import Telemetry
from gateway.visit import Visit

_OPEN = b"/health"
_REDACTION = (b"/scrub", b"/rehydrate")
_AUDIO = b"/api/audio/"
_SEARCH = b"/api/search"
_FOR_PROGRAMS = (
    b"/v1/models", b"/v1/redacted/", b"/api/endpoints", b"/ready", b"/api/health-event", _AUDIO,
    _SEARCH, *_REDACTION,
)  # fmt: skip
"""Routes of the control API that are for whoever may use the models."""

_FOR_PAGES = (b"/v1/", b"/api/health-event", _AUDIO, _SEARCH, *_REDACTION)
"""Routes of the control API that pages of the allowed origins may use as well."""

_OUTCOMES: dict[str, Outcome] = {
    "queue_full": "busy",
    "model_loading": "loading",
    "upstream_unreachable": "unreachable",
    "upstream_broke": "upstream_broke",
    "timed_out": "timed_out",
}


class Front:
    """Admits each request, has it answered, and sees to it that it is counted and logged."""

    def __init__(
        self, proxy: Proxy, control: Asgi, keys: Keys, telemetry: Telemetry, options: Options
    ) -> None:
        self._proxy = proxy
        self._control = control
        self._keys = keys
        self._telemetry = telemetry
        self._allowed = options.allowed_hosts
        self._cors = Cors(options.cors_origins)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one exchange; every problem before the first byte is answered in our envelope."""
        record = Record(
            exchange.method, exchange.path.decode("latin-1"), exchange.client, request_id(exchange.headers)
        )
        hot = is_hot(exchange.path)
        record.route = label(exchange.path) if hot else "control"
        record.trace_id = trace_id(exchange.headers)
        more: list[Header] = [(b"x-request-id", record.request_id.encode())]
        try:
            require_host(exchange.headers, self._allowed)
            if hot or exchange.path.startswith(_FOR_PAGES):
                more += self._cors.headers_for(exchange.header(b"origin"))
            if hot:
                await self._to_proxy(Visit(exchange, record, more))
            else:
                await self._to_control(exchange, record, more)
        except Problem as problem:
            record.status = record.status or problem.status
            record.ends(_OUTCOMES.get(problem.code, "refused"))
            if not exchange.begun:
                exchange.answer_problem(problem, more)
        except asyncio.CancelledError:
            record.ends("client_left" if exchange.gone else "refused")
            raise
        finally:
            record.bytes_in = exchange.body.received
            self._telemetry.finished(record)

    async def _to_proxy(self, visit: Visit) -> None:
        exchange, record = visit.exchange, visit.record
        if exchange.method == "OPTIONS":
            allow = (b"allow", methods(exchange.path).encode())
            exchange.answer(204, [allow, *self._cors.preflight(exchange.headers)])
            record.status = 204
            record.ends("ok")
            return
        scope: Scope = "inference"
        if exchange.path.startswith(UPSTREAM):  # it reaches whatever the service has, also what changes it
            scope = "control"
            require_same_origin(exchange.method, exchange.headers)
        require_known_origin(exchange.method, exchange.headers, self._cors)
        record.key = self._keys.require(exchange.headers, scope)
        await self._proxy(visit)

    async def _to_control(self, exchange: Exchange, record: Record, more: list[Header]) -> None:
        path = exchange.path
        if exchange.method == "OPTIONS" and path.startswith(_FOR_PAGES):
            exchange.answer(204, self._cors.preflight(exchange.headers))
            record.status = 204
            record.ends("ok")
            return
        if path.startswith(_FOR_PAGES):
            require_known_origin(exchange.method, exchange.headers, self._cors)
        else:
            require_same_origin(exchange.method, exchange.headers)
        if path != _OPEN:
            scope: Scope = "inference" if path.startswith(_FOR_PROGRAMS) else "control"
            record.key = self._keys.require(exchange.headers, scope)
        record.status = await self._control(exchange, more)
        record.ends("client_left" if exchange.gone else "ok")
