"""The pool of blocks vLLM divides its KV cache into, and what fits in it (pure)."""

import math
from dataclasses import dataclass

from blocks.kv_cache.layers import Kind, Layer

BLOCK_TOKENS = 16
SPARE_STATES = 2
"""State blocks of one sequence and group with prefix caching: the present one and the one being written."""

STEPS_AT_ONCE = 2
"""With asynchronous scheduling one step is prepared while another runs (vLLM 0.33)."""

IN_FLIGHT_TOKENS = STEPS_AT_ONCE * 8192
"""Tokens that a sliding layer may hold besides its window."""

CLOSE = 1.5
"""Kinds of layers closer in number than this are padded to one group size (vLLM 0.33; 1.25 before)."""


@dataclass(frozen=True)
class Group:
    """Layers that take their blocks together: one block of each holds `block_tokens` tokens."""

    kind: Kind
    block_tokens: int
    window: int = 0
    states: int = 0

    def blocks(self, tokens: int, in_flight: int) -> int:
        """Blocks that a sequence of that many tokens takes at most."""
        if self.kind == "state":
            return self.states
        if self.kind == "sliding":
            # One more, as the window seldom begins with a block.
            held = min(self.window - 1 + in_flight, tokens)
            return math.ceil(held / self.block_tokens) + 1
        return math.ceil(tokens / self.block_tokens)


@dataclass(frozen=True)
class Pool:
    """
    The KV cache of one host.

    Attributes:
        block_bytes: Of one block, the same for every group.
        in_flight: Tokens under way at once (steps at a time x `--max-num-batched-tokens`).
    """

    groups: tuple[Group, ...]
    block_bytes: int
    in_flight: int = IN_FLIGHT_TOKENS

    @property
    def block_tokens(self) -> int:
        """Tokens of the largest block: with a state, a step must hold at least one."""
        return max(group.block_tokens for group in self.groups)

    def bytes_for(self, tokens: int) -> int:
        """Bytes that one sequence of that many tokens takes at most."""
        return self._blocks(tokens) * self.block_bytes

    def parallel(self, available: int, tokens: int) -> float:
        """How many sequences of that length fit: vLLM's 'Maximum concurrency'."""
        return max(available, 0) // self.block_bytes / self._blocks(tokens)

    def tokens(self, available: int, longest: int) -> int:
        """What vLLM logs as 'GPU KV cache size' (since 0.22): concurrency times longest sequence."""
        return int(self.parallel(available, longest) * longest)

    def largest_context(self, available: int, limit: int) -> int:
        """The longest sequence up to the limit that fits; 0 when not even one token does."""
        low, high = 0, limit
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.bytes_for(middle) <= available else (low, middle - 1)
        return low

    def _blocks(self, tokens: int) -> int:
        return sum(group.blocks(tokens, self.in_flight) for group in self.groups)


def pool_of(
    layers: tuple[Layer, ...], draft_tokens: int = 0, *, prefix_caching: bool = True, in_flight: int = 0
) -> Pool:
    """
    The blocks of a model's layers, as vLLM 0.33 groups them (v1/core/kv_cache_planning.py).

    All groups hold equally many layers and all blocks are equally large: the states' size decides it
    where there are any, else the largest token.
    """
    in_flight = in_flight or IN_FLIGHT_TOKENS
    page, block_tokens = _page(layers)
    if len(layers) == 1 or all(layer.kind == "full" for layer in layers):
        each = sum(layer.count * max(layer.token_bytes * block_tokens, layer.state_bytes) for layer in layers)
        states = _states(draft_tokens, prefix_caching=prefix_caching)
        group = Group(layers[0].kind, block_tokens, layers[0].window, states)
        return Pool((group,), each, in_flight)
    size = _group_size([layer.count for layer in layers])
    groups: list[Group] = []
    for layer in layers:
        tokens = _tokens_of_page(layer, page, block_tokens)
        states = _states(draft_tokens, prefix_caching=prefix_caching) if layer.kind == "state" else 0
        groups += [Group(layer.kind, tokens, layer.window, states)] * math.ceil(layer.count / size)
    return Pool(tuple(groups), size * page, in_flight)


def _page(layers: tuple[Layer, ...]) -> tuple[int, int]:
    """Bytes of one layer's block, and the tokens of the layer with the largest tokens in it."""
    largest = max(layer.token_bytes for layer in layers)
    state = max(layer.state_bytes for layer in layers)
    if not largest:
        return state, 1
    step = BLOCK_TOKENS * largest
    tokens = BLOCK_TOKENS * max(1, math.ceil(state / step))
    return tokens * largest, tokens


def _tokens_of_page(layer: Layer, page: int, block_tokens: int) -> int:
    """Smaller tokens: more of them in a block where that divides evenly, else it is padded."""
    if layer.token_bytes and page % (layer.token_bytes * block_tokens) == 0:
        return page // layer.token_bytes
    return block_tokens


def _group_size(counts: list[int]) -> int:
    return max(counts) if max(counts) < CLOSE * min(counts) else min(counts)


def _states(draft_tokens: int, *, prefix_caching: bool) -> int:
    return (SPARE_STATES if prefix_caching else 1) + draft_tokens
