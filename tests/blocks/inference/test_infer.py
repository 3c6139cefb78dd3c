"""From a model's files to a recipe: what is set, what is left out, and what is refused."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blocks.flags import parse
from blocks.inference.infer import Inferred, expected_seconds, infer
from blocks.inference.reasoned import Reasoned
from blocks.model_files import Machine, ModelFiles
from tasks.arithmetic import faults_of_fit, memory_need
from tests.blocks.inference.some_models import (
    DENSE,
    FP8,
    HYBRID,
    LATENT,
    MODELS,
    NVFP4,
    ONE_SPARK,
    SEEING,
    SPARSE,
    TWO_SPARKS,
    W4A16,
    Some,
    some,
)
from tests.blocks.inference.table import table

ROOT = Path(__file__).parents[3]
CAPTURED = os.environ.get("SPARK_CAPTURED", "")
"""A folder of captured config files (config-*.json); they are not ours to ship."""


def value(found: Inferred, name: str) -> Reasoned:
    return next(each for each in found.values if each.field == name)


def inferred(config: dict[str, Any], gb: float = 20, machine: Machine = TWO_SPARKS, **more: Any) -> Inferred:
    model = some("model", config, gb, **more)
    return infer(model.name, model.files, machine)


def test_the_reference_shows_what_is_inferred():
    page = (ROOT / "docs" / "reference" / "inference.md").read_text(encoding="utf-8")

    assert table() in page, "print it anew: python -m tests.blocks.inference.table"


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_inferred_recipe_is_launchable_and_fits(model: Some):
    found = infer(model.name, model.files, TWO_SPARKS)

    assert (found.recipe is None) == bool(found.refused)
    if found.recipe is not None:
        assert parse(found.recipe.args)
        total = TWO_SPARKS.memory_total_bytes
        need = memory_need(found.recipe, model.files.config, model.files.weights_bytes, total)
        assert not faults_of_fit(need, 110, "spark-1")
        assert need.largest == need.context


def test_every_value_says_where_it_comes_from_and_why():
    for model in MODELS:
        for each in infer(model.name, model.files, TWO_SPARKS).values:
            assert each.source
            assert each.reason


def test_a_model_that_fits_on_one_host_stays_there():
    found = inferred(SPARSE, gb=60)

    assert found.recipe is not None
    assert found.recipe.hosts == 1


def test_a_model_too_large_for_one_host_goes_to_two_and_is_refused_where_there_is_one():
    assert value(inferred(SPARSE, gb=123), "hosts").value == "2"

    alone = inferred(SPARSE, gb=123, machine=ONE_SPARK)
    assert alone.recipe is None
    assert "115 GiB on one host" in alone.refused


def test_heads_that_cannot_be_divided_are_the_reason_of_a_refusal():
    found = inferred(SPARSE | {"num_attention_heads": 49}, gb=123)

    assert "49 num_attention_heads cannot be divided among 2 hosts" in found.refused


def test_fp8_blocks_that_cannot_be_divided_are_the_reason_of_a_refusal():
    found = inferred(SPARSE | {"intermediate_size": 128, "quantization_config": FP8}, gb=123)

    assert "FP8 blocks of 128" in found.refused


def test_the_context_is_shortened_to_what_fits():
    found = inferred(DENSE, gb=71)

    length = value(found, "--max-model-len")
    assert 32768 <= int(length.value) < 131072
    assert "made for 131,072" in length.reason


def test_a_context_longer_than_most_need_is_left_to_the_operator():
    found = inferred(LATENT | {"max_position_embeddings": 1_048_576})

    assert value(found, "--max-model-len").value == "262144"


def test_a_cache_that_cannot_be_computed_makes_a_careful_guess():
    found = inferred({"architectures": ["DeepseekV4ForCausalLM"], "max_position_embeddings": 1_048_576})

    length = value(found, "--max-model-len")
    assert (length.value, length.confidence) == ("32768", "guess")


def test_the_length_may_stand_with_the_tokenizer():
    config = {key: given for key, given in DENSE.items() if key != "max_position_embeddings"}

    found = inferred(config, tokenizer_config={"model_max_length": 16384})

    assert value(found, "--max-model-len").value == "16384"


def test_memory_that_is_not_known_is_no_ground_to_guess():
    assert "not known yet" in inferred(DENSE, machine=Machine(0)).refused


def test_experts_in_nvfp4_run_through_marlin():
    found = inferred(SPARSE | {"quantization_config": W4A16})

    assert found.recipe is not None
    assert found.recipe.flag("--moe-backend") == "marlin"
    assert found.recipe.env == {"VLLM_MARLIN_USE_ATOMIC_ADD": "1"}
    assert value(found, "--moe-backend").confidence == "sure"


def test_other_experts_are_left_to_vllm_and_a_dense_model_has_none():
    assert value(inferred(SPARSE), "--moe-backend").value == ""
    assert "--moe-backend" not in {each.field for each in inferred(DENSE).values}


def test_an_fp8_cache_needs_scales_in_the_checkpoint():
    with_scales, without = inferred(HYBRID | SEEING, quant=NVFP4), inferred(HYBRID | SEEING)

    assert value(with_scales, "--kv-cache-dtype").value == "fp8"
    assert "--kv-cache-dtype" not in {each.field for each in without.values}


@pytest.mark.parametrize(
    ("more", "tokens"),
    [
        ({}, 3),
        ({"quant": NVFP4}, 0),
        ({"quant": NVFP4, "files": ("config.json", "model.safetensors", "model-mtp.safetensors")}, 3),
    ],
)
def test_a_draft_is_used_only_where_its_weights_are_there(more: dict[str, Any], tokens: int):
    draft = value(inferred(SEEING, **more), "--speculative-config").value

    assert (json.loads(draft)["num_speculative_tokens"] if draft else 0) == tokens


def test_a_family_gets_the_flags_that_all_its_recipes_set_and_each_once():
    found = inferred({"architectures": ["DeepseekV4ForCausalLM"]}, quant=NVFP4)

    assert found.recipe is not None
    assert found.recipe.flag("--block-size") == "256"
    assert found.recipe.args.count("--kv-cache-dtype") == 1


def test_pictures_are_capped_and_fit_into_one_step():
    found = inferred(SEEING)

    assert found.recipe is not None
    assert parse(found.recipe.args)["--mm-processor-kwargs"] == {"max_pixels": 4096 * 32 * 32}
    assert parse(found.recipe.args)["--limit-mm-per-prompt"] == {"image": 4, "video": 0}
    assert "picture of 4,096 tokens" in value(found, "--max-num-batched-tokens").reason
    assert "vision" in found.recipe.tags


def test_a_step_holds_at_least_one_picture_of_fixed_size():
    config = DENSE | {"vision_config": {"image_size": 1540, "patch_size": 14}}

    assert value(inferred(config), "--max-num-batched-tokens").value == "12288"


def test_a_step_holds_at_least_one_block_of_a_state():
    config = SEEING | {"text_config": HYBRID | {"linear_num_value_heads": 256}}

    assert value(inferred(config), "--max-num-batched-tokens").value == "9216"


@pytest.mark.parametrize("held", ["config", "tokenizer_config"])
def test_code_of_the_model_is_trusted_only_where_it_brings_some(held: str):
    files = some("model", DENSE, 20).files
    brings = replace(files, **{held: {**DENSE, "auto_map": {"AutoConfig": "x.Y"}}})

    assert value(infer("org/model", brings, TWO_SPARKS), "--trust-remote-code").value == "on"
    assert "--trust-remote-code" not in {each.field for each in infer("org/model", files, TWO_SPARKS).values}


def test_seconds_to_ready_grow_with_the_weights():
    assert expected_seconds(0, 1) == 150
    assert expected_seconds(60 * 1024**3, 1) == 390
    assert expected_seconds(120 * 1024**3, 2) == 510
    assert expected_seconds(10**15, 1) == 7200


@pytest.mark.skipif(not CAPTURED, reason="SPARK_CAPTURED names no folder of captured configs")
def test_captured_configs_are_understood():
    documents = {path.name: json.loads(path.read_bytes()) for path in Path(CAPTURED).glob("config-*.json")}

    found = {
        name: infer("org/model", ModelFiles(document, weights_bytes=10**10), TWO_SPARKS)
        for name, document in documents.items()
    }

    told = {name: (value(each, "quantization").value, not each.refused) for name, each in found.items()}
    assert told == {
        "config-awq-compressed-tensors-qwen3.json": ("INT4", True),
        "config-nvfp4-compressed-tensors-qwen3next.json": ("NVFP4", True),
        "config-nvfp4-modelopt-minimax-m2.json": ("NVFP4", True),
        "config-nvfp4-modelopt-w4a16.json": ("NVFP4", False),
    }
    assert "no architecture" in found["config-nvfp4-modelopt-w4a16.json"].refused
