"""The gateway as a process: how it starts, what it says when it cannot, and how it stops."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator

import httpx
import pytest

from blocks.ledger.runs import start_run
from blocks.ledger.store import Ledger
from tests.gateway.fake_prefect import FakePrefect
from tests.gateway.fake_upstream import FakeUpstream

RUN = "77777777-7777-4777-8777-777777777777"


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


async def start(**variables: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", env={**os.environ, **variables}, stderr=asyncio.subprocess.PIPE
    )


@pytest.fixture
async def process(ledger: Ledger, prefect: FakePrefect) -> AsyncIterator[tuple]:
    """A running gateway and its URL."""
    port = str(free_port())
    url = ledger.engine.url.render_as_string()
    process = await start(SPARK_GATEWAY_PORT=port, PREFECT_API_URL=prefect.url, SPARK_LEDGER_URL=url)
    async for line in process.stderr:
        if b"listening on" in line:
            break
    yield process, f"http://127.0.0.1:{port}"
    if process.returncode is None:
        process.kill()
    await process.wait()


async def test_it_serves_and_stops_at_once_although_somebody_follows_a_run(
    process: tuple, ledger: Ledger, prefect: FakePrefect, upstream: FakeUpstream
):
    running, url = process
    prefect.add_run("RUNNING", "beta", RUN)
    start_run(ledger, RUN, "swap", "beta", None)
    async with httpx.AsyncClient(base_url=url, timeout=20) as http:
        chat = await http.post("/v1/chat/completions", json={"model": "alpha"})
        async with http.stream("GET", f"/api/runs/{RUN}/stream") as stream:
            parts = stream.aiter_text()
            assert "event: state" in await anext(parts)
            running.send_signal(signal.SIGTERM)
            assert [part async for part in parts] == []

    assert chat.json() == {"ok": True}
    await asyncio.wait_for(running.wait(), 20)


async def test_it_imports_neither_prefect_nor_a_way_to_reach_a_shell():
    forbidden = "{'prefect', 'fabric', 'paramiko', 'asyncssh', 'alembic'}"
    code = f"import gateway.app, sys; sys.exit(sorted({forbidden} & set(sys.modules)) or 0)"
    looked = await asyncio.create_subprocess_exec(sys.executable, "-c", code)

    assert await looked.wait() == 0


async def test_a_variable_that_is_no_number_is_named():
    process = await start(SPARK_GATEWAY_PORT="here")
    _, said = await process.communicate()

    assert process.returncode == 1
    assert said.decode().strip() == "SPARK_GATEWAY_PORT is 'here', which is not a number"
