"""The real gateway under uvicorn, a scripted upstream, a small Prefect and a ledger, all on real sockets."""

import asyncio
import shutil
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvloop

from blocks.ledger.migrate import migrate
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from gateway.app import Gateway
from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream


class Running:
    """The gateway in a thread of its own, on uvloop as in life."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._serve()))

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(10), "the gateway did not start"

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._told.set)
        self._thread.join(10)
        self._socket.close()

    async def _serve(self) -> None:
        self._loop, self._told = asyncio.get_running_loop(), asyncio.Event()

        async def until_told() -> None:
            await self._told.wait()

        await Gateway(self._options).serve(until_told(), self._socket, self._ready.set)


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def ledger(empty_ledger: Path, tmp_path: Path) -> Iterator[Ledger]:
    shutil.copy(empty_ledger, tmp_path / "ledger.db")
    ledger = Ledger(f"sqlite:///{tmp_path}/ledger.db")
    for host in ("spark-1", "spark-2"):
        models = [
            {"model": f"org/{name}", "bytes": size, "complete": True, "revision": "r1", "missing": []}
            for name, size in (("alpha", 20_000_000_000), ("beta", 40_000_000_000))
        ]
        write_seen(ledger, f"disk/{host}", {"models": models, "free_bytes": 900_000_000_000})
        seen = {
            "reachable": True, "error": "", "hostname": host,
            "uptime_seconds": 7200.0, "load": [0.1, 0.2, 0.3],
            "memory_total": 128_000_000_000, "memory_available": 64_000_000_000,
            "gpu": {"name": "NVIDIA GB10", "utilization": 12, "temperature": 48, "power": 31.5},
            "containers": [],
        }  # fmt: skip
        write_seen(ledger, f"host/{host}", seen)
    yield ledger
    ledger.close()


@pytest.fixture
async def upstream() -> AsyncIterator[FakeUpstream]:
    upstream = FakeUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()


@pytest.fixture
def prefect(upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    prefect = FakePrefect()
    prefect.documents["cluster"] = cluster_document(upstream.port)
    prefect.documents["catalog"] = {
        "recipes": [
            {"key": name, "name": name.title(), "model": f"org/{name}", "expected_seconds": 200}
            for name in ("alpha", "beta")
        ]
    }
    monkeypatch.setenv("PREFECT_API_URL", prefect.url)
    yield prefect
    prefect.close()


@pytest.fixture
def options(prefect: FakePrefect, ledger: Ledger) -> Options:
    return Options(
        prefect_url=prefect.url,
        prefect_ui_url="http://prefect.example",
        ledger_url=ledger.engine.url.render_as_string(),
        hold_seconds=5.0,
        drain_seconds=1.0,
        access_log="off",
    )


@pytest.fixture
async def gateway(options: Options) -> AsyncIterator[Running]:
    gateway = Running(options)
    await asyncio.to_thread(gateway.start)
    yield gateway
    await asyncio.to_thread(gateway.stop)


@pytest.fixture
async def http(gateway: Running) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=gateway.url, timeout=20) as client:
        yield client


def cluster_document(port: int, **services: int) -> dict[str, object]:
    """Two hosts on the loopback, vLLM on that port, and more services by their ports."""
    kinds = {"parakeet": "stt", "kokoro": "tts", "embeddings": "embeddings"}
    more = [
        {"name": name, "kind": kinds[name], "host": "spark-2", "port": other, "container": name}
        for name, other in services.items()
    ]
    vllm = {"name": "vllm", "kind": "vllm", "host": "spark-1", "port": port, "container": "vllm_node"}
    hosts = [{"name": f"spark-{n}", "address": "127.0.0.1"} for n in (1, 2)]
    return {"hosts": hosts, "services": [vllm, *more]}
