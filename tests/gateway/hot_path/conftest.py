"""Clients that write their requests byte by byte, a second upstream, and a Prefect that knows more."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.gateway.conftest import Running
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream
from tests.gateway.hot_path.wire import Client, NewClient, connect

DEEP_CHECK = "33333333-3333-4333-8333-333333333333"


@pytest.fixture
def deep_checks() -> list[Any]:
    """What deep checks were asked for with."""
    return []


@pytest.fixture
def prefect(prefect: FakePrefect, deep_checks: list[Any]) -> FakePrefect:
    """It also keeps the keys of upstreams, and the deep check is deployed."""
    known = prefect.answer

    def answer(method: str, path: str, body: Any) -> tuple[int, Any]:
        if path.endswith("/slug/upstream-keys/block_documents/name/default"):
            return 200, {"data": prefect.documents.get("upstream-keys", {})}
        if path.endswith("/deployments/name/deep-check/cluster"):
            return 200, {"id": DEEP_CHECK}
        if path.endswith(f"/deployments/{DEEP_CHECK}/create_flow_run"):
            deep_checks.append(body["parameters"])
            return 201, {"id": DEEP_CHECK}
        return known(method, path, body)

    prefect.answer = answer  # type: ignore[method-assign]
    return prefect


@pytest.fixture
async def clients(gateway: Running) -> AsyncIterator[NewClient]:
    """Gives a new connection to the gateway each time it is called."""
    made: list[Client] = []

    async def one_more() -> Client:
        made.append(await connect(gateway))
        return made[-1]

    yield one_more
    for client in made:
        client.leave()


@pytest.fixture
async def client(clients: NewClient) -> Client:
    return await clients()


@pytest.fixture
async def speech() -> AsyncIterator[FakeUpstream]:
    """A second upstream, for a service beside vLLM."""
    upstream = FakeUpstream()
    await upstream.start()
    yield upstream
    await upstream.stop()
