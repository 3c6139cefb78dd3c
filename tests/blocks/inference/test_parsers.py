"""Which parsers read what a model writes."""

import pytest

from blocks.inference.families import BY_ARCHITECTURE, BY_TYPE, OTHER, family_of
from blocks.inference.parsers import REASONING_MARKS, TOOL_MARKS, reasoning_parser, tool_parser
from blocks.model_files import ModelConfig

TOOLS_OF_VLLM = (
    "deepseek_v3 deepseek_v31 deepseek_v32 deepseek_v4 deepseek_v41 ernie45 glm45 glm47 granite granite4 "
    "hermes hy_v3 hy_v4 kimi_k2 kimi_k3 lfm2 llama3_json llama4_pythonic mimo minimax_m2 minimax_m3 minicpm5 "
    "mistral olmo3 openai qwen3_xml seed_oss step3p5 step5 inkling gemma4 apertus"
)
REASONING_OF_VLLM = (
    "deepseek_r1 deepseek_v3 deepseek_v4 deepseek_v41 ernie45 gemma4 glm45 glm47 openai_gptoss granite hy_v3 "
    "hy_v4 kimi_k2 kimi_k3 mimo minimax_m2 minimax_m3 mistral nemotron_v3 olmo3 qwen3 seed_oss step3p5 step5 "
    "inkling"
)
"""Names that vLLM 0.33 registers (tool_parsers and reasoning packages), of those used here."""

FAMILIES = [family for _, family in BY_ARCHITECTURE] + [*BY_TYPE.values(), OTHER]


def test_every_named_parser_is_one_of_vllm():
    tools = {family.tools for family in FAMILIES} | {named for _, named in TOOL_MARKS}
    reasoning = {family.reasoning for family in FAMILIES} | {named for _, named in REASONING_MARKS}

    assert tools - {""} <= set(TOOLS_OF_VLLM.split())
    assert reasoning - {""} <= set(REASONING_OF_VLLM.split())


def test_no_beginning_of_an_architecture_hides_a_longer_one():
    beginnings = [beginning for beginning, _ in BY_ARCHITECTURE]

    hidden = [(a, b) for i, a in enumerate(beginnings) for b in beginnings[i + 1 :] if b.startswith(a)]
    assert not hidden


def tools_of(architecture: str, template: str | None, model_type: str = "") -> tuple[str, str]:
    config = ModelConfig({"architectures": [architecture], "model_type": model_type})
    value = tool_parser(family_of(config), template)[-1]
    return value.value, value.confidence


@pytest.mark.parametrize(
    ("architecture", "template", "expected"),
    [
        ("Qwen3MoeForCausalLM", "<tool_call>{json}", ("hermes", "sure")),
        ("Qwen3MoeForCausalLM", "<tool_call><function=x><parameter=y>", ("qwen3_xml", "sure")),
        ("Qwen3MoeForCausalLM", None, ("hermes", "likely")),
        ("Qwen3_5ForCausalLM", "<tool_call><function=x><parameter=y>", ("qwen3_xml", "sure")),
        ("GptOssForCausalLM", None, ("openai", "likely")),
        ("GptOssForCausalLM", "<|channel|> <|call|>", ("openai", "sure")),
        ("Glm4MoeForCausalLM", "<tool_call>{function-name}<arg_key>", ("glm47", "sure")),
        ("Glm4MoeForCausalLM", "<tool_call>{function-name}\n<arg_key>", ("glm45", "sure")),
        ("Glm4MoeLiteForCausalLM", "<arg_key>", ("glm47", "sure")),
        ("HYV3ForCausalLM", "<tool_calls><tool_call>", ("hy_v3", "likely")),
        ("LlamaForCausalLM", "<|python_tag|>", ("llama3_json", "sure")),
        ("LlamaForCausalLM", "<tool_call>", ("hermes", "sure")),
        ("LlamaForCausalLM", "hello", ("", "likely")),
        ("Qwen3ForCausalLM", "hello", ("", "likely")),
        ("MistralForCausalLM", "[TOOL_CALLS]", ("mistral", "sure")),
        ("SomethingNew", None, ("", "likely")),
    ],
)
def test_the_template_decides_where_a_family_writes_in_several_ways(architecture, template, expected):
    assert tools_of(architecture, template) == expected


def test_a_family_that_borrows_an_architecture_is_known_by_its_type():
    assert tools_of("DeepseekV3ForCausalLM", None, "kimi_k2") == ("kimi_k2", "likely")


def test_the_parser_never_comes_without_the_switch_that_it_needs():
    flags = [value.field for value in tool_parser(OTHER, "<tool_call>") if value.args]

    assert flags == ["--enable-auto-tool-choice", "--tool-call-parser"]
    assert not [value for value in tool_parser(OTHER, "none") if value.args]


@pytest.mark.parametrize(
    ("architecture", "template", "expected"),
    [
        ("Qwen3ForCausalLM", "<think>", ("qwen3", "sure")),
        ("Qwen3ForCausalLM", "an instruct model", ("", "likely")),
        ("Qwen3ForCausalLM", None, ("qwen3", "guess")),
        ("Qwen2ForCausalLM", "<think>", ("deepseek_r1", "likely")),
        ("GptOssForCausalLM", None, ("openai_gptoss", "sure")),
        ("MistralForCausalLM", "[THINK]", ("mistral", "sure")),
        ("SomethingNew", None, ("", "likely")),
    ],
)
def test_a_reasoning_parser_is_given_to_models_that_reason(architecture, template, expected):
    value = reasoning_parser(family_of(ModelConfig({"architectures": [architecture]})), template)

    assert (value.value, value.confidence) == expected
