"""Where every request comes in: past the guard, then to the hot path or to the control API."""

from typing import cast

from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

from gateway.guard import require_host, require_same_origin
from gateway.options import Options
from gateway.problem import Problem, send_problem
from gateway.proxy import Proxy
from gateway.routes import ROUTES
from gateway.stream import Streams


class Front:
    """One ASGI app of two: the hot path does not pay for the control API's routing."""

    def __init__(self, proxy: Proxy, control: ASGIApp, streams: Streams, options: Options) -> None:
        self._proxy = proxy
        self._control = control
        self._streams = streams
        self._allowed = options.allowed_hosts

    def end_streams(self) -> None:
        """End the streams of events, which would go on as long as their runs, so that the server can stop."""
        self._streams.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass the life cycle on."""
        if str(scope["type"]) != "http":
            await self._control(scope, receive, send)
            return
        request = cast(HTTPScope, scope)
        try:
            self._guard(request)
        except Problem as problem:
            await send_problem(send, problem)
            return
        if self._proxy.takes(request["path"]):
            await self._proxy(request, receive, send)
        else:
            await self._control(scope, receive, send)

    def _guard(self, scope: HTTPScope) -> None:
        require_host(scope["headers"], self._allowed)
        if scope["path"] not in ROUTES:
            require_same_origin(scope["method"], scope["headers"])
