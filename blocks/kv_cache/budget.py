"""What an engine takes of a host besides its KV cache, and what is left for the cache (pure)."""

from dataclasses import dataclass

from blocks.kv_cache.pool import Pool

GIB = 1024**3

FIXED_BYTES = 4 * GIB
"""CUDA context, libraries and graphs: 5.5 GiB were measured on a GB10 with steps of 2,048 tokens."""

STEP_TOKEN_BYTES = 640 * 1024
"""Activations for one token of a step: 1.39 GiB at 2,048 and 5.30 at 8,224 were measured on a GB10."""

PEER_BYTES = 8 * GIB
"""What a launch on two hosts takes more on each, as buffers between them; one launch was measured."""

USUAL_STEP_TOKENS = 8192


@dataclass(frozen=True)
class Budget:
    """
    One host's part of an engine, in bytes.

    Attributes:
        claimed: What vLLM claims at its start: its share of the whole memory.
        weights: The host's part of the weights.
        overhead: Estimate of everything that is neither weights nor cache.
    """

    claimed: int
    weights: int
    overhead: int

    @property
    def cache(self) -> int:
        """What is left for the KV cache; below zero when nothing is."""
        return self.claimed - self.weights - self.overhead

    def largest_context(self, pool: Pool, limit: int) -> int:
        """The longest sequence up to the limit whose cache fits; 0 when none does."""
        return pool.largest_context(self.cache, limit)

    def parallel(self, pool: Pool, context: int) -> float:
        """How many sequences of that length fit at once."""
        return pool.parallel(self.cache, context)


def overhead(hosts: int, step_tokens: int = USUAL_STEP_TOKENS) -> int:
    """Bytes an engine takes on each host besides weights and cache; an estimate, good to a few GiB."""
    return FIXED_BYTES + step_tokens * STEP_TOKEN_BYTES + (PEER_BYTES if hosts > 1 else 0)


def budget_of(share: float, memory_total: int, weights_bytes: int, hosts: int, step_tokens: int) -> Budget:
    """The budget of one of the hosts; the weights are divided evenly among them."""
    return Budget(int(share * memory_total), weights_bytes // hosts, overhead(hosts, step_tokens))
