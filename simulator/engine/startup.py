"""The start of an engine, stage by stage, with vLLM's lines, times and memory.

Seconds are those of the real machine: about 145 for 21 GiB of weights from cold.
"""

import os
from collections.abc import Awaitable, Callable

from simulator.engine.failures import strike
from simulator.engine.flags import REASONING, TOOLS, VERSION
from simulator.engine.launch import Launch
from simulator.engine.logs import graphs, shards
from simulator.engine.plan import Refused, check_free, make_plan
from simulator.engine.weights import find_model

SECONDS_PER_GIB = 1.2


async def configure(launch: Launch) -> None:
    """Banner, arguments and model; raises Refused, OSError, KeyError, ValueError like the API server."""
    args = launch.args
    launch.api.info("utils.py:302", f"       █     █     █▄   ▄█\n  version {VERSION}")
    launch.api.info("utils.py:302", f"  model   {args.model_tag}")
    launch.api.info("utils.py:238", f"non-default args: {args.given}")
    await launch.world.pause(6)
    _check_names(launch)
    _check_numbers(launch)
    strike(launch, "config")
    launch.model = find_model(launch.world, args.model_tag)
    await launch.world.pause(4)
    launch.api.info("model.py:531", f"Resolved architecture: {launch.model.architecture}")
    wanted = args.max_model_len or launch.model.number("max_position_embeddings", 32768)
    launch.api.info("model.py:1554", f"Using max model len {wanted}")


def _check_names(launch: Launch) -> None:
    args = launch.args
    if args.enable_auto_tool_choice and args.tool_call_parser not in TOOLS:
        known = ",".join(TOOLS)
        text = f"invalid tool call parser: {args.tool_call_parser} (chose from {{ {known} }})"
        raise Refused(f"KeyError: '{text}'")
    if args.reasoning_parser and args.reasoning_parser not in REASONING:
        known = ",".join(REASONING)
        text = f"invalid reasoning parser: {args.reasoning_parser} (chose from {{ {known} }})"
        raise Refused(f"KeyError: '{text}'")


def _check_numbers(launch: Launch) -> None:
    args = launch.args
    batched, sequences = args.max_num_batched_tokens, args.max_num_seqs
    if batched and sequences and batched < sequences:
        raise Refused(
            "pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n"
            f"  Value error, max_num_batched_tokens ({batched}) must be greater than or equal to "
            f"max_num_seqs ({sequences})."
        )
    world = args.tensor_parallel_size * args.pipeline_parallel_size * args.data_parallel_size
    if world != launch.nodes:
        raise Refused(
            "pydantic_core._pydantic_core.ValidationError: 1 validation error for ParallelConfig\n"
            f"  Value error, World size ({world}) does not fit the number of available GPUs "
            f"(1) in each of {launch.nodes} node(s)."
        )


async def begin(launch: Launch) -> None:
    """The engine process comes up."""
    await launch.world.pause(6)
    name = launch.args.model_tag
    text = f"Initializing a V1 LLM engine (v{VERSION}) with config: model='{name}'"
    launch.core.info("core.py:112", text)
    rank = f"world_size={launch.nodes} rank={launch.args.node_rank} local_rank=0"
    where = f"tcp://{launch.args.master_addr or '127.0.0.1'}:{launch.args.master_port}"
    text = f"{rank} distributed_init_method={where} backend=nccl"
    launch.worker.info("parallel_state.py:1214", text)
    if launch.nodes > 1:
        launch.worker.info("pynccl.py:113", "vLLM is using nccl==2.28.3")


async def initialise(launch: Launch) -> None:
    """The engine looks at the device and its memory; raises Refused."""
    strike(launch, "engine")
    check_free(launch.args, launch.world.available())


async def load(launch: Launch) -> None:
    """Read the weights; memory grows with them."""
    voice, model, world = launch.worker, launch.model, launch.world
    voice.info("gpu_model_runner.py:4879", f"Starting to load model {model.name}...")
    sizes = f"Checkpoint size: {model.gib:.2f} GiB. Available RAM: {world.available():.2f} GiB."
    voice.info("weight_utils.py:901", f"Filesystem type for checkpoints: EXT4. {sizes}")
    fast = "fastsafetensors" if launch.args.load_format == "fastsafetensors" else "safetensors"
    share = model.gib / launch.nodes
    seconds = max(share * SECONDS_PER_GIB, 5)
    bar = f"Loading {fast} checkpoint shards"
    async for done in shards(world, bar, model.files, seconds):
        world.hold(share * done / model.files)
        if done * 2 >= model.files:
            strike(launch, "load")
    voice.info("default_loader.py:430", f"Loading weights took {seconds:.2f} seconds")
    if launch.args.speculative_config:
        voice.info("gpu_model_runner.py:5233", "Loading drafter model...")
        async for _ in shards(world, bar, 1, 2):
            pass
    text = f"Model loading took {share:.2f} GiB memory and {seconds + 1.3:.6f} seconds"
    voice.info("gpu_model_runner.py:5001", text)


async def compile_graphs(launch: Launch) -> None:
    """torch.compile: slow from cold, quick once its cache folder is there."""
    if launch.args.enforce_eager:
        return
    voice, folder = launch.worker, launch.compiled
    warm = folder.exists()
    text = f"Using cache directory: {folder}/rank_0_0/backbone for vLLM's torch.compile"
    voice.info("backends.py:1094", text)
    await launch.world.pause(4)
    voice.info("backends.py:1155", "Dynamo bytecode transform time: 3.97 s")
    strike(launch, "compile")
    if warm:
        await launch.world.pause(4)
        text = "Directly load the compiled graph(s) for compile range (1, 8192) from the cache"
        voice.info("backends.py:283", f"{text}, took 3.812 s")
    else:
        await launch.world.pause(26)
        text = "Compiling a graph for compile range (1, 8192) takes 25.61 s"
        voice.info("backends.py:393", text)
        folder.mkdir(parents=True, exist_ok=True)
    voice.info("monitor.py:53", f"torch.compile took {8 if warm else 30}.12 s in total")


async def profile(launch: Launch) -> None:
    """Measure, then claim the KV cache; raises Refused when it does not fit."""
    voice = launch.worker
    await launch.world.pause(25)
    if not launch.args.enforce_eager:
        voice.info("gpu_model_runner.py:5963", "Profiling CUDA graph memory: PIECEWISE=51")
        # Negative on unified memory: the real one prints this too.
        voice.info("gpu_model_runner.py:6042", "Estimated CUDA graph memory: -1.74 GiB total")
    strike(launch, "profile")
    launch.plan = plan = make_plan(launch.args, launch.model, launch.nodes)
    voice.info("gpu_worker.py:440", f"Available KV cache memory: {plan.kv:.2f} GiB")
    launch.core.info("kv_cache_utils.py:1713", f"GPU KV cache size: {plan.tokens:,} tokens")
    text = f"Maximum concurrency for {plan.context:,} tokens per request"
    launch.core.info("kv_cache_utils.py:1718", f"{text}: {plan.tokens / plan.context:.2f}x")
    launch.world.hold(plan.total)


async def capture(launch: Launch) -> None:
    """Autotune and capture CUDA graphs."""
    voice = launch.worker
    voice.info("kernel_warmup.py:64", "Running FlashInfer autotune with 8192 tokens")
    await launch.world.pause(12)
    strike(launch, "graphs")
    if not launch.args.enforce_eager:
        label = "Capturing CUDA graphs (mixed prefill-decode, PIECEWISE)"
        await graphs(launch.world, label, 10, 12)
        text = "Graph capturing finished in 12 secs, took 0.61 GiB"
        voice.info("gpu_model_runner.py:6102", text)
    text = "init engine (profile, create kv cache, warmup model) took 84.31 s"
    launch.core.info("core.py:291", text)


STAGES: dict[str, Callable[[Launch], Awaitable[None]]] = {
    "initialise": initialise,
    "load": load,
    "compile": compile_graphs,
    "profile": profile,
    "capture": capture,
}


def ready_timeout() -> float:
    """Seconds vLLM waits for its engine."""
    return float(os.environ.get("VLLM_ENGINE_READY_TIMEOUT_S", "600"))
