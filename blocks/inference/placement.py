"""On how many hosts a model runs, with which share of their memory and which context (pure)."""

import math
from dataclasses import dataclass, replace

from blocks.inference.draft import Draft
from blocks.inference.quantization import Quantization
from blocks.inference.reasoned import Confidence, Reasoned
from blocks.inference.vision import image_tokens
from blocks.kv_cache.budget import GIB, USUAL_STEP_TOKENS, Budget, budget_of
from blocks.kv_cache.layers import Numbers, layers_of
from blocks.kv_cache.pool import STEPS_AT_ONCE, Pool, pool_of
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import Machine, ModelConfig, ModelFiles, mapping, whole

TOP_SHARE = 0.85
"""The usual most for one model alone on a GB10 (spark-tools.md 2.6)."""

USEFUL_CONTEXT = 32768
"""A model that cannot hold this much on one host goes to two, if there are two."""

LEAST_CONTEXT = 4096
MOST_CONTEXT = 262144
"""Longer contexts cost memory few conversations use; the operator may ask for them."""

SHARED_CONTEXT = 65536
SHARED_REQUESTS = 4
"""Memory is set aside for this many requests of this length, or for one of full length."""

BLIND_CACHE = 8 * GIB
"""What is set aside where the size of the cache is unknown."""


class DoesNotFit(Exception):
    """The model is too large for the cluster; the text says by how much."""


@dataclass(frozen=True)
class Placement:
    """
    Where and how large a model runs.

    Attributes:
        parallel: Requests of full length at once; 0 where the size of the cache is unknown.
        step_tokens: Tokens of one step (`--max-num-batched-tokens`).
        unknown: Why the size of the cache is unknown; blank when it is known.
    """

    hosts: int
    share: float
    context: int
    parallel: float
    step_tokens: int
    block_tokens: int = 0
    unknown: str = ""


@dataclass(frozen=True)
class Load:
    """What has to be placed."""

    config: ModelConfig
    files: ModelFiles
    quantization: Quantization
    draft: Draft

    @property
    def longest(self) -> int:
        """The longest context the model was made for; 0 when no file tells."""
        keys = ("max_position_embeddings", "max_sequence_length", "seq_length", "n_positions", "max_seq_len")
        told = mapping(self.files.tokenizer_config).get("model_max_length")
        return self.config.number(*keys) or whole(told)

    @property
    def limit(self) -> int:
        """The longest context that is considered."""
        return min(self.longest or USEFUL_CONTEXT, MOST_CONTEXT)

    def pool(self, hosts: int) -> Pool:
        """The KV cache on each of so many hosts; `UnknownLayout` when the config does not tell."""
        numbers = Numbers(hosts, self.quantization.fp8_cache, self.draft.tokens, self.draft.layers)
        return pool_of(layers_of(self.config, numbers), self.draft.tokens)


def place(load: Load, machine: Machine) -> Placement:
    """The fewest hosts on which a useful context fits; `DoesNotFit` when not even a small one does."""
    if machine.memory_total_bytes <= 0:
        raise DoesNotFit("the memory of the hosts is not known yet")
    best: Placement | None = None
    for hosts in divisions(load, machine.hosts):
        found = _on(load, hosts, machine)
        if found.context >= min(load.limit, USEFUL_CONTEXT):
            return found
        if best is None or found.context > best.context:
            best = found
    if best is None or best.context < min(load.limit, LEAST_CONTEXT):
        raise DoesNotFit(_too_large(load, machine))
    return best


def divisions(load: Load, most: int) -> list[int]:
    """The numbers of hosts its heads and blocks can be divided among: powers of two, one always."""
    sizes = [2**power for power in range(1, 5) if 2**power <= most]
    return [1, *(size for size in sizes if not undivided(load, size))]


def undivided(load: Load, hosts: int) -> str:
    """Why a model cannot be divided among so many hosts; blank when it can."""
    config = load.config
    for key in ("num_attention_heads", "linear_num_key_heads", "mamba_num_heads"):
        if config.number(key) % hosts:
            return f"{config.number(key)} {key} cannot be divided among {hosts} hosts"
    shared = config.number("num_key_value_heads")
    if shared and shared % hosts and hosts % shared:
        return f"{shared} num_key_value_heads can neither be divided among nor repeated on {hosts} hosts"
    width = config.number("moe_intermediate_size", "intermediate_size")
    if load.quantization.block and width % (hosts * load.quantization.block):
        return f"its FP8 blocks of {load.quantization.block} do not divide among {hosts} hosts"
    return ""


def _on(load: Load, hosts: int, machine: Machine) -> Placement:
    """The placement on so many hosts; a context of 0 says that it does not fit."""
    try:
        pool = load.pool(hosts)
    except UnknownLayout as unknown:
        return _blind(load, hosts, machine, str(unknown))
    step = _step_tokens(load, pool.block_tokens)
    pool = replace(pool, in_flight=STEPS_AT_ONCE * step)
    total, weights = machine.memory_total_bytes, load.files.weights_bytes
    top = budget_of(TOP_SHARE, total, weights, hosts, step)
    context = top.largest_context(pool, load.limit)
    if context < load.limit:
        context = context // 1024 * 1024
    if not context:
        return Placement(hosts, TOP_SHARE, 0, 0, step, pool.block_tokens)
    several = SHARED_REQUESTS * pool.bytes_for(min(context, SHARED_CONTEXT))
    share = _share(top, max(pool.bytes_for(context), several), total)
    parallel = budget_of(share, total, weights, hosts, step).parallel(pool, context)
    return Placement(hosts, share, context, parallel, step, pool.block_tokens)


def _blind(load: Load, hosts: int, machine: Machine, why: str) -> Placement:
    """The placement of a model whose cache cannot be computed: careful, and said to be a guess."""
    step = _step_tokens(load, 1)
    top = budget_of(TOP_SHARE, machine.memory_total_bytes, load.files.weights_bytes, hosts, step)
    context = min(load.limit, USEFUL_CONTEXT) if top.cache >= BLIND_CACHE else 0
    share = _share(top, 2 * BLIND_CACHE, machine.memory_total_bytes)
    return Placement(hosts, share, context, 0, step, 0, why)


def _share(top: Budget, cache: int, total: int) -> float:
    """The smallest share in steps of a twentieth that holds it all; the rest is left to other services."""
    needed = top.weights + top.overhead + cache
    return min(TOP_SHARE, math.ceil(needed / total * 20) / 20)


def _step_tokens(load: Load, block_tokens: int) -> int:
    """Tokens of a step: at least one block with a state, and at least one picture."""
    least = max(block_tokens, image_tokens(load.config))
    return max(USUAL_STEP_TOKENS, math.ceil(min(least, 65536) / 1024) * 1024)


def _too_large(load: Load, machine: Machine) -> str:
    most = divisions(load, machine.hosts)[-1]
    weights, room = load.files.weights_bytes / most / GIB, TOP_SHARE * machine.memory_total_bytes / GIB
    among = "one host" if most == 1 else f"each of {most} hosts"
    text = (
        f"its weights take {weights:.0f} GiB on {among}, which leaves no room for a context in {room:.0f} GiB"
    )
    why = undivided(load, 2 * most) if machine.hosts >= 2 * most else ""
    return f"{text}; {why}" if why else text


def placement_values(load: Load, placed: Placement) -> list[Reasoned]:
    """Hosts, share, context and step, each with its reason."""
    weights = load.files.weights_bytes / placed.hosts / GIB
    source = "sizes of the weight files, memory of the hosts"
    sized: Confidence = "likely" if load.files.weights_bytes and not placed.unknown else "guess"
    why = f"the weights take {weights:.0f} GiB on each host"
    if placed.hosts > 1:
        why += (
            f"; fewer hosts would not hold {min(load.limit, USEFUL_CONTEXT):,} tokens of context beside them"
        )
    return [
        Reasoned("hosts", str(placed.hosts), source, "sure" if load.files.weights_bytes else "guess", why),
        Reasoned("--gpu-memory-utilization", f"{placed.share:.2f}", source, sized, _why_share(placed)),
        _context(load, placed),
        _step(load, placed),
    ]


def _why_share(placed: Placement) -> str:
    if placed.unknown:
        return f"weights and a careful guess for the cache, as {placed.unknown}"
    requests = f"{placed.parallel:.1f} requests of full length at once"
    return f"room for {requests}; what is left stays for speech and the system"


def _context(load: Load, placed: Placement) -> Reasoned:
    flag, source = "--max-model-len", "config.json max_position_embeddings"
    value = str(placed.context)
    if placed.unknown or not load.longest:
        why = placed.unknown or "no file tells how long a context the model was made for"
        return Reasoned(flag, value, "config.json", "guess", f"a careful length, as {why}")
    if placed.context == load.longest:
        return Reasoned(flag, value, source, "sure", "the whole context the model was made for, and it fits")
    if placed.context == MOST_CONTEXT:
        why = f"the model could go to {load.longest:,}; longer ones cost memory few conversations use"
        return Reasoned(flag, value, source, "likely", why)
    why = f"the longest that fits beside the weights; the model was made for {load.longest:,}"
    return Reasoned(flag, value, source, "likely", why)


def _step(load: Load, placed: Placement) -> Reasoned:
    why = "tokens read in one step; more is quicker for long texts and takes more memory"
    if tokens := image_tokens(load.config):
        why += f"; a picture of {tokens:,} tokens goes through in one"
    if placed.block_tokens > 16:
        why += f"; at least the {placed.block_tokens:,} tokens of one block of its cache"
    return Reasoned("--max-num-batched-tokens", str(placed.step_tokens), "config.json", "likely", why)
