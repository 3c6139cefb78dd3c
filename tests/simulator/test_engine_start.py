"""How the vLLM stand-in starts: its log, its memory, its socket, and two nodes."""

import asyncio
import json

import httpx
import pytest

from tests.simulator.engines import MODEL, Spark

# Two processes on a busy machine may start far apart.
PATIENT = {"VLLM_ENGINE_READY_TIMEOUT_S": "60000"}
IN_ORDER = [
    "version 0.33.0",
    "non-default args: {",
    "Resolved architecture: MakerForCausalLM",
    "Using max model len 32768",
    "Initializing a V1 LLM engine (v0.33.0) with config:",
    "Starting to load model maker/Model-8B...",
    "Filesystem type for checkpoints: EXT4. Checkpoint size: 8.00 GiB.",
    "Loading safetensors checkpoint shards:   0% Completed | 0/3",
    "Loading weights took ",
    "Model loading took 8.00 GiB memory",
    "Dynamo bytecode transform time:",
    "Compiling a graph for compile range",
    "torch.compile took",
    "Available KV cache memory: ",
    "GPU KV cache size: ",
    "Maximum concurrency for 32,768 tokens per request: ",
    "Capturing CUDA graphs",
    "Graph capturing finished in",
    "init engine (profile, create kv cache, warmup model) took",
    "Starting vLLM server on http://0.0.0.0:",
    "Available routes are:",
    "Route: /v1/chat/completions, Methods: POST",
    "Application startup complete.",
    "Uvicorn running on ",
]


@pytest.fixture
def spark(tmp_path):
    host = Spark(tmp_path / "spark-1")
    host.has_model()
    return host


async def test_the_phases_of_a_start_are_said_in_vllms_order(spark):
    async with spark.vllm() as engine:
        await engine.ready()
    places = [engine.log.index(text) for text in IN_ORDER]
    assert places == sorted(places)
    assert engine.log.count("100% Completed | 3/3") == 2


async def test_a_second_start_of_a_model_finds_its_compiled_graphs(spark):
    async with spark.vllm() as first:
        await first.ready()
    async with spark.vllm() as second:
        await second.ready()
    assert "Compiling a graph" in first.log
    assert "Directly load the compiled graph(s)" in second.log


async def test_it_listens_only_when_it_is_ready(spark):
    spark.fault("silent-hang")
    async with spark.vllm() as engine:
        await engine.says("Model loading took")
        with pytest.raises(httpx.ConnectError):
            await engine.client.get("/health")
    (spark.folder / "faults/engine").unlink()
    async with spark.vllm() as engine:
        await engine.ready()
        assert (await engine.client.get("/health")).status_code == 200


async def test_the_memory_file_follows_the_engines_life(spark):
    async with spark.vllm() as engine:
        note = spark.folder / "memory" / str(engine.process.pid)
        await engine.says("Model loading took")
        assert float(note.read_text()) == pytest.approx(8, abs=0.1)
        await engine.ready()
        assert float(note.read_text()) == pytest.approx(0.5 * 121.69, abs=0.1)
        assert await engine.end() == 0
        assert not note.exists()


async def test_its_command_line_is_kept_to_the_byte(spark):
    words = ["--speculative-config", '{"method": "mtp"}', "--served-model-name", "it's $HOME ü"]
    async with spark.vllm(*words) as engine:
        await engine.ready()
    kept = json.loads((spark.folder / "docker/last-vllm-argv-vllm_node.json").read_text())
    assert kept[:-2] == ["serve", MODEL, "--gpu-memory-utilization", "0.5", *words]


async def test_a_second_engine_is_refused_for_lack_of_free_memory(spark):
    async with spark.vllm() as first:
        await first.ready()
        async with spark.vllm() as second:
            assert await second.exits() == 1
    free = "Free memory on device cuda:0 (53.85/121.69 GiB) on startup is less than desired GPU"
    assert free in second.log


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--gpu-memory-utilization", "0.95"], "less than desired GPU memory utilization (0.95, "),
        (["--gpu-memory-utilization", "0.05"], "No available memory for the cache blocks"),
        (["--max-model-len", "4M"], "max seq len (4194304), 512.00 GiB KV cache is needed"),
        (["--max-num-batched-tokens", "8", "--max-num-seqs", "16"], "max_num_batched_tokens (8)"),
        (["-tp", "2"], "World size (2)"),
    ],
)
async def test_what_does_not_fit_is_refused_in_vllms_words(spark, words, cause):
    async with spark.vllm(*words) as engine:
        assert await engine.exits() == 1
    assert cause in engine.log


async def test_a_model_that_is_not_on_disk_or_not_whole_is_refused(spark):
    async with spark.vllm(model="nobody/Nothing") as engine:
        assert await engine.exits() == 1
    assert "OSError: nobody/Nothing is not a local folder and is not a valid model" in engine.log
    spark.has_model("maker/Half", missing=1)
    async with spark.vllm(model="maker/Half") as engine:
        assert await engine.exits() == 1
    assert "Cannot find the requested files in the local cache" in engine.log


async def test_a_plain_folder_is_a_model_too(spark):
    folder = str(spark.has_model("maker/Tuned"))
    async with spark.vllm("--served-model-name", "tuned", model=folder) as engine:
        await engine.ready()
        listed = (await engine.client.get("/v1/models")).json()["data"][0]
    assert (listed["id"], listed["root"]) == ("tuned", folder)


async def test_two_nodes_find_each_other_and_share_the_weights(tmp_path):
    head, other = Spark(tmp_path / "spark-1"), Spark(tmp_path / "spark-2")
    for host in (head, other):
        host.has_model(gib=60)
    both = ["-tp", "2", "--nnodes", "2", "--master-addr", "192.168.177.11", "--master-port", "29501"]
    async with (
        other.vllm(*both, "--node-rank", "1", "--headless", **PATIENT) as worker,
        head.vllm(*both, "--node-rank", "0", **PATIENT) as engine,
    ):
        await asyncio.gather(engine.ready(), worker.says("Graph capturing finished"))
        assert "Worker_TP0" in engine.log
        assert "Worker_TP1" in worker.log
        assert "Model loading took 30.00 GiB" in engine.log
        with pytest.raises(httpx.ConnectError):
            await worker.client.get("/health")
        await worker.end()
        await engine.says("EngineDeadError")
        assert (await engine.client.get("/health")).status_code == 503


async def test_a_head_whose_worker_never_comes_times_out(tmp_path):
    head = Spark(tmp_path / "spark-1")
    head.has_model()
    words = ["-tp", "2", "--nnodes", "2", "--node-rank", "0"]
    async with head.vllm(*words) as engine:
        assert await engine.exits() == 1
    assert "Timed out waiting for engine core processes to start" in engine.log


async def test_a_worker_that_fails_takes_the_head_along_and_tells_why_in_its_own_log(tmp_path):
    head, other = Spark(tmp_path / "spark-1"), Spark(tmp_path / "spark-2")
    for host in (head, other):
        host.has_model()
    other.fault("oom")
    both = ["-tp", "2", "--nnodes", "2", "--master-port", "29502"]
    async with (
        other.vllm(*both, "--node-rank", "1", "--headless", **PATIENT) as worker,
        head.vllm(*both, "--node-rank", "0", **PATIENT) as engine,
    ):
        assert await asyncio.gather(engine.exits(), worker.exits()) == [1, 1]
    assert "torch.OutOfMemoryError" in worker.log
    assert "APIServer" not in worker.log.splitlines()[-1]
    assert "torch.OutOfMemoryError" not in engine.log
    assert engine.log.index("Connection closed by peer") < engine.log.index("See root cause above")


async def test_a_port_in_use_ends_the_start_at_once(spark):
    async with spark.vllm() as first:
        await first.ready()
        async with spark.vllm(port=first.port) as second:
            assert await second.exits() == 1
    assert "OSError: [Errno 98] Address already in use" in second.log
    assert "EngineCore" not in second.log
