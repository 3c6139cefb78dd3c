"""The simulator's vector store as a process, models as a test wants them, and a search over both."""

import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, cast

import httpx
import pytest

from blocks.cluster import Cluster
from blocks.settings import Settings
from blocks.upstream_keys import UpstreamKeys
from gateway.search.question import Question
from gateway.search.search import Search
from gateway.turns import Turns
from gateway.watch import Watch
from gateway.wedge import Wedge
from simulator.engine.hashing import sparse
from tests.search.fake_models import SIZE, FakeModels, dense
from tests.simulator.engines import PROGRAMS, Spark, free_port

KEY = "sentinel-of-qdrant"

NOTES = {
    1: "The invoice of the printer was paid in March.",
    2: "Our cat sleeps on the warm roof all day.",
    3: "Printers and invoices: how we pay for paper.",
    4: "The roof was mended after the storm in spring.",
}


@contextmanager
def program(folder: Any, name: str, **extra: str) -> Iterator[int]:
    """The port of a simulated program of the second host while the block lasts."""
    port = free_port()
    process = subprocess.Popen(
        [str(PROGRAMS / name), "--port", str(port)],
        env=Spark(folder / "spark-2").environment(**extra), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert any("Uvicorn running on" in line for line in process.stdout), f"{name} did not start"
        yield port
    finally:
        process.terminate()
        process.communicate(timeout=20)


@dataclass
class FilledStore:
    """A vector store with notes in it."""

    port: int
    http: httpx.Client

    def make(self, name: str, vectors: Any, sparse_vectors: Any = None) -> None:
        config = {"vectors": vectors, "sparse_vectors": sparse_vectors or {}}
        self.http.put(f"/collections/{name}", json=config).raise_for_status()

    def put(self, name: str, points: list[dict[str, Any]]) -> None:
        self.http.put(f"/collections/{name}/points", json={"points": points}).raise_for_status()


def point(number: int, text: str, vector: list[float], **more: Any) -> dict[str, Any]:
    """A point with both vectors and its text."""
    words = sparse(text)
    both = {"dense": vector, "sparse": {"indices": list(words), "values": list(words.values())}}
    return {"id": number, "vector": both, "payload": {"text": text, **more}}


NAMED = {"dense": {"size": SIZE, "distance": "Cosine"}}


@pytest.fixture(scope="package")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilledStore]:
    folder = tmp_path_factory.mktemp("search")
    with program(folder, "qdrant", QDRANT__SERVICE__API_KEY=KEY) as port, _client(port) as http:
        filled = FilledStore(port, http)
        filled.make("notes", NAMED, {"sparse": {}})
        filled.put("notes", [point(n, t, dense(t, SIZE), year=2020 + n) for n, t in NOTES.items()])
        filled.make("plain", {"size": SIZE, "distance": "Cosine"})
        filled.put("plain", [{"id": 1, "vector": dense(NOTES[1], SIZE), "payload": {}}])
        filled.make("other", {"small": {"size": 8, "distance": "Dot"}})
        yield filled


def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"api-key": KEY}, timeout=30)


class Starts:
    """Prefect, as far as deep checks are asked for."""

    def __init__(self) -> None:
        self.started: list[dict[str, Any]] = []

    async def start(self, _deployment: str, parameters: dict[str, Any]) -> object:
        self.started.append(parameters)
        return None


@dataclass
class Searching:
    """A search over a store and models."""

    search: Search
    wedge: Wedge
    prefect: Starts
    watch: Watch

    async def __call__(self, query: str, collection: str = "notes", **fields: Any) -> dict[str, Any]:
        return await self.search.answer(Question(collection, query, **fields), "somebody")


Over = Callable[..., Searching]


def cluster(qdrant: int, *embeddings: int) -> Cluster:
    services = [
        {"name": f"embeddings-{at}", "kind": "embeddings", "port": port} for at, port in enumerate(embeddings)
    ]
    services.append({"name": "qdrant", "kind": "qdrant", "port": qdrant})
    hosts = [{"name": "spark-2", "address": "127.0.0.1"}]
    own = [{**each, "host": "spark-2", "container": each["name"]} for each in services]
    return Cluster.model_validate({"hosts": hosts, "services": own})


@pytest.fixture
async def over(store: FilledStore) -> AsyncIterator[Over]:
    """Makes a search over models at these ports; the store's port, key and time limit may be others."""
    made: list[Searching] = []

    def make(*models: int, qdrant: int = store.port, key: str = KEY, seconds: float = 30.0) -> Searching:
        turns, prefect = Turns(), Starts()
        watch = Watch(cast("Any", None), cast("Any", None), cast("Any", None), turns)
        keys = UpstreamKeys({"qdrant": key})
        watch.settings = Settings(cluster=cluster(qdrant, *models), upstream_keys=keys)
        wedge = Wedge(prefect)
        made.append(Searching(Search(watch, turns, wedge, seconds), wedge, prefect, watch))
        return made[-1]

    yield make
    for each in made:
        await each.search.close()
        await each.wedge.close()


@pytest.fixture
def models() -> Iterator[Callable[..., FakeModels]]:
    """Makes models with these routes."""
    with ExitStack() as held:

        def make(**routes: Any) -> FakeModels:
            fake = FakeModels(**routes)
            held.callback(fake.close)
            return fake

        yield make
