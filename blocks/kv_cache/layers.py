"""Which layers of a model keep a cache, and how large each is on one host (pure)."""

import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

from blocks.kv_cache.state import has_state, state_bytes
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig

Kind = Literal["full", "sliding", "state"]

MOST_LAYERS = 2048

KINDS: dict[str, Kind | None] = {
    "full_attention": "full", "attention": "full", "*": "full", "hybrid": "full",
    "sliding_attention": "sliding", "chunked_attention": "sliding",
    "linear_attention": "state", "mamba": "state", "M": "state",
    "moe": None, "mlp": None, "E": None, "-": None,
}  # fmt: skip
"""Words of layer_types, layers_block_type and the letters of hybrid_override_pattern."""

UNKNOWN_LAYOUTS = ("DeepseekV4", "Inkling", "KimiLinear", "KimiK3", "FalconH1", "Jamba", "Zamba", "Dots3")
"""Architectures whose caches follow rules of their own that a config does not tell."""


@dataclass(frozen=True)
class Numbers:
    """
    What of the launch changes the size of the cache.

    Attributes:
        hosts: Tensor parallel size: heads are divided, and replicated when there are fewer.
        fp8: The cache is kept in FP8 (`--kv-cache-dtype fp8`), else in 16 bits.
        draft_tokens: Tokens a draft proposes at once (`num_speculative_tokens`); 0 without one.
        draft_layers: Layers with a cache that the model's own draft (MTP) adds.
        draft: Config of a separate draft model.
    """

    hosts: int = 1
    fp8: bool = False
    draft_tokens: int = 0
    draft_layers: int = 0
    draft: ModelConfig | None = None

    @property
    def value_bytes(self) -> int:
        """Bytes of one number in the cache."""
        return 1 if self.fp8 else 2


@dataclass(frozen=True)
class Layer:
    """
    A number of layers with the same cache.

    Attributes:
        token_bytes: Of one token in one layer on one host; 0 for a state.
        window: Tokens a sliding layer looks back.
        state_bytes: Of one sequence's constant state in one layer on one host.
    """

    kind: Kind
    count: int
    token_bytes: int = 0
    window: int = 0
    state_bytes: int = 0


def layers_of(config: ModelConfig, numbers: Numbers) -> tuple[Layer, ...]:
    """The caches of a model; `UnknownLayout` says what the config does not tell."""
    counts = Counter(_kinds(config))
    counts["full"] += numbers.draft_layers
    layers = [_layer(config, numbers, kind, count) for kind, count in counts.items() if count]
    if not layers:
        raise UnknownLayout("config.json names no layer that keeps a cache")
    if numbers.draft is not None:
        layers += layers_of(numbers.draft, Numbers(numbers.hosts, numbers.fp8))
    return tuple(_merged(layers))


def _merged(layers: list[Layer]) -> list[Layer]:
    """Layers with the same cache counted together: a draft's are often like the model's."""
    counts: Counter[tuple[Kind, int, int, int]] = Counter()
    for layer in layers:
        counts[layer.kind, layer.token_bytes, layer.window, layer.state_bytes] += layer.count
    return [
        Layer(kind, count, token, window, state) for (kind, token, window, state), count in counts.items()
    ]


def _layer(config: ModelConfig, numbers: Numbers, kind: Kind, count: int) -> Layer:
    if kind == "state":
        return Layer(kind, count, state_bytes=state_bytes(config, numbers.hosts, numbers.draft_tokens))
    if kind == "sliding":
        window = config.number("sliding_window", "attention_chunk_size")
        if not window:
            raise UnknownLayout("config.json has sliding layers but no sliding_window")
        return Layer(kind, count, _token_bytes(config, numbers, sliding=True), window=window)
    return Layer(kind, count, _token_bytes(config, numbers, sliding=False))


def _kinds(config: ModelConfig) -> list[Kind]:
    """The kind of each layer that keeps a cache of its own."""
    if config.architecture.startswith(UNKNOWN_LAYOUTS):
        raise UnknownLayout(f"the caches of {config.architecture} follow rules its config does not tell")
    total = config.number("num_hidden_layers", "n_layer", "num_layers")
    named = _named_layers(config)
    if not named and not total:
        raise UnknownLayout("config.json has no num_hidden_layers")
    if total > MOST_LAYERS:
        raise UnknownLayout(f"config.json names {total} layers")
    if strange := sorted(set(named) - set(KINDS)):
        raise UnknownLayout(f"layers of the kind {strange[0][:40]!r} are not known here")
    kinds = [KINDS[name] for name in named] or _by_pattern(config, total)
    shared = config.number("num_kv_shared_layers")
    own = kinds[: len(kinds) - shared] if shared < len(kinds) else kinds
    return [kind for kind in own if kind]


def _named_layers(config: ModelConfig) -> tuple[str, ...]:
    """The kinds as the config lists them, one word or letter a layer."""
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        return tuple(pattern[:MOST_LAYERS])
    return (config.words("layer_types") or config.words("layers_block_type"))[:MOST_LAYERS]


def _by_pattern(config: ModelConfig, total: int) -> list[Kind | None]:
    """The kinds where only an interval is told: every n-th layer sees everything."""
    if interval := config.number("full_attention_interval"):
        return ["full" if (index + 1) % interval == 0 else "state" for index in range(total)]
    if has_state(config):
        raise UnknownLayout("config.json does not say which layers keep a state")
    window = config.number("sliding_window")
    # Qwen 2 carries a window that it does not use.
    if not window or config.get("use_sliding_window") is False:
        return ["full"] * total
    if interval := config.number("sliding_window_pattern", "_sliding_window_pattern"):
        return ["full" if (index + 1) % interval == 0 else "sliding" for index in range(total)]
    return ["sliding"] * total


def _token_bytes(config: ModelConfig, numbers: Numbers, *, sliding: bool) -> int:
    """Bytes of one token in one layer of one host."""
    if latent := config.number("kv_lora_rank"):
        return _latent_bytes(config, latent, numbers)
    heads, width = _heads(config, sliding=sliding)
    values = config.number("v_head_dim", default=width)
    return math.ceil(heads / numbers.hosts) * (width + values) * numbers.value_bytes


def _heads(config: ModelConfig, *, sliding: bool) -> tuple[int, int]:
    """Heads with keys and values, and the width of one."""
    queries = config.number("num_attention_heads", "n_head")
    heads = config.number("num_key_value_heads", default=queries)
    width = config.number("head_dim") or config.number("hidden_size", "n_embd") // max(queries, 1)
    if sliding:
        heads = config.number("swa_num_key_value_heads", default=heads)
        width = config.number("swa_head_dim", default=width)
    else:
        # Gemma 4: the layers that see everything have fewer and wider heads.
        heads = config.number("num_global_key_value_heads", default=heads)
        width = config.number("global_head_dim", default=width)
    if not heads or not width:
        raise UnknownLayout("config.json does not tell the number and width of the attention heads")
    return heads, width


def _latent_bytes(config: ModelConfig, latent: int, numbers: Numbers) -> int:
    """Multi-head latent attention: one compressed vector a token, whole on every host."""
    width = latent + config.number("qk_rope_head_dim")
    index = config.number("index_head_dim")
    if not index:
        return width * numbers.value_bytes
    # Sparse attention keeps FP8 index keys with a scale of four bytes for each 128 of them; its FP8
    # latent has scales as well and a 16-bit rope part.
    sparse = latent + 4 * math.ceil(latent / 128) + 2 * config.number("qk_rope_head_dim")
    return (sparse if numbers.fp8 else 2 * width) + index + 4 * math.ceil(index / 128)
