"""Memory arithmetic on a GB10: whether a model fits, before anything is stopped (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from blocks.kv_cache.budget import Budget, overhead
from blocks.kv_cache.launch import Launch, launch_of
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig
from blocks.recipe import Recipe
from tasks.checks.memory import GIB

MARGIN_GIB = 1.0
LEAST_OVERHEAD_GIB = 2.0
"""No engine was seen to take less besides weights and cache: below this a start surely fails."""


@dataclass(frozen=True)
class MemoryNeed:
    """
    What a model will take of each host, in GiB.

    Attributes:
        budget: What vLLM will claim: its share of the whole memory.
        weights: The host's part of the weights.
        overhead: Estimate of what is neither weights nor cache; good to a few GiB.
        cache: KV cache of one request of full length; 0 when it is unknown.
        context: The longest request, in tokens; 0 when it is unknown.
        largest: The longest request that fits by the estimate, up to `context`.
        parallel: Requests of full length at once, by the estimate.
        fixed: The recipe names the size of the cache itself (`--kv-cache-memory-bytes`).
        unknown: Why the cache is unknown; blank when it is known.
    """

    budget: float
    weights: float
    overhead: float = 0.0
    cache: float = 0.0
    context: int = 0
    largest: int = 0
    parallel: float = 0.0
    fixed: bool = False
    unknown: str = ""


def need_per_host(share: float, weights_bytes: int, hosts: int, memory_total: int) -> MemoryNeed:
    """The need of a model on each of its hosts; vLLM takes `share` of the total at its start."""
    return MemoryNeed(share * memory_total / GIB, weights_bytes / GIB / hosts)


def memory_need(
    recipe: Recipe, config: Mapping[str, Any], weights_bytes: int, memory_total: int
) -> MemoryNeed:
    """The need of a recipe on each of its hosts, with the cache computed from the model's config.json."""
    need = need_per_host(recipe.memory_share, weights_bytes, recipe.hosts, memory_total)
    try:
        launch = launch_of(recipe, ModelConfig(config))
    except UnknownLayout as unknown:
        return replace(need, overhead=overhead(recipe.hosts) / GIB, unknown=str(unknown))
    extra = overhead(recipe.hosts, launch.step_tokens)
    left = launch.cache_bytes or Budget(int(need.budget * GIB), int(need.weights * GIB), extra).cache
    return _with_cache(replace(need, overhead=extra / GIB), launch, left)


def _with_cache(need: MemoryNeed, launch: Launch, left: int) -> MemoryNeed:
    largest = launch.pool.largest_context(left, launch.context)
    context = largest if launch.fits_itself else launch.context
    return replace(
        need,
        cache=launch.pool.bytes_for(context) / GIB,
        context=context,
        largest=largest,
        parallel=launch.pool.parallel(left, context) if context else 0.0,
        fixed=bool(launch.cache_bytes),
    )


def faults_of_fit(need: MemoryNeed, available_after_stop: float, host: str) -> list[str]:
    """
    Why a model will surely not start on a host; empty when it may.

    Two constraints at once (spark-tools.md 2.6): the budget must be free at the start; weights and the
    cache of one request of full length must fit into the budget.
    """
    faults = []
    if need.weights > need.budget:
        faults.append(
            f"the weights ({need.weights:.0f} GiB on {host}) are larger than the memory the recipe allows "
            f"({need.budget:.0f} GiB): raise --gpu-memory-utilization or run it on more hosts"
        )
    elif _cache_is_too_small(need):
        faults.append(
            f"one request of {need.context:,} tokens takes {need.cache:.1f} GiB of cache on {host}, beside "
            f"{need.weights:.0f} GiB of weights in the {need.budget:.0f} GiB the recipe allows: "
            f"{_shorter(need)} or raise --gpu-memory-utilization"
        )
    if need.budget + MARGIN_GIB > available_after_stop:
        faults.append(
            f"{host} will have {available_after_stop:.0f} GiB free once the present model has stopped, the "
            f"recipe asks for {need.budget:.0f} GiB: lower --gpu-memory-utilization or free memory there"
        )
    return faults


def doubts_of_fit(need: MemoryNeed, host: str) -> list[str]:
    """Why a model may not start on a host though it is not sure: the estimate says that it is tight."""
    if need.unknown:
        return [f"how much cache it needs on {host} cannot be computed: {need.unknown}"]
    if not need.cache or need.largest >= need.context or need.weights > need.budget:
        return []
    parts = f"{need.weights:.0f} GiB of weights, about {need.overhead:.0f} GiB for the engine"
    cache = f"{need.cache:.1f} GiB of cache for {need.context:,} tokens"
    advice = f"{_shorter(need)} if it does not start"
    return [f"it is tight on {host}: {parts} and {cache} in {need.budget:.0f} GiB: {advice}"]


def room_of_fit(need: MemoryNeed) -> str:
    """What fits, in words: how many requests of full length at once; blank when it is unknown."""
    if not need.parallel or need.largest < need.context:
        return ""
    requests = f"about {need.parallel:.1f} requests of that length fit at once"
    return f"{need.context:,} tokens take {need.cache:.1f} GiB of cache; {requests}"


def _cache_is_too_small(need: MemoryNeed) -> bool:
    """Surely: even with the least that an engine takes besides; a named size of the cache is exact."""
    if need.fixed:
        return need.largest < need.context
    return bool(need.cache) and need.weights + LEAST_OVERHEAD_GIB + need.cache > need.budget


def _shorter(need: MemoryNeed) -> str:
    if not need.largest:
        return "lower --max-model-len"
    return f"lower --max-model-len to {need.largest:,} or less"
