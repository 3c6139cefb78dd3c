"""The HTTP surface of vLLM 0.33 over one engine."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from http import HTTPStatus
from typing import Any

from simulator.engine.asks import ApiError, body_of, check_model
from simulator.engine.completions import chat, complete, sse
from simulator.engine.embedding import InputRefused, embeddings
from simulator.engine.engine import Engine, EngineDeadError
from simulator.engine.flags import VERSION
from simulator.engine.http import Answer, CutError, Request, as_json
from simulator.engine.messages import count_tokens, message
from simulator.engine.metrics import prometheus
from simulator.engine.responses import respond
from simulator.engine.text import pieces
from simulator.engine.tools import ToolsRefused

OPEN = {"/health", "/ping", "/load", "/version", "/simulator/requests"}
Route = Callable[[Engine, dict[str, Any]], Awaitable[Answer]]


async def models(engine: Engine, _: dict[str, Any]) -> Answer:
    """/v1/models."""
    launch = engine.launch
    names = ["another/Model"] if launch.fault().name == "wrong-model" else launch.names
    common = {"object": "model", "created": int(time.time()), "owned_by": "vllm"}
    common |= {"root": launch.args.model_tag, "parent": None}
    common |= {"max_model_len": launch.plan.context, "permission": []}
    return as_json({"object": "list", "data": [{"id": name} | common for name in names]})


async def tokenize(engine: Engine, body: dict[str, Any]) -> Answer:
    """/tokenize: a prompt, or messages."""
    check_model(engine, body)
    turns = [str(turn.get("content", "")) for turn in body.get("messages") or []]
    ids = engine.vocabulary.encode("".join(turns) or str(body.get("prompt", "")))
    context = engine.launch.plan.context
    answer = {"count": len(ids), "max_model_len": context, "tokens": ids, "token_strs": None}
    return as_json(answer)


async def detokenize(engine: Engine, body: dict[str, Any]) -> Answer:
    """/detokenize."""
    return as_json({"prompt": engine.vocabulary.decode(body.get("tokens") or [])})


async def embed(engine: Engine, body: dict[str, Any]) -> Answer:
    """/v1/embeddings."""
    size = engine.launch.model.number("hidden_size", 1024)
    name = check_model(engine, body)
    count = sum(len(pieces(str(text))) for text in [body.get("input")])
    async for _ in engine.stream("embd", count, [""]):
        pass
    return as_json(embeddings(body, name, size))


async def health(engine: Engine, _: dict[str, Any]) -> Answer:
    """/health: 503 once the engine is dead."""
    return Answer(status=503 if engine.dead else 200)


async def metrics(engine: Engine, _: dict[str, Any]) -> Answer:
    """/metrics."""
    blocks = engine.launch.plan.tokens // 16
    text = prometheus(engine.counters, engine.launch.names[0], engine.cache_share, blocks)
    return Answer(text.encode(), content_type="text/plain; version=1.0.0; charset=utf-8")


async def load(engine: Engine, _: dict[str, Any]) -> Answer:
    """/load."""
    return as_json({"server_load": engine.counters.running + engine.counters.waiting})


async def version(_: Engine, __: dict[str, Any]) -> Answer:
    """/version."""
    return as_json({"version": VERSION})


async def requests(engine: Engine, _: dict[str, Any]) -> Answer:
    """/simulator/requests, which the real one has not: counts for tests."""
    counters = engine.counters
    done = counters.finished["stop"] + counters.finished["length"]
    aborted = counters.finished["abort"]
    return as_json({"running": counters.running, "finished": done, "aborted": aborted})


GENERATING: dict[str, Route] = {
    "/v1/chat/completions": chat,
    "/v1/completions": complete,
    "/v1/responses": respond,
    "/v1/messages": message,
}
READS: dict[str, Route] = {
    "/health": health,
    "/ping": health,
    "/version": version,
    "/load": load,
    "/v1/models": models,
    "/metrics": metrics,
    "/simulator/requests": requests,
}
WRITES: dict[str, Route] = {
    "/tokenize": tokenize,
    "/detokenize": detokenize,
    "/v1/messages/count_tokens": count_tokens,
}


class App:
    """The handler of vLLM's server."""

    def __init__(self, engine: Engine, keys: list[str]) -> None:
        self._engine = engine
        self._keys = keys
        tasks = {"/v1/embeddings": embed} if engine.launch.model.embeds else GENERATING
        self._writes = WRITES | tasks
        self._log = not engine.launch.args.disable_uvicorn_access_log

    @property
    def routes(self) -> dict[str, str]:
        """Path to methods, as the log lists them."""
        gets = dict.fromkeys((path for path in READS if "simulator" not in path), "GET")
        return gets | dict.fromkeys(self._writes, "POST")

    async def __call__(self, request: Request) -> Answer:
        try:
            answer = await self._route(request)
        except ApiError as refusal:
            answer = refusal.answer()
        except (ToolsRefused, InputRefused) as refusal:
            answer = ApiError(str(refusal)).answer()
        except EngineDeadError as reason:
            answer = ApiError(str(reason), 500, "InternalServerError").answer()
        if self._log:
            status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
            line = f'"{request.method} {request.target} HTTP/1.1" {status}'
            self._engine.launch.api.plain(f"INFO:     {request.client} - {line}")
        return answer

    async def _route(self, request: Request) -> Answer:
        path = request.path
        if self._keys and path not in OPEN and not self._knows(request):
            return as_json({"error": "Unauthorized"}, 401)
        if path in READS:
            if request.method not in {"GET", "HEAD"} and path != "/ping":
                raise ApiError("Method Not Allowed", 405, "Method Not Allowed")
            return await READS[path](self._engine, {})
        if path not in self._writes:
            raise ApiError("Not Found", 404, "Not Found")
        if request.method != "POST":
            raise ApiError("Method Not Allowed", 405, "Method Not Allowed")
        return await self._write(path, request)

    async def _write(self, path: str, request: Request) -> Answer:
        if self._engine.dead:
            raise EngineDeadError
        fault = self._engine.launch.fault()
        if fault.name == "http-500-cuda" and path not in WRITES:
            text = "CUDA error: an illegal memory access was encountered"
            raise ApiError(text, 500, "InternalServerError")
        answer = await self._made(path, request)
        if not isinstance(answer.body, bytes):
            answer.body = _told(answer.body)
            if fault.name == "cut-stream":
                answer.body = _cut(answer.body, int(fault.number("chunks", 3)))
        return answer

    async def _made(self, path: str, request: Request) -> Answer:
        try:
            return await self._writes[path](self._engine, body_of(request.body))
        except (AttributeError, KeyError, TypeError) as reason:
            # vLLM checks the shape of bodies before it reads them; here reading is the check.
            raise ApiError(f"[{{'type': 'value_error', 'msg': {str(reason)!r}}}]") from None

    def _knows(self, request: Request) -> bool:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and key in self._keys


async def _told(body: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """body, and when the engine dies under it an event that says so."""
    try:
        async for piece in body:
            yield piece
    except EngineDeadError as reason:
        refusal = ApiError(str(reason), 500, "InternalServerError")
        yield sse({"error": refusal.error})
        yield b"data: [DONE]\n\n"
    finally:
        await body.aclose()


async def _cut(body: AsyncGenerator[bytes, None], chunks: int) -> AsyncGenerator[bytes, None]:
    """The first chunks of body, then a reset connection."""
    try:
        async for piece in body:
            if chunks == 0:
                # A reset throws away what its receiver has not read yet.
                await asyncio.sleep(0.05)
                raise CutError
            chunks -= 1
            yield piece
    finally:
        await body.aclose()
