"""Each fault of the vLLM stand-in: the cause is said first, the line that never is the cause last."""

import asyncio
import re

import httpx
import pytest

from simulator.engine.failures import START_FAULTS
from tests.simulator.engines import MODEL, ROOT, Spark

NEVER_THE_CAUSE = "Engine core initialization failed. See root cause above."
IN_ENGINE = {
    "free-memory": "less than desired GPU memory utilization (0.5, 60.84 GiB)",
    "engine-init": "ValueError: Selected backend",
    "no-gpu": "ValueError: Current node has no GPU available",
    "oom": "torch.OutOfMemoryError: CUDA out of memory",
    "ptxas": "sm_121a' is not defined for option 'gpu-name'",
    "no-cache-blocks": "No available memory for the cache blocks",
    "kv-too-small": "the estimated maximum model length is 190272",
    "worker-died": "Worker failed with error ''",
}
IN_CONFIG = {
    "max-batched-tokens": "max_num_batched_tokens (256) must be greater than or equal to",
    "tool-parser": "invalid tool call parser: qwen4_xml (chose from {",
    "gated": f"Access to model {MODEL} is restricted",
}
ASK = {"messages": [{"role": "user", "content": "hello"}], "max_tokens": 400}


@pytest.fixture
def spark(tmp_path):
    host = Spark(tmp_path / "spark-1")
    host.has_model()
    return host


def test_every_fault_of_a_start_is_tested_here():
    assert {*IN_ENGINE, *IN_CONFIG} == set(START_FAULTS)


def test_every_fault_is_written_down():
    written = set(re.findall(r"`([a-z0-9-]+)[ `]", (ROOT / "simulator/engine/faults.md").read_text()))
    others = "engine-timeout wedged dies-after-ready dies-at-start silent-exit silent-hang libcudart"
    others += " unrecognized wrong-model slow-tokens http-500-cuda cut-stream"
    assert {*START_FAULTS, *others.split()} <= written


@pytest.mark.parametrize(("fault", "cause"), IN_ENGINE.items())
async def test_in_the_engine_the_cause_comes_before_the_misleading_line(spark, fault, cause):
    spark.fault(fault)
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert engine.log.index(cause) < engine.log.index(NEVER_THE_CAUSE)
    assert NEVER_THE_CAUSE in engine.log.splitlines()[-1]


@pytest.mark.parametrize(("fault", "cause"), IN_CONFIG.items())
async def test_before_the_engine_the_api_server_says_the_cause(spark, fault, cause):
    spark.fault(fault)
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert cause in engine.log
    assert "EngineCore" not in engine.log


async def test_unknown_flags_end_with_usage_and_two(spark):
    for faults, words in (("unrecognized", []), ("", ["--no-such-flag"])):
        spark.fault(faults)
        async with spark.vllm(*words) as engine:
            assert await engine.exits() == 2
        lines = engine.log.splitlines()
        assert lines[0] == "usage: vllm serve [model_tag] [options]"
        assert lines[-1].startswith("vllm serve: error: unrecognized arguments: --no")


async def test_a_missing_library_ends_before_any_line_of_vllm(spark):
    spark.fault("libcudart")
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert "libcudart.so.12: cannot open shared object file" in engine.log
    assert "APIServer" not in engine.log


async def test_an_engine_that_never_gets_ready_times_out(spark):
    spark.fault("engine-timeout")
    async with spark.vllm(VLLM_ENGINE_READY_TIMEOUT_S="30") as engine:
        assert await engine.exits() == 1
    assert "Timed out waiting for engine core processes to start" in engine.log
    assert "Waited 30s" in engine.log


async def test_some_starts_end_without_a_word(spark):
    spark.fault("silent-exit")
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert engine.log == ""
    spark.fault("dies-at-start")
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert "Traceback" not in engine.log


async def test_a_fault_can_be_meant_for_one_model(spark):
    spark.has_model("maker/Other")
    spark.fault("oom\nmodel: Other")
    async with spark.vllm(model="maker/Other") as engine:
        assert await engine.exits() == 1
    async with spark.vllm() as engine:
        await engine.ready()


async def test_a_dead_engine_leaves_a_server_that_says_so(spark):
    async with spark.vllm() as engine:
        await engine.ready()
        spark.fault("dies-after-ready 1")
        await engine.says("EngineDeadError")
        assert (await engine.client.get("/health")).status_code == 503
        answer = await engine.client.post("/v1/chat/completions", json=ASK)
        assert answer.status_code == 500
        assert answer.json()["error"]["type"] == "InternalServerError"
        assert engine.log.index("died unexpectedly") < engine.log.index("EngineDeadError")


async def test_a_dead_engine_may_take_its_process_along(spark):
    spark.fault("dies-after-ready 1 exits")
    async with spark.vllm() as engine:
        assert await engine.exits() == 1
    assert "Application startup complete." in engine.log


async def test_a_wedged_engine_looks_healthy_and_makes_no_token(spark):
    async with spark.vllm() as engine:
        await engine.ready()
        spark.fault("wedged")
        stuck = asyncio.create_task(engine.client.post("/v1/chat/completions", json=ASK))
        while not (await _running(engine)).endswith(" 1.0"):
            assert not stuck.done()
        assert (await engine.client.get("/health")).status_code == 200
        assert (await engine.client.get("/v1/models")).status_code == 200
        text = (await engine.client.get("/metrics")).text
        assert re.search(r"generation_tokens_total\{.*\} 0\.0", text)
        assert (spark.folder / "busy" / str(engine.process.pid)).read_text() == "95 21.0\n"
        assert not stuck.done()
        stuck.cancel()
        await engine.says("Aborted request")


async def _running(engine) -> str:
    lines = (await engine.client.get("/metrics")).text.splitlines()
    return next(line for line in lines if line.startswith("vllm:num_requests_running"))


async def test_run_time_faults_are_taken_up_while_it_runs(spark):
    async with spark.vllm() as engine:
        await engine.ready()
        spark.fault("wrong-model")
        assert (await engine.client.get("/v1/models")).json()["data"][0]["id"] == "another/Model"
        spark.fault("http-500-cuda")
        answer = await engine.client.post("/v1/completions", json={"prompt": "x"})
        assert answer.status_code == 500
        assert "CUDA error: an illegal memory access" in answer.text
        spark.fault("cut-stream 4")
        seen: list[str] = []
        with pytest.raises(httpx.ReadError):
            await _read(engine, seen)
        assert "".join(seen).count("data: ") <= 4


async def _read(engine, seen: list[str]) -> None:
    """Collect the pieces of a streamed chat as long as they come."""
    body = ASK | {"stream": True}
    async with engine.client.stream("POST", "/v1/chat/completions", json=body) as answer:
        async for piece in answer.aiter_text():
            seen.append(piece)  # noqa: PERF401 - what came before the break is wanted
