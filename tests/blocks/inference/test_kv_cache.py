"""The size of a KV cache, held against what real starts of vLLM logged for the same shapes."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from blocks.kv_cache.layers import Layer, Numbers, layers_of
from blocks.kv_cache.pool import Pool, pool_of
from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig
from tests.blocks.inference.some_models import DENSE, HYBRID, LATENT, SPARSE, WINDOWS

GIB = 1024**3

HYBRID_27B = HYBRID | {
    "num_hidden_layers": 64, "num_attention_heads": 24, "num_key_value_heads": 4,
    "linear_num_value_heads": 48,
}  # fmt: skip
DENSE_8B = DENSE | {"num_hidden_layers": 32, "num_attention_heads": 32, "hidden_size": 4096}
ONE_LAYER = ModelConfig(DENSE_8B | {"num_hidden_layers": 1})
SPARSE_LATENT = {"num_hidden_layers": 78, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "index_head_dim": 128}
TWO_KINDS = {
    "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 10, "num_attention_heads": 32,
    "num_key_value_heads": 16, "head_dim": 256, "global_head_dim": 512, "num_global_key_value_heads": 4,
    "sliding_window": 1024,
}  # fmt: skip
MANY_HEADS = {"num_hidden_layers": 94, "num_attention_heads": 64, "num_key_value_heads": 4, "head_dim": 128}


@dataclass(frozen=True)
class Start:
    """A start that was logged: GiB available, length of a request, and the tokens vLLM said it holds."""

    config: dict[str, Any]
    numbers: Numbers
    gib: float
    longest: int
    logged: int
    off: float = 0.0
    settings: dict[str, Any] = field(default_factory=dict)


STARTS = {
    "hybrid 35B, FP8 cache": Start(HYBRID, Numbers(1, fp8=True), 5.98, 131072, 567_978),
    "hybrid 27B on two, FP8 cache": Start(HYBRID_27B, Numbers(2, fp8=True), 4.99, 131072, 302_921),
    "hybrid 27B on two, with its draft": Start(
        HYBRID_27B, Numbers(2, fp8=True, draft_tokens=3, draft_layers=1), 5.33, 262144, 300_220
    ),
    "hybrid 27B, draft, no prefix caching": Start(
        HYBRID_27B,
        Numbers(draft_tokens=1, draft_layers=1),
        17.25,
        131072,
        255_975,
        settings={"prefix_caching": False},
    ),
    "dense 8B with a draft model": Start(
        DENSE_8B, Numbers(draft_tokens=3, draft=ONE_LAYER), 51.63, 131072, 410_128
    ),
    "sparse latent attention on eight": Start(SPARSE_LATENT, Numbers(8), 32.06, 202752, 343_744, off=0.0002),
    "230B on two Sparks": Start(SPARSE, Numbers(2), 28.74, 196608, 240_816, off=0.01),
    "235B on four": Start(MANY_HEADS, Numbers(4), 8.11, 40960, 178_880, off=0.012),
    "windows and wide global heads on two": Start(
        TWO_KINDS, Numbers(2), 10.12, 163840, 169_314, off=0.003, settings={"in_flight": 8192}
    ),
}


def pool_for(config: dict[str, Any], numbers: Numbers, **settings: Any) -> Pool:
    return pool_of(layers_of(ModelConfig(config), numbers), numbers.draft_tokens, **settings)


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_the_cache_holds_what_vllm_logged(start: Start):
    pool = pool_for(start.config, start.numbers, **start.settings)

    tokens = pool.tokens(int(start.gib * GIB), start.longest)

    assert tokens == pytest.approx(start.logged, rel=start.off, abs=0.5)


def test_one_request_of_a_model_on_two_sparks_needs_what_vllm_said_it_lacked():
    # 'needs 23.25 GiB … available 22.5 … estimated maximum model length 190272' (both rounded by vLLM)
    pool = pool_for(SPARSE, Numbers(2))

    assert pool.bytes_for(196608) / GIB == pytest.approx(23.25)
    assert pool.largest_context(int(22.5 * GIB), 196608) == pytest.approx(190272, rel=0.0002)


def test_an_older_vllm_counted_one_group_of_a_hybrid_only():
    # Up to 0.21 'GPU KV cache size' was blocks // groups x tokens of a block: 1,253,392 for 52.66 GiB.
    pool = pool_for(HYBRID, Numbers(fp8=True, draft_tokens=2, draft_layers=1))

    blocks = int(52.66 * GIB) // pool.block_bytes
    assert blocks // len(pool.groups) * pool.block_tokens == 1_253_392


def test_blocks_of_a_hybrid_are_as_large_as_its_state():
    # 'Setting attention block size to 1568 tokens', logged for this shape on two GPUs with an FP8 cache
    assert pool_for(HYBRID_27B, Numbers(2, fp8=True)).block_tokens == 1568


@pytest.mark.parametrize(("hosts", "heads"), [(1, 4), (2, 2), (4, 1), (8, 1)])
def test_heads_are_divided_among_hosts_and_repeated_when_there_are_too_few(hosts: int, heads: int):
    (layer,) = layers_of(ModelConfig(MANY_HEADS), Numbers(hosts))

    assert layer.token_bytes == heads * 2 * 128 * 2


def test_a_latent_is_whole_on_every_host_and_half_in_fp8():
    sizes = [
        layers_of(ModelConfig(LATENT), numbers)[0].token_bytes
        for numbers in (Numbers(1), Numbers(2), Numbers(1, fp8=True))
    ]

    assert sizes == [1152, 1152, 576]


def test_a_sliding_window_does_not_grow_with_the_request():
    pool = pool_for(WINDOWS, Numbers())

    short, long = pool.bytes_for(65536), pool.bytes_for(131072)
    # 18 layers that see everything with 8 heads of 64, keys and values, in 16 bits
    assert long - short == 65536 * 18 * 2 * 8 * 64 * 2


def layers_in_words(layers: tuple[Layer, ...]) -> str:
    names = {"full": "full attention", "sliding": "sliding window", "state": "state"}
    return ", ".join(f"{layer.count} {names[layer.kind]}" for layer in layers)


def test_layers_that_share_their_cache_are_not_counted():
    config = ModelConfig(TWO_KINDS | {"num_kv_shared_layers": 20})

    assert layers_in_words(layers_of(config, Numbers())) == "34 sliding window, 6 full attention"


def test_a_window_that_is_not_used_does_not_count():
    config = ModelConfig(DENSE | {"sliding_window": 4096, "use_sliding_window": False})

    assert [layer.kind for layer in layers_of(config, Numbers())] == ["full"]


@pytest.mark.parametrize(
    ("config", "lacks"),
    [
        ({}, "num_hidden_layers"),
        ({"num_hidden_layers": 10}, "heads"),
        ({"num_hidden_layers": 99999}, "99999 layers"),
        ({"architectures": ["DeepseekV4ForCausalLM"]}, "rules its config does not tell"),
        ({"layer_types": ["full_attention", "dreams"]}, "'dreams'"),
        (
            {"layer_types": ["sliding_attention"], "num_attention_heads": 4, "head_dim": 8},
            "no sliding_window",
        ),
        ({"hybrid_override_pattern": "M", "mamba_num_heads": 2}, "Mamba"),
        ({"layer_types": ["linear_attention"], "linear_num_value_heads": 2}, "linear attention"),
        ({"num_hidden_layers": 4, "ssm_state_size": 8}, "which layers"),
        ({"layers_block_type": ["moe", "mlp"]}, "no layer that keeps a cache"),
    ],
)
def test_a_config_that_does_not_tell_says_what_it_lacks(config: dict[str, Any], lacks: str):
    with pytest.raises(UnknownLayout, match=lacks):
        layers_of(ModelConfig(config), Numbers())


def test_a_model_of_states_only_takes_the_same_for_any_length():
    pool = pool_of((Layer("state", 24, state_bytes=1000),))

    assert pool.bytes_for(10) == pool.bytes_for(100_000) == 48_000


def test_nothing_fits_into_nothing():
    pool = pool_for(DENSE, Numbers())

    assert (pool.largest_context(0, 4096), pool.parallel(-5, 4096)) == (0, 0)
