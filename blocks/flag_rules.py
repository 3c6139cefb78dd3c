"""Which flags a recipe may set, and which values the well-known ones may have (pure)."""

import re
from collections.abc import Callable
from contextlib import suppress

from blocks.flags import Value, render, text_of

OWNED_FLAGS = (
    "--model", "--host", "--port", "--served-model-name", "--tensor-parallel-size", "--nnodes", "--node-rank",
    "--master-addr", "--master-port", "--headless", "--api-key",
)  # fmt: skip
"""vLLM flags the control plane or the launcher sets itself (spark-tools.md 1.1.4)."""

SHARE_FLAG = "--gpu-memory-utilization"
CONTEXT_FLAG = "--max-model-len"

_NUMBER = re.compile(r"(\d{1,15})(?:\.(\d{1,6}))?([kKmMgGtT]?)", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def owned_flag(flag: str) -> str:
    """The owned flag that a canonical flag is, or that vLLM's parser would complete it to; else blank."""
    return next((owned for owned in OWNED_FLAGS if flag.startswith("--") and owned.startswith(flag)), "")


def share_from(text: str) -> float:
    """A share of the memory; `ValueError` says what is allowed."""
    with suppress(ValueError):
        if 0 < float(text) <= 1:
            return float(text)
    raise ValueError(f"{SHARE_FLAG} is a share between 0 and 1, not {text[:20]!r}")


def number_from(text: str) -> int:
    """
    A count as vLLM reads it: `131072`, `128k` (thousands), `128K` (1024s).

    Raises:
        ValueError: It is none.
    """
    found = _NUMBER.fullmatch(text.strip())
    if found is None or (found[2] and not found[3].islower()):
        raise ValueError(f"{text[:20]!r} is no number such as 131072 or 128k")
    unit = 1
    for _ in range(" kmgt".index(found[3].lower() or " ")):
        unit *= 1000 if found[3].islower() else 1024
    return int(float(f"{found[1]}.{found[2]}") * unit) if found[2] else int(found[1]) * unit


def check_flag(flag: str, value: Value) -> None:
    """
    Refuse what no vLLM takes for a well-known flag; any other flag may have any value.

    Raises:
        ValueError: It names flag, value and what is allowed.
    """
    render({flag: value})
    fits, allowed = _RULES.get(flag, (lambda _value: True, ""))
    with suppress(ValueError):
        if fits(value):
            return
    raise ValueError(f"{flag} cannot be {text_of(value)[:60]!r}: allowed is {allowed}")


def _is_share(value: Value) -> bool:
    return share_from(text_of(value)) > 0


def _is_count(value: Value) -> bool:
    return number_from(text_of(value)) > 0


def _is_context(value: Value) -> bool:
    return text_of(value) in ("auto", "-1") or _is_count(value)


def _is_word(value: Value) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _is_draft(value: Value) -> bool:
    return isinstance(value, dict) and bool(value.keys() & {"method", "model"})


_RULES: dict[str, tuple[Callable[[Value], bool], str]] = {
    CONTEXT_FLAG: (_is_context, "a number of tokens such as 131072 or 128k, or auto"),
    SHARE_FLAG: (_is_share, "a share above 0 and up to 1, such as 0.8"),
    "--max-num-seqs": (_is_count, "a whole number from 1"),
    "--max-num-batched-tokens": (_is_count, "a number of tokens from 1, such as 8192 or 8k"),
    "--enable-prefix-caching": (lambda value: isinstance(value, bool), "true or false"),
    "--kv-cache-dtype": (_is_word, "one word, such as auto or fp8"),
    "--load-format": (_is_word, "one word, such as auto or fastsafetensors"),
    "--speculative-config": (_is_draft, 'an object such as {"method": "mtp", "num_speculative_tokens": 2}'),
}
