"""The hot path: an ASGI app of ours, so that it alone decides when to read, send and give up."""

import logging

from litestar.types import HTTPScope, Receive, Send

from gateway.forward import Forward, read_body, refuse_too_large
from gateway.heads import header, request_head
from gateway.options import Options
from gateway.problem import ClientLeft, Problem, retry_after, send_problem
from gateway.routes import ROUTES, UPSTREAM, split_upstream
from gateway.upstream_connection import Connection, UpstreamBroke
from gateway.upstream_pool import Pool, Unreachable
from gateway.upstreams import Target, Upstreams, still_loading

log = logging.getLogger(__name__)


class Proxy:
    """
    Passes requests on to upstreams, bytes in and bytes out.

    A model may think for a minute before its first word.  If the client leaves meanwhile, the upstream is
    let go at once, or the GPU works for nobody.
    """

    def __init__(self, pool: Pool, upstreams: Upstreams, options: Options) -> None:
        self._pool = pool
        self._upstreams = upstreams
        self._options = options

    def takes(self, path: str) -> bool:
        """The path is one of the hot path's."""
        return path in ROUTES or path.startswith(UPSTREAM)

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        """Answer one request; every problem before the first byte is answered in our envelope."""
        try:
            await self._answer(scope, receive, send)
        except Problem as problem:
            await send_problem(send, problem)
        except ClientLeft:
            log.debug("the client of %s left", scope["path"])

    async def _answer(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        route = ROUTES.get(scope["path"])
        if route is None:
            await self._to_service(scope, receive, send)
            return
        if scope["method"] != route.method:
            raise _wrong_method(scope, route.method)
        if route.body == "json":
            body = await read_body(scope, receive, self._options.body_limit)
            target = await self._upstreams.for_body(route, body, receive)
            await self._pass_whole(scope, receive, send, target, scope["raw_path"])
        else:
            await self._pass_stream(scope, receive, send, self._upstreams.for_kind(route), scope["raw_path"])

    async def _to_service(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "POST"):
            raise _wrong_method(scope, "GET, POST")
        name, path = split_upstream(scope["raw_path"])
        await self._pass_stream(scope, receive, send, self._upstreams.for_service(name), path)

    async def _pass_whole(
        self, scope: HTTPScope, receive: Receive, send: Send, target: Target, path: bytes
    ) -> None:
        head = _head(scope, target, path, len(target.body))
        connection = await self._connection(target)
        connection.begin(head + target.body)
        await self._run(target, connection, Forward(connection, _words(target), receive, send))

    async def _pass_stream(
        self, scope: HTTPScope, receive: Receive, send: Send, target: Target, path: bytes
    ) -> None:
        limit = self._options.upload_limit
        refuse_too_large(scope, limit)
        length = header(scope["headers"], b"content-length")
        chunked = length is None and header(scope["headers"], b"transfer-encoding") is not None
        head = _head(scope, target, path, None if chunked else int(length or 0))
        connection = await self._connection(target)
        connection.begin(head, more=True, chunked=chunked)
        await self._run(target, connection, Forward(connection, _words(target), receive, send, limit))

    async def _connection(self, target: Target) -> Connection:
        try:
            return self._pool.take(target.address) or await self._pool.connect(target.address)
        except Unreachable as error:
            raise await self._unreachable(target, str(error)) from None

    async def _run(self, target: Target, connection: Connection, forward: Forward) -> None:
        try:
            await forward.run()
        except UpstreamBroke as error:
            raise Problem(
                502, f"{_words(target)} gave no answer: {error}", "upstream_broke", headers=retry_after(2)
            ) from None
        finally:
            self._pool.give_back(target.address, connection)

    async def _unreachable(self, target: Target, why: str) -> Problem:
        run = await self._upstreams.loading(target)
        if run is not None:
            return still_loading(run)
        message = f"{_words(target)} does not answer: {why}"
        return Problem(503, message, "upstream_unreachable", headers=retry_after(5))


def _head(scope: HTTPScope, target: Target, path: bytes, length: int | None) -> bytes:
    query = scope["query_string"]
    url = path + b"?" + query if query else path
    return request_head(scope["method"], url, target.address.authority, scope["headers"], length)


def _words(target: Target) -> str:
    return f"{target.who} (model {target.model})" if target.model else target.who


def _wrong_method(scope: HTTPScope, allowed: str) -> Problem:
    message = f"{scope['method']} is not possible at {scope['path']}: use {allowed}"
    return Problem(405, message, "method_not_allowed", headers={"allow": allowed})
