"""Memory of a launch, computed from the recipe and the model's config before anything is stopped."""

import pytest

from blocks.kv_cache.launch import size_in
from blocks.recipe import Recipe
from tasks.arithmetic import MemoryNeed, doubts_of_fit, faults_of_fit, memory_need, room_of_fit
from tasks.checks.memory import GIB
from tests.blocks.inference.some_models import HYBRID, SPARSE, TWO_SPARKS

TOTAL = TWO_SPARKS.memory_total_bytes


def need_of(*args: str, config=SPARSE, gb: float = 123, hosts: int = 2) -> MemoryNeed:
    recipe = Recipe(key="model", model="org/model", hosts=hosts, args=list(args))
    return memory_need(recipe, config, int(gb * 1e9), TOTAL)


def test_the_start_that_failed_on_two_sparks_is_foreseen_as_tight():
    # vLLM had 22.5 GiB for the cache and said that it needed 23.25.
    need = need_of("--gpu-memory-utilization", "0.8", "--max-model-len", "196608")

    assert need.cache == pytest.approx(23.25)
    assert need.largest == pytest.approx(190272, rel=0.05)
    assert "lower --max-model-len to" in doubts_of_fit(need, "spark-1")[0]


def test_the_start_that_then_worked_is_not_doubted():
    need = need_of("--gpu-memory-utilization", "0.85", "--max-model-len", "196608")

    assert doubts_of_fit(need, "spark-1") == faults_of_fit(need, 120, "spark-1") == []
    assert need.parallel == pytest.approx(1.22, rel=0.05)
    assert "196,608 tokens take 23.2 GiB of cache" in room_of_fit(need)


@pytest.mark.parametrize(("share", "available"), [("0.72", 8.22), ("0.65", -0.39)])
def test_what_one_host_had_left_for_its_cache_is_met_within_half_a_gib(share: str, available: float):
    # Logged on a GB10 with 73.97 GiB of weights and steps of 2,048 tokens.
    args = ("--gpu-memory-utilization", share, "--max-num-batched-tokens", "2048")
    need = need_of(*args, config=HYBRID, gb=73.97 * GIB / 1e9, hosts=1)

    assert need.budget - need.weights - need.overhead == pytest.approx(available, abs=0.5)


def test_a_cache_that_cannot_fit_is_a_fault_with_the_way_out():
    faults = faults_of_fit(
        need_of("--gpu-memory-utilization", "0.6", "--max-model-len", "196608"), 120, "spark-1"
    )

    assert len(faults) == 1
    assert "one request of 196,608 tokens takes 23.2 GiB of cache on spark-1" in faults[0]
    assert "--max-model-len" in faults[0]


def test_a_length_that_vllm_chooses_itself_always_fits():
    need = need_of("--gpu-memory-utilization", "0.75", "--max-model-len", "auto")

    assert 0 < need.context == need.largest < 196608
    assert faults_of_fit(need, 120, "spark-1") == doubts_of_fit(need, "spark-1") == []


def test_a_cache_named_in_bytes_is_held_to_its_bytes():
    small = need_of("--kv-cache-memory-bytes", "20G", "--gpu-memory-utilization", "0.9")
    large = need_of("--kv-cache-memory-bytes", "24G", "--gpu-memory-utilization", "0.5")

    assert small.fixed
    assert "takes 23.2 GiB of cache" in faults_of_fit(small, 120, "spark-1")[0]
    assert not [fault for fault in faults_of_fit(large, 120, "spark-1") if "cache" in fault]


def test_an_fp8_cache_takes_half():
    assert need_of("--kv-cache-dtype", "fp8").cache == pytest.approx(need_of().cache / 2)


def test_a_draft_takes_a_layer_and_states_however_it_is_written():
    whole = need_of("--speculative-config", '{"method":"mtp","num_speculative_tokens":3}', config=HYBRID)
    dotted = need_of(
        "--speculative-config.method",
        "mtp",
        "--speculative_config.num_speculative_tokens",
        "3",
        config=HYBRID,
    )

    assert whole == dotted
    assert whole.cache > need_of(config=HYBRID).cache


def test_states_take_less_without_prefix_caching():
    without = need_of("--no-enable-prefix-caching", config=HYBRID)

    assert without.cache < need_of(config=HYBRID).cache


@pytest.mark.parametrize(
    ("args", "config", "why"),
    [
        (("--kv-cache-dtype", "nvfp4"), SPARSE, "'nvfp4'"),
        ((), {}, "num_hidden_layers"),
        ((), {"num_hidden_layers": 2, "num_attention_heads": 2, "head_dim": 8}, "length of the context"),
    ],
)
def test_what_cannot_be_computed_is_a_doubt_and_never_a_fault(args, config, why: str):
    need = need_of(*args, "--gpu-memory-utilization", "0.6", config=config)

    assert why in doubts_of_fit(need, "spark-1")[0]
    assert faults_of_fit(need, 120, "spark-1") == []
    assert room_of_fit(need) == ""


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("131072", 131072), ("128k", 128_000), ("128K", 131072), ("25.6k", 25_600), ("1m", 10**6),
        ("2G", 2 * GIB), ("auto", 0), ("-1", 0), ("", 0), (None, 0), ("many", 0),
    ],
)  # fmt: skip
def test_sizes_are_read_as_vllm_reads_them(text: str | None, size: int):
    assert size_in(text) == size
