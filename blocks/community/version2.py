"""sparkrun's recipe version 2: the fields it adds, and the command it makes when a file has none."""

from collections.abc import Mapping
from typing import Any

from blocks.community.notes import CannotRead, NotHonoured

_RUNTIMES = ("", "vllm", "vllm-distributed", "vllm-ray", "eugr-vllm")
_READ = {
    "recipe_version", "name", "description", "model", "runtime", "container", "command", "mods", "defaults",
    "env", "build_args", "cluster_only", "solo_only", "min_nodes", "max_nodes", "mode", "model_revision",
    "metadata", "spark_control",
}  # fmt: skip
_WHY = {
    "benchmark": "benchmarks are not run",
    "builder": "images are not built here",
    "containers": "every host runs the same image",
    "executor_config": "how the container is run is the launcher's",
    "max_nodes": "the number of hosts is the recipe's own",
    "post_commands": "commands beside the engine are not run",
    "post_exec": "commands beside the engine are not run",
    "pre_exec": "commands beside the engine are not run: make a mod of them",
    "runtime_cache": "caches are kept where the launcher keeps them",
    "runtime_config": "it is sparkrun's own",
    "runtime_version": "what the image holds is looked up in it",
}
_FLAGS = {
    "tensor_parallel": "--tensor-parallel-size",
    "pipeline_parallel": "--pipeline-parallel-size",
    **{
        name: f"--{name.replace('_', '-')}"
        for name in (
            "port", "host", "gpu_memory_utilization", "max_model_len", "max_num_batched_tokens",
            "max_num_seqs", "served_model_name", "dtype", "quantization", "enforce_eager",
            "enable_prefix_caching", "trust_remote_code", "enable_auto_tool_choice", "kv_cache_dtype",
            "distributed_executor_backend", "tool_call_parser", "reasoning_parser", "load_format",
            "attention_backend", "speculative_config",
        )
    },
}  # fmt: skip
"""Defaults that sparkrun's vLLM runtimes turn into flags by themselves."""


def notes_of_version2(raw: Mapping[str, Any]) -> list[NotHonoured]:
    """
    What a file of version 2 asks for that is not done.

    Raises:
        CannotRead: It is for another engine than vLLM.
    """
    runtime = str(raw.get("runtime") or "")
    if runtime not in _RUNTIMES:
        raise CannotRead("runtime", f"{runtime!r} is another engine; vLLM alone is launched from such a file")
    notes = [
        NotHonoured(name, _WHY.get(name, "it is unknown here: it is passed over"))
        for name in sorted(set(map(str, raw)) - _READ)
    ]
    if runtime == "vllm-ray":
        notes.append(NotHonoured("runtime", "vllm-ray: the hosts work together without Ray"))
    if (raw.get("max_nodes") or 1) > 1:
        notes.append(NotHonoured("max_nodes", _WHY["max_nodes"]))
    metadata = raw.get("metadata")
    rest = sorted(set(map(str, metadata)) - {"description"}) if isinstance(metadata, Mapping) else []
    if rest:
        notes.append(NotHonoured("metadata", f"{', '.join(rest)}: read from the weights in its place"))
    return notes


def command_from_defaults(model: str, defaults: Mapping[str, Any]) -> tuple[list[str], list[NotHonoured]]:
    """The command that sparkrun makes of a file without one; a default that is no flag to it is noted."""
    words, notes = ["vllm", "serve", model], []
    for name, value in defaults.items():
        flag = _FLAGS.get(name)
        if flag is None:
            notes.append(
                NotHonoured(f"defaults.{name}", "no flag of vLLM is known for it: it is passed over")
            )
        elif value is True:
            words.append(flag)
        elif value is not None and value is not False:
            words += [flag, str(value)]
    return words, notes
