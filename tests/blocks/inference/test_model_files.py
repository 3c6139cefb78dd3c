"""A model's files as a host tells them: the text of the settings, and the sizes of all."""

import json

import pytest

from blocks.model_files import ModelConfig, files_from, weights_in, whole


def test_settings_are_read_from_their_text():
    texts = {
        "config.json": '{"architectures": ["LlamaForCausalLM"]}',
        "hf_quant_config.json": '{"quantization": {"quant_algo": "NVFP4"}}',
        "tokenizer_config.json": '{"model_max_length": 4096}',
        "generation_config.json": "{}",
        "chat_template.jinja": "<tool_call>",
    }

    files = files_from(texts, {"config.json": 50, "model.safetensors": 1000})

    assert ModelConfig(files.config).architecture == "LlamaForCausalLM"
    assert (files.template, files.weights_bytes) == ("<tool_call>", 1000)
    assert files.quant == {"quantization": {"quant_algo": "NVFP4"}}


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "[" * 100_000])
def test_settings_that_cannot_be_read_count_as_absent(text: str):
    files = files_from({"config.json": text, "tokenizer_config.json": text}, {})

    assert (files.config, files.tokenizer_config) == ({}, None)


@pytest.mark.parametrize(
    "texts",
    [
        {"chat_template.json": json.dumps({"chat_template": "<think>"})},
        {"tokenizer_config.json": json.dumps({"chat_template": "<think>"})},
        {
            "tokenizer_config.json": json.dumps(
                {"chat_template": [{"name": "default", "template": "<think>"}]}
            )
        },
    ],
)
def test_a_template_is_found_wherever_it_stands(texts: dict[str, str]):
    assert files_from(texts, {}).template == "<think>"


def test_a_model_without_a_template_has_none():
    assert files_from({"tokenizer_config.json": "{}"}, {}).template is None


@pytest.mark.parametrize(
    ("sizes", "weights"),
    [
        ({"model-1.safetensors": 5, "model-2.safetensors": 7, "tokenizer.json": 3}, 12),
        ({"model.safetensors": 5, "original/model.safetensors": 5, "metal/model.bin": 5}, 5),
        ({"model.safetensors": 5, "consolidated.safetensors": 5}, 5),
        ({"consolidated.safetensors": 5}, 5),
        ({"model.safetensors": 5, "pytorch_model.bin": 5}, 5),
        ({"pytorch_model.bin": 6}, 6),
        ({"model.safetensors": -1}, 0),
        ({}, 0),
    ],
)
def test_weights_are_counted_once(sizes: dict[str, int], weights: int):
    assert weights_in(sizes) == weights


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (5, 5),
        (5.0, 5),
        (5.5, 0),
        (0, 0),
        (-1, 0),
        (True, 0),
        ("5", 0),
        (None, 0),
        (10**400, 0),
        (float("nan"), 0),
    ],
)
def test_a_size_is_a_whole_number_above_zero(value: object, number: int):
    assert whole(value) == number
