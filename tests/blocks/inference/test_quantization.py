"""What the weights are kept in, by every shape in which the files say so."""

from typing import Any

import pytest

from blocks.inference.quantization import quantization_of
from blocks.model_files import ModelFiles


def compressed(bits: int, kind: str, form: str = "pack-quantized", **more: Any) -> dict[str, Any]:
    group = {"weights": {"num_bits": bits, "type": kind}} | more
    return {"quant_method": "compressed-tensors", "format": form, "config_groups": {"group_0": group}}


@pytest.mark.parametrize(
    ("quantized", "name"),
    [
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "NVFP4"),
        ({"quant_method": "modelopt", "quant_algo": "W4A16_NVFP4"}, "NVFP4"),
        ({"quant_method": "modelopt", "quant_algo": "FP8_PB_WO"}, "FP8"),
        ({"quant_method": "modelopt", "quant_algo": "MIXED_PRECISION"}, "mixed"),
        (compressed(4, "float", "nvfp4-pack-quantized"), "NVFP4"),
        (compressed(8, "float", "float-quantized"), "FP8"),
        (compressed(4, "int"), "INT4"),
        (compressed(8, "int", "int-quantized"), "INT8"),
        (compressed(4, "float", "mixed-precision"), "mixed"),
        ({"quant_method": "fp8", "weight_block_size": [128, 128]}, "FP8"),
        ({"quant_method": "awq", "bits": 4}, "AWQ"),
        ({"quant_method": "gptq", "bits": 4}, "GPTQ"),
        ({"quant_method": "mxfp4"}, "MXFP4"),
        ({"quant_method": "auto-round"}, "INT4 (auto-round)"),
    ],
)
def test_the_config_names_the_quantization(quantized: dict[str, Any], name: str):
    found = quantization_of(ModelFiles({"quantization_config": quantized}))

    assert (found.name, found.confidence) == (name, "sure")
    assert found.source.startswith("config.json")


def test_older_exports_say_it_in_a_file_of_their_own():
    older = {"producer": {"name": "someone else"}, "quantization": {"quant_algo": "NVFP4"}}

    found = quantization_of(ModelFiles({}, quant=older))

    assert (found.name, found.source) == ("NVFP4", "hf_quant_config.json quant_algo")


def test_the_config_wins_over_the_older_file():
    files = ModelFiles({"quantization_config": {"quant_method": "fp8"}}, quant={"quant_algo": "NVFP4"})

    assert quantization_of(files).name == "FP8"


def test_a_word_nobody_knows_is_passed_on_as_a_guess():
    found = quantization_of(ModelFiles({"quantization_config": {"quant_method": "new-thing"}}))

    assert (found.name, found.confidence) == ("new-thing", "guess")


@pytest.mark.parametrize(
    ("config", "confidence"),
    [({"torch_dtype": "bfloat16"}, "sure"), ({"dtype": "float16"}, "sure"), ({}, "likely")],
)
def test_nothing_said_means_sixteen_bits(config: dict[str, Any], confidence: str):
    found = quantization_of(ModelFiles(config))

    assert (found.name, found.confidence) == ("BF16", confidence)


@pytest.mark.parametrize(
    ("quantized", "weights_only"),
    [
        ({"quant_method": "modelopt", "quant_algo": "W4A16_NVFP4"}, True),
        (compressed(4, "float", "nvfp4-pack-quantized", input_activations=None), True),
        (compressed(4, "float", "nvfp4-pack-quantized", input_activations={"num_bits": 4}), False),
        (compressed(4, "float", "nvfp4-pack-quantized"), False),
    ],
)
def test_weights_alone_may_be_quantized(quantized: dict[str, Any], weights_only: bool):
    assert quantization_of(ModelFiles({"quantization_config": quantized})).weights_only is weights_only


@pytest.mark.parametrize(
    "files",
    [
        ModelFiles({}, quant={"quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"}}),
        ModelFiles(
            {
                "quantization_config": {
                    "quant_algo": "NVFP4",
                    "kv_cache_scheme": {"type": "float", "num_bits": 8},
                }
            }
        ),
    ],
)
def test_scales_for_an_fp8_cache_are_found_in_both_forms(files: ModelFiles):
    assert quantization_of(files).fp8_cache


def test_the_blocks_of_fp8_are_told():
    found = quantization_of(
        ModelFiles({"quantization_config": {"quant_method": "fp8", "weight_block_size": [128, 64]}})
    )

    assert found.block == 128
