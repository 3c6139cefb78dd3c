"""OpenAI's Node client, as it is; its version stands in node/package-lock.json."""

import asyncio
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.moody import RETRY_SECONDS
from tests.simulator.engines import MODEL, ROOT

pytestmark = pytest.mark.asyncio(loop_scope="session")

FOLDER = Path(__file__).parent / "node"


@pytest.fixture(scope="session")
def node() -> str:
    """Node, with what the lock names installed beside the script."""
    program = shutil.which("node")
    if not program or not shutil.which("npm"):
        pytest.fail("these tests need Node: install the Debian packages 'nodejs' and 'npm'", pytrace=False)
    lock, done = FOLDER / "package-lock.json", FOLDER / "node_modules" / ".package-lock.json"
    if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
        cache = os.environ | {"npm_config_cache": str(ROOT / ".cache" / "npm")}
        words = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(words, cwd=FOLDER, env=cache, check=True)
        done.touch()
    return program


@pytest.fixture
def run(node, home):
    async def run(case: str, url: str = home.v1) -> dict:
        process = await asyncio.create_subprocess_exec(
            node, FOLDER / "client.js", case, url, MODEL, stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        assert process.returncode == 0
        return json.loads(said)

    return run


async def test_a_stream_says_what_a_whole_answer_says(run):
    whole, streamed = await asyncio.gather(run("chat"), run("stream"))

    assert "Hello, wörld" in whole["text"]
    assert (whole["reason"], streamed["text"]) == ("stop", whole["text"])
    assert streamed["tokens"] > 0


async def test_a_tool_is_called_and_its_result_is_heard(run):
    said = await run("tools")

    assert (said["called"], said["given"]) == ("weather", {"city": "Please call weather"})
    assert "Hello, wörld" in said["text"]


async def test_embeddings_are_decoded(run):
    said = await run("embeddings")

    assert said["sizes"] == [1024, 1024]
    assert -1 < said["first"] < 1


async def test_speech_arrives_whole(run):
    said = await run("speech")

    assert said["begins"] == "RIFF"
    assert said["bytes"] > 24_000


async def test_the_loaded_model_is_listed(run):
    assert MODEL in (await run("models"))["ids"]


async def test_an_unknown_model_is_not_found(run):
    assert await run("unknown") == {"kind": "NotFoundError", "status": 404, "code": "model_not_found"}


async def test_a_busy_service_is_asked_again_when_it_said(run, home):
    path = home.moody.path(429)

    assert await run("busy", f"{home.url}/upstream/moody{path}/v1") == {"text": "Again."}
    assert home.moody.waited(path) >= RETRY_SECONDS


async def test_a_stream_that_is_aborted_frees_the_model(node, home):
    before = await home.aborted()
    process = await asyncio.create_subprocess_exec(
        node, FOLDER / "client.js", "abort", home.v1, MODEL,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert json.loads(await process.stdout.readline()) == {"left": True}
    await home.until_aborted(before)
    process.stdin.close()

    assert await process.wait() == 0
