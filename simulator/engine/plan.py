"""Memory arithmetic of a start on a GB10: what vLLM allocates, and why it would refuse."""

from argparse import Namespace
from dataclasses import dataclass

from simulator.engine.weights import GIB, Model
from simulator.engine.world import TOTAL

OVERHEAD = 2.0  # activations and CUDA graphs, in GiB


class Refused(Exception):
    """vLLM ends here; the text is its own, with the class name in front."""


@dataclass(frozen=True, slots=True)
class Plan:
    """GiB to allocate on this node, and the KV cache that fits beside the weights."""

    share: float
    weights: float
    kv: float
    bytes_per_token: int
    context: int

    @property
    def total(self) -> float:
        """What the process holds when it is ready."""
        return self.weights + OVERHEAD + self.kv

    @property
    def tokens(self) -> int:
        """Tokens the KV cache holds."""
        return int(self.kv * GIB / self.bytes_per_token) // 16 * 16


def utilization(args: Namespace) -> float:
    """The share of memory asked for; some images take it in GiB."""
    if args.gpu_memory_utilization_gb:
        return float(args.gpu_memory_utilization_gb) / TOTAL
    return float(args.gpu_memory_utilization)


def check_free(args: Namespace, free: float) -> None:
    """Raise Refused if the share is more than what is free on this host."""
    share = utilization(args)
    if share * TOTAL > free:
        raise Refused(
            f"ValueError: Free memory on device cuda:0 ({free:.2f}/{TOTAL} GiB) on startup is less "
            f"than desired GPU memory utilization ({share:.4g}, {share * TOTAL:.2f} GiB). Decrease "
            "GPU memory utilization or reduce GPU memory used by other processes."
        )


def make_plan(args: Namespace, model: Model, nodes: int) -> Plan:
    """Divide the share between weights and KV cache; raises Refused as vLLM does."""
    share = utilization(args)
    weights = model.gib / nodes
    kv = share * TOTAL - weights - OVERHEAD
    if args.kv_cache_memory_bytes:
        kv = args.kv_cache_memory_bytes / GIB
    if kv <= 0:
        raise Refused(
            "ValueError: No available memory for the cache blocks. Try increasing "
            "`gpu_memory_utilization` when initializing the engine."
        )
    each = bytes_per_token(args, model) // nodes
    fits = int(kv * GIB / each) // 16 * 16
    wanted = args.max_model_len or model.number("max_position_embeddings", 32768)
    context = min(model.number("max_position_embeddings", 32768), fits) if wanted < 0 else wanted
    if context > fits:
        raise Refused(_too_long(context, context * each / GIB, kv, fits))
    return Plan(share, weights, kv, each, context)


def bytes_per_token(args: Namespace, model: Model) -> int:
    """KV bytes of one token over all layers; hybrid models keep only every n-th layer."""
    layers = model.number("num_hidden_layers", 32) // model.number("full_attention_interval", 1)
    heads = model.number("num_key_value_heads", 8)
    size = model.number("head_dim", 128)
    # Multi-head latent attention keeps one compressed vector instead of keys and values.
    latent = model.number("kv_lora_rank", 0)
    width = latent if latent else 2 * heads * size
    return max(layers, 1) * width * (1 if "8" in args.kv_cache_dtype else 2)


def _too_long(context: int, needed: float, kv: float, fits: int) -> str:
    return (
        "ValueError: To serve at least one request with the model's max seq len "
        f"({context}), {needed:.2f} GiB KV cache is needed, which is larger than the available KV "
        f"cache memory ({kv:.2f} GiB). Based on the available memory, the estimated maximum model "
        f"length is {fits}. Try increasing `gpu_memory_utilization` or decreasing `max_model_len` "
        "when initializing the engine."
    )
