"""How starts fail: the fault files' names, the texts of vLLM, and the order it prints them in.

The cause comes first, from the process that hit it, with its traceback; the API server's
`Engine core initialization failed` comes last and never says why.
"""

from dataclasses import dataclass

from simulator.engine.launch import Launch
from simulator.engine.plan import Refused, utilization
from simulator.engine.world import TOTAL

PACKAGES = "/usr/local/lib/python3.12/dist-packages"
LAST = "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"


@dataclass(frozen=True, slots=True)
class StartFault:
    """A start that a fault file breaks: the stage it stops at, and the cause it gives."""

    stage: str
    cause: str


START_FAULTS = {
    "max-batched-tokens": StartFault(
        "config",
        "pydantic_core._pydantic_core.ValidationError: 1 validation error for VllmConfig\n"
        "  Value error, max_num_batched_tokens (256) must be greater than or equal to "
        "max_num_seqs (512).",
    ),
    "tool-parser": StartFault(
        "config",
        "KeyError: 'invalid tool call parser: qwen4_xml (chose from {{ hermes,qwen3_xml }})'",
    ),
    "gated": StartFault(
        "config",
        "OSError: You are trying to access a gated repo.\n401 Client Error. Cannot access gated "
        "repo for url https://huggingface.co/{model}/resolve/main/config.json.\nAccess to model "
        "{model} is restricted. You must have access to it and be authenticated to access it. "
        "Please log in.",
    ),
    "free-memory": StartFault(
        "engine",
        "ValueError: Free memory on device cuda:0 ({some:.2f}/{total} GiB) on startup is less than "
        "desired GPU memory utilization ({share:.4g}, {wanted:.2f} GiB). Decrease GPU memory "
        "utilization or reduce GPU memory used by other processes.",
    ),
    "engine-init": StartFault(
        "engine",
        "ValueError: Selected backend AttentionBackendEnum.FLASHINFER is not valid for this "
        "configuration. Reason: ['kv_cache_dtype not supported']",
    ),
    "no-gpu": StartFault(
        "engine",
        "ValueError: Current node has no GPU available. current_node_resource={{'CPU': 2.0}}. "
        "vLLM engine cannot start without GPU. Make sure you have at least 1 GPU available in a "
        "node current_node_id='0f9b7d' current_ip='192.168.177.11'.",
    ),
    "oom": StartFault(
        "load",
        "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total "
        "capacity of {total} GiB of which 612.25 MiB is free. Including non-PyTorch memory, this "
        "process has {some:.2f} GiB memory in use.",
    ),
    "ptxas": StartFault(
        "compile",
        "RuntimeError: Internal Triton PTX codegen error\n"
        "`ptxas` stderr:\nptxas fatal   : Value 'sm_121a' is not defined for option 'gpu-name'",
    ),
    "no-cache-blocks": StartFault(
        "profile",
        "ValueError: No available memory for the cache blocks. Try increasing "
        "`gpu_memory_utilization` when initializing the engine.",
    ),
    "kv-too-small": StartFault(
        "profile",
        "ValueError: To serve at least one request with the model's max seq len (196608), 23.25 "
        "GiB KV cache is needed, which is larger than the available KV cache memory (22.50 GiB). "
        "Based on the available memory, the estimated maximum model length is 190272. Try "
        "increasing `gpu_memory_utilization` or decreasing `max_model_len` when initializing the "
        "engine.",
    ),
    "worker-died": StartFault(
        "graphs",
        "RuntimeError: Worker failed with error '', please check the stack trace above for the root cause",
    ),
}


def strike(launch: Launch, stage: str) -> None:
    """Raise Refused if a fault file asks for a failure at this stage."""
    fault = START_FAULTS.get(launch.fault().name)
    if fault is None or fault.stage != stage:
        return
    share = utilization(launch.args)
    wanted = share * TOTAL
    text = fault.cause.format(
        model=launch.args.model_tag, total=TOTAL, share=share, wanted=wanted, some=wanted / 3
    )
    raise Refused(text)


def report_config(launch: Launch, cause: str) -> None:
    """A start that fails before there is an engine: only the API server speaks."""
    launch.api.plain(_trace("entrypoints/openai/api_server.py", "run_server", cause))


def report_engine(launch: Launch, cause: str) -> None:
    """A start that fails in the engine, cause first, the line that never is the cause last."""
    if launch.worker is not launch.core:
        failed = "WorkerProc failed to start.\n"
        trace = _trace("v1/executor/multiproc_executor.py", "worker_main", cause)
        launch.worker.error("multiproc_executor.py:783", failed + trace)
        cause = (
            "Exception: WorkerProc initialization failed due to an exception in a background "
            "process. See stack trace for root cause."
        )
    trace = _trace("v1/engine/core.py", "run_engine_core", cause)
    launch.core.error("core.py:1161", "EngineCore failed to start.\n" + trace)
    if "Worker failed" in cause:
        gone = "Worker proc VllmWorker-0 died unexpectedly (exit code: None), shutting down executor."
        launch.core.error("multiproc_executor.py:314", gone)
    launch.core.plain("Process EngineCore:\n" + trace)
    launch.api.plain(_trace("v1/engine/utils.py", "wait_for_engine_startup", LAST))


def report_worker(launch: Launch, cause: str) -> None:
    """A headless rank that fails: it has no API server above it."""
    trace = _trace("v1/executor/multiproc_executor.py", "worker_main", cause)
    launch.worker.error("multiproc_executor.py:783", "WorkerProc failed to start.\n" + trace)


def report_timeout(launch: Launch, seconds: float) -> None:
    """The engine never said that it is ready."""
    cause = (
        "TimeoutError: Timed out waiting for engine core processes to start. This is often caused "
        f"by slow weight loading for large models. Waited {seconds:.0f}s (configured by "
        "VLLM_ENGINE_READY_TIMEOUT_S). To increase the timeout, set the environment variable: "
        "VLLM_ENGINE_READY_TIMEOUT_S=<seconds>"
    )
    launch.api.plain(_trace("v1/engine/utils.py", "wait_for_engine_startup", cause))


def _trace(file: str, function: str, cause: str) -> str:
    return (
        "Traceback (most recent call last):\n"
        f'  File "{PACKAGES}/vllm/{file}", line 1119, in {function}\n'
        f"    {function}()\n{cause}"
    )
