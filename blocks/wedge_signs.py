"""The words by which a service shows that its GPU context is dead, so that only a restart helps it (pure)."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

READ_BYTES = 64 * 1024
"""How much of an error's body is read."""

_ERROR = re.compile(
    r"\b(?:CUDA|cuFFT|cuBLAS|cuBLASLt|cuDNN|NCCL|Triton)(?: driver| runtime)? (?:error|failure|failed)\b"
    r"[^\n]{0,120}",
    re.IGNORECASE,
)
"""An error of the GPU's libraries, and what is said of it."""

_HARMLESS = re.compile(
    r"out of (?:memory|resource)|ALLOC_FAILED|INVALID_(?:VALUE|SIZE)|BAD_PARAM|NOT_SUPPORTED|ARCH_MISMATCH"
    r"|invalid (?:argument|configuration argument|device ordinal)|no kernel image|not permitted",
    re.IGNORECASE,
)
"""What leaves the context alive: memory short for a moment, a wrong argument, a build that does not fit."""

_DEAD = re.compile(
    r"device-side assert\b|illegal (?:memory access|instruction)|unspecified launch failure"
    r"|CUDA_ERROR_(?:ASSERT|ILLEGAL_\w+|LAUNCH_FAILED|MISALIGNED_ADDRESS|UNKNOWN)"
    r"|cudaError(?:Assert|Illegal\w+|LaunchFailure|MisalignedAddress|Unknown)"
    r"|CU(?:BLAS|DNN)_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|MAPPING_ERROR|NOT_INITIALIZED)"
    r"|CUFFT_(?:INTERNAL_ERROR|EXEC_FAILED|SETUP_FAILED)"
    r"|unhandled cuda error|ncclUnhandledCudaError"
    r"|EngineDeadError|EngineCore encountered an? (?:issue|fatal)",
    re.IGNORECASE,
)
"""What is said only when it is over; "device-side assertions" stands in the advice of every CUDA error."""

_QUOTED = re.compile(r"(?<!\w)(['\"`])((?:\\.|(?!\1)[^\\])*)\1(?!\w)", re.DOTALL)
_RAISED = re.compile(r"(?:[\w.]+(?:Error|Exception)\W{1,3})?")

_ECHOES = frozenset(("input", "ctx", "prompt", "messages", "text"))
"""Fields in which an error gives back what was asked."""


def wedge_sign(body: bytes) -> str:
    """
    The words in the body of a 5xx that show a dead GPU context; blank when there are none.

    What the error quotes does not count, as it may be the user's; a quotation that begins as an error does.
    """
    read = body[:READ_BYTES]
    try:
        said = " \n".join(_said(msgspec.json.decode(read)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = read.decode(errors="replace")
    said = _QUOTED.sub(lambda found: found[2] if _begins_as_error(found[2]) else " ", said)
    errors = (found[0].strip() for found in _ERROR.finditer(said) if not _HARMLESS.search(found[0]))
    dead = _DEAD.search(said)
    return next(errors, dead[0] if dead else "")


def _begins_as_error(words: str) -> bool:
    raised = _RAISED.match(words)
    start = raised.end() if raised else 0
    return bool(_ERROR.match(words, start) or _DEAD.match(words, start))


def _said(data: Any) -> Iterator[str]:
    """Every text of an error's JSON that its service wrote itself."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for name, value in data.items():
            if name not in _ECHOES:
                yield from _said(value)
    elif isinstance(data, list):
        for value in data:
            yield from _said(value)
