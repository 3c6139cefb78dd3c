"""What the arguments of a recipe say of its KV cache (pure)."""

import re
from dataclasses import dataclass
from decimal import Decimal

from blocks.flags import value_in
from blocks.kv_cache.budget import USUAL_STEP_TOKENS
from blocks.kv_cache.layers import Numbers, layers_of
from blocks.kv_cache.pool import STEPS_AT_ONCE, Pool, pool_of
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig, mapping, whole
from blocks.recipe import Recipe

WIDE = ("auto", "bfloat16", "float16")
SCALES = {"k": 10**3, "m": 10**6, "g": 10**9, "K": 2**10, "M": 2**20, "G": 2**30}
"""Endings vLLM reads: small letters by thousands, large ones by 1024."""


@dataclass(frozen=True)
class Launch:
    """
    The part of a launch that decides about its cache.

    Attributes:
        context: `--max-model-len`, else what the model was made for.
        fits_itself: The length is `auto`: vLLM takes the longest that fits.
        cache_bytes: `--kv-cache-memory-bytes`; 0 when the share decides.
    """

    pool: Pool
    context: int
    fits_itself: bool
    step_tokens: int
    cache_bytes: int


def launch_of(recipe: Recipe, config: ModelConfig) -> Launch:
    """The cache of a recipe's launch; `UnknownLayout` when config or arguments do not tell."""
    step = size_in(recipe.flag("--max-num-batched-tokens")) or USUAL_STEP_TOKENS
    tokens, layers = _draft(recipe)
    numbers = Numbers(recipe.hosts, _fp8(recipe, config), tokens, layers)
    caching = value_in(recipe.args, "--enable-prefix-caching") is not False
    pool = pool_of(layers_of(config, numbers), tokens, prefix_caching=caching, in_flight=STEPS_AT_ONCE * step)
    asked = recipe.flag("--max-model-len")
    longest = config.number("max_position_embeddings", "max_sequence_length", "seq_length", "n_positions")
    context = size_in(asked) or longest
    if not context:
        raise UnknownLayout("neither the recipe nor config.json tells the length of the context")
    cache = size_in(recipe.flag("--kv-cache-memory-bytes"))
    return Launch(pool, context, asked in ("auto", "-1"), step, cache)


def size_in(text: str | None) -> int:
    """A number as vLLM reads it ('131072', '128k' = 128,000, '128K' = 131,072); 0 when it is none."""
    match = re.fullmatch(r"(\d{1,18}(?:\.\d{1,9})?)([kmgKMG]?)", text or "")
    if not match:
        return 0
    return int(Decimal(match[1]) * SCALES.get(match[2], 1))


def _fp8(recipe: Recipe, config: ModelConfig) -> bool:
    kind = recipe.flag("--kv-cache-dtype") or "auto"
    if kind.startswith("fp8"):
        return True
    if kind not in WIDE:
        raise UnknownLayout(f"the size of a cache of the kind {kind[:40]!r} is not known here")
    scheme = mapping(config.part("quantization_config").get("kv_cache_scheme"))
    return kind == "auto" and whole(scheme.get("num_bits")) == 8


def _draft(recipe: Recipe) -> tuple[int, int]:
    """Tokens of the draft and the layers it adds; a separate draft model's layers are not known here."""
    settings = mapping(value_in(recipe.args, "--speculative-config"))
    tokens = min(whole(settings.get("num_speculative_tokens")), 64)
    own = str(settings.get("method", "")).endswith("mtp") and not settings.get("model")
    return tokens, int(bool(tokens and own))
