"""What the tests of engines share: a host's folder, models on its disk, and real processes."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[2]
PROGRAMS = ROOT / "simulator" / "container_bin"
MODEL = "maker/Model-8B"
GIB = 1024**3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Spark:
    """The folder of one simulated host."""

    def __init__(self, folder: Path, scale: float = 0.003) -> None:
        self.folder = folder
        self.scale = scale
        self.home = folder / "rootfs" / "root"
        self.home.mkdir(parents=True, exist_ok=True)

    def has_model(self, repo: str = MODEL, gib: float = 8, missing: int = 0, **config) -> Path:
        """Put sparse weights of three shards into the cache."""
        cache = self.home / ".cache/huggingface/hub" / f"models--{repo.replace('/', '--')}"
        snapshot = cache / "snapshots" / ("0123456789" * 4)
        snapshot.mkdir(parents=True)
        shards = [f"model-{number}-of-3.safetensors" for number in (1, 2, 3)]
        for shard in shards[: 3 - missing]:
            with (snapshot / shard).open("wb") as file:
                file.truncate(int(gib * GIB / 3))
        index = {"weight_map": {f"layer.{place}": shard for place, shard in enumerate(shards)}}
        (snapshot / "model.safetensors.index.json").write_text(json.dumps(index))
        known = {"architectures": ["MakerForCausalLM"], "max_position_embeddings": 32768}
        (snapshot / "config.json").write_text(json.dumps(known | config))
        return snapshot

    def fault(self, text: str, subject: str = "engine") -> None:
        (self.folder / "faults").mkdir(exist_ok=True)
        (self.folder / "faults" / subject).write_text(text)

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT / "simulator/engine/site"),
            "SIM_HOST_DIR": str(self.folder),
            "SIM_SCALE": str(self.scale),
            "SIM_ADDRESS": "127.0.0.1",
            "SIM_CONTAINER": "vllm_node",
            **extra,
        }

    @asynccontextmanager
    async def runs(self, program: str, *words: str, port: int = 0, **extra: str) -> AsyncIterator["Running"]:
        """A program inside a container of this host; it is ended afterwards."""
        port = port or free_port()
        command = [str(PROGRAMS / program), *words, "--port", str(port)]
        process = await asyncio.create_subprocess_exec(
            *command,
            env=self.environment(**extra),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        url = f"http://127.0.0.1:{port}"
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            running = Running(process, port, client)
            try:
                yield running
            finally:
                await running.end()

    def vllm(self, *words: str, model: str = MODEL, **extra):
        """`vllm serve`, with a share of memory that fits."""
        return self.runs("vllm", "serve", model, "--gpu-memory-utilization", "0.5", *words, **extra)


class Running:
    """A started program and what it has said."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, client: httpx.AsyncClient) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.client = client
        self.log = ""

    async def says(self, text: str) -> str:
        """Read on until a line has this text; fails when the program ends before."""
        while line := await self._line():
            if text in line:
                return line
        raise AssertionError(f"{text!r} was never said in:\n{self.log}")

    async def ready(self) -> "Running":
        await self.says("Uvicorn running on")
        return self

    async def exits(self) -> int:
        """Read to the end; returns the exit code."""
        while await self._line():
            pass
        return await self.process.wait()

    async def end(self) -> int:
        if self.process.returncode is None:
            self.process.terminate()
        return await self.exits()

    async def _line(self) -> str:
        assert self.process.stdout is not None
        line = (await self.process.stdout.readline()).decode()
        self.log += line
        return line
