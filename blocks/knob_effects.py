"""What a flag's value comes to, in words for an owner who does not program (pure)."""

from collections.abc import Callable
from dataclasses import dataclass

from blocks.flag_rules import CONTEXT_FLAG, SHARE_FLAG, number_from, share_from
from blocks.flags import Value, text_of

GIB = 1024**3
TOKENS_PER_PAGE = 525
"""A printed page of about 400 English words."""


@dataclass(frozen=True)
class Node:
    """
    What is known of the machine that a recipe runs on.

    Attributes:
        memory_total: Bytes of one host's memory (MemTotal); 0: unknown.
        hosts: On how many hosts the recipe runs.
        kv_bytes_per_token: KV cache on each host for one token of text; 0: unknown.
    """

    memory_total: int = 0
    hosts: int = 1
    kv_bytes_per_token: float = 0


def effect_of(flag: str, value: Value | None, node: Node) -> str:
    """
    One sentence on what this value does here; blank for a flag nothing is known of.

    GB are 2^30 bytes, as vLLM's log and `free` count them.
    """
    try:
        if flag in _BY_NODE:
            return _BY_NODE[flag](value, node)
        return _EFFECTS[flag](value) if flag in _EFFECTS else ""
    except ValueError as error:
        return str(error)


def pages(tokens: int) -> str:
    """Tokens as pages of text, to two figures: 'about 250 pages'."""
    count = max(1, round(tokens / TOKENS_PER_PAGE))
    step = 10 ** max(0, len(str(count)) - 2)
    rounded = round(count / step) * step
    return "about 1 page" if rounded == 1 else f"about {rounded:,} pages"


def _context(value: Value | None, node: Node) -> str:
    if value is None:
        return "as long as the model itself allows"
    if value in ("auto", "-1"):
        return "as long as fits into the memory that is left"
    tokens = number_from(text_of(value))
    words = f"{tokens:,} tokens = {pages(tokens)}"
    if node.kv_bytes_per_token:
        words += f"; one text of that length takes {tokens * node.kv_bytes_per_token / GIB:.1f} GB"
        words += " on each host" if node.hosts > 1 else ""
    return words


def _share(value: Value | None, node: Node) -> str:
    share = share_from(text_of(value) if value is not None else "")
    if not node.memory_total:
        return f"{share:.2f} of each host's memory"
    total = node.memory_total / GIB
    where = " on each host" if node.hosts > 1 else ""
    left = total - share * total
    return (
        f"{share:.2f} = {share * total:.0f} GB allocated, {left:.0f} GB left for the system and speech{where}"
    )


def _requests(value: Value | None) -> str:
    count = number_from(text_of(value) if value is not None else "")
    return f"answers {count:,} request{'s' * (count > 1)} at once; more wait in line"


def _prefixes(value: Value | None) -> str:
    if value:
        return "what was read before is kept: a conversation's next turn starts sooner"
    return "every turn is read again from its beginning"


def _kv_cache(value: Value | None) -> str:
    kind = text_of(value) if value is not None else "auto"
    if kind.startswith("fp8"):
        return "one byte per number: twice as much text fits, with hardly a change in the answers"
    return "as exact as the model itself" if kind == "auto" else f"kept as {kind}"


def _loading(value: Value | None) -> str:
    kind = text_of(value) if value is not None else "auto"
    if kind in ("fastsafetensors", "instanttensor"):
        return "weights go straight to the GPU: a start takes less time, and more memory while it loads"
    return "weights are read one part after the other" if kind == "auto" else f"weights are read by {kind}"


def _step(value: Value | None) -> str:
    tokens = number_from(text_of(value) if value is not None else "")
    return f"reads {tokens:,} tokens ({pages(tokens)}) of the prompts in one step"


def _draft(value: Value | None) -> str:
    if not isinstance(value, dict):
        return "off: one token after the other"
    ahead, method = value.get("num_speculative_tokens", "some"), value.get("method", "a draft model")
    return f"guesses {ahead} tokens ahead ({method}): sooner done, with the same answers"


_BY_NODE: dict[str, Callable[[Value | None, Node], str]] = {CONTEXT_FLAG: _context, SHARE_FLAG: _share}
_EFFECTS: dict[str, Callable[[Value | None], str]] = {
    "--max-num-seqs": _requests,
    "--enable-prefix-caching": _prefixes,
    "--kv-cache-dtype": _kv_cache,
    "--load-format": _loading,
    "--max-num-batched-tokens": _step,
    "--speculative-config": _draft,
}
