"""The names of vLLM's flags: which spellings are one flag (pure)."""

SHORT = {
    "-ac": "--attention-config",
    "-asc": "--api-server-count",
    "-cc": "--compilation-config",
    "-dc": "--diffusion-config",
    "-dcp": "--decode-context-parallel-size",
    "-dp": "--data-parallel-size",
    "-dpa": "--data-parallel-address",
    "-dpb": "--data-parallel-backend",
    "-dpe": "--data-parallel-external-lb",
    "-dph": "--data-parallel-hybrid-lb",
    "-dpl": "--data-parallel-size-local",
    "-dpm": "--data-parallel-multi-port-external-lb",
    "-dpn": "--data-parallel-rank",
    "-dpp": "--data-parallel-rpc-port",
    "-dpr": "--data-parallel-start-rank",
    "-ep": "--enable-expert-parallel",
    "-n": "--nnodes",
    "-O": "--optimization-level",
    "-pcp": "--prefill-context-parallel-size",
    "-pp": "--pipeline-parallel-size",
    "-q": "--quantization",
    "-r": "--node-rank",
    "-sc": "--speculative-config",
    "-tp": "--tensor-parallel-size",
}
"""Short forms of vLLM 0.33 (engine/arg_utils.py, entrypoints/common/cli_args.py)."""

REPEATED = frozenset({"--middleware"})
"""Flags of which every occurrence counts; of all others vLLM takes the last."""

DISABLING = frozenset({
    "--disable-access-log-for-endpoints", "--disable-cascade-attn", "--disable-chunked-mm-input",
    "--disable-custom-all-reduce", "--disable-fastapi-docs", "--disable-frontend-multiprocessing",
    "--disable-hybrid-kv-cache-manager", "--disable-log-stats", "--disable-nccl-for-dp-synchronization",
    "--disable-sliding-window", "--disable-uvicorn-access-log",
})  # fmt: skip
"""Switches whose own name says disable (vLLM 0.33); any other `--disable-x` there negates `--enable-x`."""


def canonical(flag: str) -> str:
    """The one spelling of a flag: `--max_model_len` is `--max-model-len`, `-tp` `--tensor-parallel-size`."""
    if flag in SHORT:
        return SHORT[flag]
    return flag.replace("_", "-") if flag.startswith("--") else flag


def switch(flag: str, on: bool = True) -> tuple[str, bool]:
    """
    The one name of a canonical flag without a value, and whether it is on.

    `--no-a`, and `--disable-a` for `--enable-a`, are its negations: the name that every version of vLLM
    knows is the one it has got.
    """
    if flag.startswith("--no-"):
        return switch(f"--{flag[5:]}", not on)
    enabled, disabled = flag.replace("--disable-", "--enable-"), flag.replace("--enable-", "--disable-")
    if flag.startswith("--disable-") and flag not in DISABLING:
        return enabled, not on
    if flag.startswith("--enable-") and disabled in DISABLING:
        return disabled, not on
    return flag, on
