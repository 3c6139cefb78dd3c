"""Small configs in the shape of public models, written for these tests; sizes in GB."""

from dataclasses import dataclass
from typing import Any

from blocks.model_files import Machine, ModelFiles

TWO_SPARKS = Machine(memory_total_bytes=127_600_748 * 1024, hosts=2)
ONE_SPARK = Machine(memory_total_bytes=127_600_748 * 1024)

XML_TOOLS = "{% if thinking %}<think>{% endif %}<tool_call><function=name><parameter=key>"
JSON_TOOLS = "<tool_call>{{ call | tojson }}</tool_call>"

HYBRID: dict[str, Any] = {
    "num_hidden_layers": 40, "full_attention_interval": 4, "num_attention_heads": 16,
    "num_key_value_heads": 2, "head_dim": 256, "linear_num_value_heads": 32, "linear_num_key_heads": 16,
    "linear_key_head_dim": 128, "linear_value_head_dim": 128, "linear_conv_kernel_dim": 4,
    "mamba_ssm_dtype": "float32", "num_experts": 256, "max_position_embeddings": 262144,
    "mtp_num_hidden_layers": 1,
}  # fmt: skip

DENSE: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 80, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 128, "intermediate_size": 28672, "max_position_embeddings": 131072,
}  # fmt: skip

SPARSE: dict[str, Any] = {
    "architectures": ["MiniMaxM2ForCausalLM"], "num_hidden_layers": 62, "num_attention_heads": 48,
    "num_key_value_heads": 8, "head_dim": 128, "num_local_experts": 256, "max_position_embeddings": 196608,
    "use_mtp": True, "num_mtp_modules": 3,
}  # fmt: skip

LATENT: dict[str, Any] = {
    "architectures": ["Glm4MoeLiteForCausalLM"], "num_hidden_layers": 47, "num_attention_heads": 20,
    "num_key_value_heads": 20, "kv_lora_rank": 512, "qk_rope_head_dim": 64, "n_routed_experts": 64,
    "max_position_embeddings": 202752, "num_nextn_predict_layers": 1,
}  # fmt: skip

WINDOWS: dict[str, Any] = {
    "architectures": ["GptOssForCausalLM"], "num_hidden_layers": 36, "num_attention_heads": 64,
    "num_key_value_heads": 8, "head_dim": 64, "sliding_window": 128, "num_local_experts": 128,
    "layer_types": ["sliding_attention", "full_attention"] * 18, "max_position_embeddings": 131072,
    "quantization_config": {"quant_method": "mxfp4"},
}  # fmt: skip

GEMMA: dict[str, Any] = {
    "architectures": ["Gemma4ForConditionalGeneration"],
    "vision_config": {"patch_size": 16},
    "vision_soft_tokens_per_image": 280,
    "text_config": {
        "layer_types": (["sliding_attention"] * 5 + ["full_attention"]) * 5, "num_attention_heads": 16,
        "num_key_value_heads": 8, "head_dim": 256, "global_head_dim": 512, "num_global_key_value_heads": 2,
        "sliding_window": 1024, "num_experts": 128, "max_position_embeddings": 262144,
    },
}  # fmt: skip

MAMBA: dict[str, Any] = {
    "architectures": ["NemotronHForCausalLM"], "num_hidden_layers": 52,
    "hybrid_override_pattern": "MEMEM*E" + "MEMEM*E" * 5 + "MEMEMEMEME", "mamba_num_heads": 64,
    "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4,
    "num_attention_heads": 32, "num_key_value_heads": 2, "head_dim": 128, "n_routed_experts": 128,
    "max_position_embeddings": 262144, "auto_map": {"AutoConfig": "configuration.Config"},
}  # fmt: skip

NVFP4 = {
    "producer": {"name": "modelopt"},
    "quantization": {"quant_algo": "NVFP4", "kv_cache_quant_algo": "FP8"},
}
FP8 = {"quant_method": "fp8", "weight_block_size": [128, 128]}
INT4 = {
    "quant_method": "compressed-tensors",
    "format": "pack-quantized",
    "config_groups": {"group_0": {"weights": {"num_bits": 4, "type": "int"}, "input_activations": None}},
}
W4A16 = {"quant_method": "modelopt", "quant_algo": "W4A16_NVFP4", "group_size": 16}


@dataclass(frozen=True)
class Some:
    """A model and its files."""

    name: str
    files: ModelFiles


def some(name: str, config: dict[str, Any], gb: float, **more: Any) -> Some:
    files = more.pop("files", ("config.json", "model-00001-of-00002.safetensors"))
    return Some(f"org/{name}", ModelFiles(config, weights_bytes=int(gb * 1e9), files=files, **more))


SEEING = {
    "architectures": ["Qwen3_5MoeForConditionalGeneration"],
    "text_config": HYBRID,
    "vision_config": {"patch_size": 16, "spatial_merge_size": 2},
    "video_token_id": 248057,
}

MODELS = (
    some("hybrid-35b-nvfp4", SEEING, 22.5, quant=NVFP4, chat_template=XML_TOOLS),
    some("hybrid-35b-fp8", SEEING | {"quantization_config": FP8}, 37, chat_template=XML_TOOLS),
    some("windows-120b", WINDOWS, 65.2),
    some("latent-30b-int4", LATENT | {"quantization_config": INT4}, 18.5, chat_template="<arg_key> <think>"),
    some("gemma-26b-nvfp4", GEMMA | {"quantization_config": W4A16}, 18),
    some("mamba-30b-nvfp4", MAMBA, 19, quant=NVFP4, chat_template=XML_TOOLS),
    some(
        "dense-70b-fp8", DENSE | {"quantization_config": {"quant_method": "fp8"}}, 71, chat_template="plain"
    ),
    some("dense-70b-bf16", DENSE | {"dtype": "bfloat16"}, 141, chat_template=JSON_TOOLS),
    some("sparse-230b-int4", SPARSE | {"quantization_config": INT4}, 123),
    some("own-rules-158b", {"architectures": ["DeepseekV4ForCausalLM"], "quantization_config": FP8}, 158),
    some("sparse-671b-fp8", DENSE | {"architectures": ["DeepseekV3ForCausalLM"]}, 688),
    some("tiny-classifier", {"architectures": ["BertForSequenceClassification"]}, 0.4),
    some("removed-45b", {"architectures": ["Grok1ForCausalLM"]}, 45),
    some("chat-gguf", DENSE, 40, files=("config.json", "model-q4.gguf")),
    some("adapter", {}, 0.2, files=("adapter_config.json", "adapter_model.safetensors")),
    some("embedder", DENSE, 16, files=("modules.json", "1_Pooling/config.json", "model.safetensors")),
)
