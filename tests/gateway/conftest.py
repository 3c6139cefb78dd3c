"""The real gateway under uvicorn, a scripted upstream, a small Prefect and a ledger, all on real sockets."""

import asyncio
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from blocks.ledger.migrate import migrate
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from gateway.app import create_app
from gateway.options import Options
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream


class Gateway:
    """The gateway in a thread of its own, on uvloop as in life."""

    def __init__(self, options: Options) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        config = uvicorn.Config(
            create_app(options), log_config=None, access_log=False, loop="uvloop", http="httptools", ws="none"
        )
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]})

    def start(self) -> None:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)
        assert self._server.started, "the gateway did not start"

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(10)
        self._socket.close()


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
    )


@pytest.fixture
async def gateway(options: Options) -> AsyncIterator[Gateway]:
    gateway = Gateway(options)
    await asyncio.to_thread(gateway.start)
    yield gateway
    await asyncio.to_thread(gateway.stop)


@pytest.fixture
async def http(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
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
