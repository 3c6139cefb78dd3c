"""A small service of a Spark: start-up, routes, faults, counts; speech and retrieval are made of it.

Faults are read from faults/NAME at every request. `wedged-cuda` and `frozen` strike once and stay in
the process until it is started again, as a dead CUDA context does; `dies` ends it.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from simulator.engine.http import Answer, Request, as_json, bind, listen
from simulator.engine.world import World, from_environment

Route = Callable[[Request], Awaitable[Answer]]
LASTING = ("wedged-cuda", "frozen", "dies")
CUDA = "cuFFT error: CUFFT_INTERNAL_ERROR; CUDA error: an illegal memory access was encountered"


class Refusal(Exception):
    """A request this service does not take: status and body of the answer."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body


def openai_error(message: str, kind: str = "invalid_request_error") -> dict[str, object]:
    """An error body in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


@dataclass(slots=True)
class Service:
    """Routes under a name; `starting` is in seconds of the real machine, memory in GiB."""

    name: str
    routes: Mapping[str, Route]
    starting: float
    gib: float
    uses_gpu: bool = True
    health: frozenset[str] = frozenset({"/health", "/v1/models"})
    world: World = field(default_factory=from_environment)
    running: int = 0
    finished: int = 0
    aborted: int = 0
    most: int = 0
    _struck: str = ""
    _ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, request: Request) -> Answer:
        path = request.path
        if path == "/simulator/requests":
            return as_json({k: getattr(self, k) for k in ("running", "finished", "aborted", "most")})
        try:
            answer = await self._counted(request)
        except Refusal as refusal:
            answer = as_json(refusal.body, refusal.status)
        except (AttributeError, KeyError, TypeError, ValueError) as reason:
            # The real ones check the shape of bodies before they read them; here reading is the check.
            answer = as_json({"detail": [{"type": "value_error", "msg": str(reason)}]}, 422)
        line = f'{request.client} - "{request.method} {request.target} HTTP/1.1" {answer.status}'
        _say(f"INFO:     {line}")
        return answer

    async def _counted(self, request: Request) -> Answer:
        route = self._route(request)
        if request.path in self.health:
            return await route(request)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.uses_gpu and self.running == 1:
            self.world.work(60, 38.0)
        try:
            await self._suffer()
            answer = await route(request)
        except asyncio.CancelledError:
            self.aborted += 1
            raise
        finally:
            self.running -= 1
            if not self.running:
                self.world.rest()
        self.finished += 1
        return answer

    def _route(self, request: Request) -> Route:
        """Routes are `METHOD /path`; one that ends in `*` takes every path below."""
        wanted = f"{'GET' if request.method == 'HEAD' else request.method} {request.path}"
        if wanted in self.routes:
            return self.routes[wanted]
        for name, route in self.routes.items():
            if name.endswith("*") and wanted.startswith(name[:-1]):
                return route
        raise Refusal(404, {"detail": "Not Found"})

    async def _suffer(self) -> None:
        fault = self.world.fault(self.name)
        if fault.name in LASTING:
            self._struck = fault.name
            if "always" not in fault.words:
                (self.world.host / "faults" / self.name).unlink(missing_ok=True)
        if self._struck == "wedged-cuda":
            _say(f"RuntimeError: {CUDA}")
            raise Refusal(500, openai_error(CUDA, "server_error"))
        if self._struck == "dies":
            _say("terminate called after throwing an instance of 'c10::AcceleratorError'")
            self._ended.set()
        if self._struck or fault.name == "hang":
            await asyncio.Event().wait()
        if fault.name == "http-500":
            raise Refusal(500, openai_error("Internal Server Error", "server_error"))

    def run(self, argv: list[str]) -> int:
        """Serve until SIGTERM; returns the exit code."""
        parser = argparse.ArgumentParser(prog=self.name)
        parser.add_argument("--port", type=int, required=True)
        parser.add_argument("--host", default="0.0.0.0", help="shown only")  # noqa: S104
        port = parser.parse_args(argv).port
        return asyncio.run(self._live(port))

    async def _live(self, port: int) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._ended.set)
        if self.world.fault(self.name).name == "dies-at-start":
            _say("RuntimeError: CUDA driver initialization failed")
            return 1
        sock = bind(self.world.address, port)
        _say(f"INFO:     Loading {self.name}")
        self.world.hold(self.gib)
        try:
            await self.world.pause(self.starting)
            server = await listen(self, sock)
            _say("INFO:     Application startup complete.")
            _say(f"INFO:     Uvicorn running on http://0.0.0.0:{port} (Press CTRL+C to quit)")
            await self._ended.wait()
            server.close()
            _say("INFO:     Shutting down")
        finally:
            self.world.release()
        return 1 if self._struck == "dies" else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
