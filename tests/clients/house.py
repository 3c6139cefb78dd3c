"""The house that every client here speaks to: one gateway process before simulated engines."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from blocks.ledger.migrate import migrate
from blocks.ledger.runs import report, start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from tests.clients.moody import Moody
from tests.gateway.fake_prefect import FakePrefect
from tests.simulator.engines import ROOT, Running, Spark, free_port

OTHER = "org/beta"
"""A model that is on disk and not loaded; its recipe's key is `beta`."""

WORDS = ["--enable-auto-tool-choice", "--tool-call-parser", "qwen3_xml", "--max-model-len", "32k"]
PROGRAMS = {  # program: name, kind and more of its service
    "parakeet-server": {"name": "parakeet", "kind": "stt"},
    "kokoro-server": {"name": "kokoro", "kind": "tts"},
    "embeddings-server": {"name": "embeddings", "kind": "embeddings"},
    "realtime-server": {"name": "realtime", "kind": "http", "realtime": True},
}


@dataclass(frozen=True)
class House:
    """
    Where everything is.

    Attributes:
        url: The gateway.
        prefect, ledger: What the gateway takes for Prefect, and where runs report.
        engine, realtime: vLLM and the realtime service themselves, behind it.
        moody: A service behind the gateway that is busy at first.
    """

    url: str
    prefect: FakePrefect
    ledger: Ledger
    engine: Running
    realtime: Running
    moody: Moody

    @property
    def v1(self) -> str:
        """The base URL that OpenAI's clients get."""
        return f"{self.url}/v1"

    def begin_swap(self) -> str:
        """The model that is not loaded begins to load; the run's id."""
        run = self.prefect.add_run("RUNNING", "beta")
        start_run(self.ledger, run, "swap", "beta", 200)
        return run

    def end_swap(self, run: str) -> None:
        """It failed: nothing else is loaded than before."""
        self.prefect.set_state(run, "FAILED")
        report(self.ledger, run, "result", {}, state="failed", ended=1.0)

    async def until_aborted(self, more_than: int) -> None:
        """Wait until vLLM has seen more requests leave than so many."""
        async with asyncio.timeout(20):
            while await self.aborted() <= more_than:
                pass

    async def aborted(self) -> int:
        """How many requests vLLM has seen leave."""
        return (await self.engine.client.get("/simulator/requests")).json()["aborted"]


@asynccontextmanager
async def house(folder: Path) -> AsyncIterator[House]:
    """Everything up, and down again."""
    spark = Spark(folder / "spark-1")
    spark.has_model(vision_config={})
    (spark.folder / "tokens-per-second").write_text("300")
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(spark.vllm(*WORDS))
        programs = {name: await stack.enter_async_context(spark.runs(name)) for name in PROGRAMS}
        moody = Moody()
        stack.callback(moody.close)
        services = [{"name": "vllm", "kind": "vllm", "port": engine.port}]
        services += [PROGRAMS[name] | {"port": running.port} for name, running in programs.items()]
        services += [{"name": "moody", "kind": "http", "port": moody.port}]
        for running in (engine, *programs.values()):
            await running.ready()
        front = await stack.enter_async_context(gateway(folder, services))
        yield House(*front, engine, programs["realtime-server"], moody)


@asynccontextmanager
async def gateway(folder: Path, services: list[dict]) -> AsyncIterator[tuple[str, FakePrefect, Ledger]]:
    """`python -m gateway` that has looked at these services: its URL, its Prefect, its ledger."""
    prefect, ledger = FakePrefect(), _ledger(folder)
    placed = [service | {"host": "spark-1", "container": service["name"]} for service in services]
    recipe = {"key": "beta", "name": "Beta", "model": OTHER, "expected_seconds": 200}
    prefect.documents["cluster"] = {
        "hosts": [{"name": "spark-1", "address": "127.0.0.1"}],
        "services": placed,
    }
    prefect.documents["catalog"] = {"recipes": [recipe]}
    try:
        async with _process(folder / "gateway.log", prefect.url, ledger) as url:
            yield url, prefect, ledger
    finally:
        prefect.close()
        ledger.close()


def _ledger(folder: Path) -> Ledger:
    """A ledger whose disks hold a model that is not loaded."""
    url = f"sqlite:///{folder}/ledger.db"
    migrate(url)
    ledger = Ledger(url)
    model = {"model": OTHER, "bytes": 40_000_000_000, "complete": True, "revision": "r1", "missing": []}
    write_seen(ledger, "disk/spark-1", {"models": [model], "free_bytes": 900_000_000_000})
    return ledger


@asynccontextmanager
async def _process(log: Path, prefect: str, ledger: Ledger) -> AsyncIterator[str]:
    port = str(free_port())
    variables = {"SPARK_GATEWAY_PORT": port, "SPARK_HOLD_SECONDS": "0", "PREFECT_API_URL": prefect}
    variables |= {"SPARK_LEDGER_URL": ledger.engine.url.render_as_string()}
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "gateway", cwd=ROOT, env=os.environ | variables, stdout=file, stderr=file
        )
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_ready(url, process)
        assert process.returncode is None, log.read_text()
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _until_ready(url: str, process: asyncio.subprocess.Process) -> None:
    """Ask until the gateway knows its upstreams, or has ended."""
    async with asyncio.timeout(30), httpx.AsyncClient(base_url=url, timeout=30) as http:
        while process.returncode is None:
            try:
                if (await http.get("/ready")).is_success:
                    return
            except httpx.TransportError:
                await asyncio.sleep(0.05)
