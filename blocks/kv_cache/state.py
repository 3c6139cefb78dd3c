"""The constant state a Mamba or linear-attention layer keeps for one sequence (pure)."""

import math

from blocks.kv_cache.unknown import UnknownLayout
from blocks.model_files import ModelConfig

FLOAT_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2}


def has_state(config: ModelConfig) -> bool:
    """Whether some layers keep a state instead of keys and values."""
    return bool(config.number("linear_num_value_heads", "mamba_num_heads", "mamba_n_heads", "ssm_state_size"))


def state_bytes(config: ModelConfig, hosts: int, draft_tokens: int) -> int:
    """Bytes of one sequence's state in one layer of one host; `UnknownLayout` without its sizes."""
    if config.number("linear_num_value_heads"):
        channels, cells = _delta_net(config)
    else:
        channels, cells = _mamba2(config)
    kernel = config.number("linear_conv_kernel_dim", "conv_kernel", "mamba_d_conv", default=4)
    convolution = channels * (kernel - 1 + draft_tokens) * 2
    return math.ceil((convolution + cells * _cell_bytes(config)) / hosts)


def _delta_net(config: ModelConfig) -> tuple[int, int]:
    """Channels of the convolution and cells of the recurrent state (Qwen 3 Next, Qwen 3.5 and later)."""
    values, keys = config.number("linear_num_value_heads"), config.number("linear_num_key_heads")
    wide, deep = config.number("linear_value_head_dim"), config.number("linear_key_head_dim")
    if not (keys and wide and deep):
        raise UnknownLayout("config.json does not tell the sizes of the linear attention")
    return 2 * keys * deep + values * wide, values * wide * deep


def _mamba2(config: ModelConfig) -> tuple[int, int]:
    """Channels of the convolution and cells of the recurrent state (Nemotron H, Granite 4)."""
    heads = config.number("mamba_num_heads", "mamba_n_heads")
    width = config.number("mamba_head_dim", "mamba_d_head")
    size = config.number("ssm_state_size", "mamba_d_state")
    groups = config.number("n_groups", "mamba_n_groups", default=1)
    if not (heads and width and size):
        raise UnknownLayout("config.json does not tell the sizes of the Mamba layers")
    return heads * width + 2 * groups * size, heads * width * size


def _cell_bytes(config: ModelConfig) -> int:
    named = config.get("mamba_ssm_dtype") or config.get("mamba_ssm_cache_dtype")
    return FLOAT_BYTES.get(named, 2) if isinstance(named, str) else 2
