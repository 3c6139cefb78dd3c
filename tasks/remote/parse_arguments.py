"""Parse 'vllm serve' arguments with vLLM's own parser, in the place they are meant for; print JSON.

Arguments: those of `vllm serve`, the model first.  The parser's place: that of vLLM 0.33, then the older one.
What else of this vLLM cannot work on a GB10, and shows without a GPU, is said too (spark-tools.md 2.5).
"""

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

TARGET = "sm_121a"


def parser_parts() -> tuple[Any, Any, Any]:
    """`make_arg_parser`, `validate_parsed_serve_args` and the parser class of this vLLM."""
    try:
        from vllm.entrypoints.common import cli_args
    except ImportError:
        from vllm.entrypoints.openai import cli_args
    try:
        from vllm.utils.argparse_utils import FlexibleArgumentParser
    except ImportError:
        from vllm.utils import FlexibleArgumentParser
    return cli_args.make_arg_parser, cli_args.validate_parsed_serve_args, FlexibleArgumentParser


def combination_fault(parsed: Any) -> str:
    """What vLLM says of these two only once it starts."""
    batched = getattr(parsed, "max_num_batched_tokens", None)
    sequences = getattr(parsed, "max_num_seqs", None)
    if isinstance(batched, int) and isinstance(sequences, int) and batched < sequences:
        return (
            f"max_num_batched_tokens ({batched}) must be greater than or equal to max_num_seqs ({sequences})"
        )
    return ""


def library_fault() -> str:
    """A vLLM built for another CUDA; the driver's own library is rightly absent here."""
    try:
        importlib.import_module("vllm._C")
    except ImportError as error:
        return str(error) if "libcudart" in str(error) else ""
    return ""


def triton_ptxas() -> str:
    """The assembler that Triton takes for this GPU; blank when there is no Triton."""
    found = importlib.util.find_spec("triton")
    if found is None or not found.origin:
        return ""
    folder = Path(found.origin).parent / "backends" / "nvidia" / "bin"
    if (folder / "ptxas-blackwell").exists():
        return os.environ.get("TRITON_PTXAS_BLACKWELL_PATH") or str(folder / "ptxas-blackwell")
    own = os.environ.get("TRITON_PTXAS_PATH") or str(folder / "ptxas")
    return own if Path(own).exists() else ""


def assembler_fault() -> str:
    """What the assembler says when it does not know the GPU."""
    program = triton_ptxas()
    if not program:
        return ""
    with tempfile.NamedTemporaryFile("w", suffix=".ptx") as source:
        source.write(f".version 8.8\n.target {TARGET}\n.address_size 64\n")
        source.flush()
        words = [program, f"-arch={TARGET}", "-o", "/dev/null", source.name]
        try:
            done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=20)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"ptxas cannot be run: {error}"
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"{program}: {said[-1] if said else 'it failed'}" if done.returncode else ""


def main() -> None:
    """Print {"ok", "error", "version"}; argparse itself ends with rc 2 and its own words."""
    import vllm

    make_arg_parser, validate, parser_class = parser_parts()
    parser = make_arg_parser(parser_class(prog="vllm serve"))
    parsed = parser.parse_args(sys.argv[1:])
    faults = [combination_fault(parsed), library_fault(), assembler_fault()]
    try:
        validate(parsed)
    except (TypeError, ValueError) as error:
        faults.insert(0, str(error) or type(error).__name__)
    said = "; ".join(fault for fault in faults if fault)
    print(json.dumps({"ok": not said, "error": said, "version": vllm.__version__}))


main()
