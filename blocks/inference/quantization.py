"""How the weights are quantized, from the files that say so and never from the name (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blocks.inference.reasoned import Confidence
from blocks.model_files import ModelFiles, mapping, whole

MODELOPT = {
    "NVFP4": "NVFP4", "W4A16_NVFP4": "NVFP4", "NVFP4_AWQ": "NVFP4", "MXFP4": "MXFP4", "MXFP8": "MXFP8",
    "FP8": "FP8", "FP8_PER_CHANNEL_PER_TOKEN": "FP8", "FP8_PB_WO": "FP8", "MIXED_PRECISION": "mixed",
    "W4A16_AWQ": "AWQ", "W8A16": "INT8", "W4A8_AWQ": "AWQ",
}  # fmt: skip
"""Words of ModelOpt's quant_algo (spark-tools.md 3.4)."""

METHODS = {
    "awq": "AWQ", "gptq": "GPTQ", "fp8": "FP8", "fbgemm_fp8": "FP8", "mxfp4": "MXFP4",
    "gpt_oss_mxfp4": "MXFP4", "auto-round": "INT4 (auto-round)", "intel/auto-round": "INT4 (auto-round)",
    "auto_round": "INT4 (auto-round)", "bitsandbytes": "INT4 (bitsandbytes)", "modelopt_fp4": "NVFP4",
    "deepseek_v4_fp8": "FP8", "nvfp4": "NVFP4",
}  # fmt: skip
"""Words of quant_method that say it all."""

FORMATS = {"nvfp4-pack-quantized": "NVFP4", "mxfp4-pack-quantized": "MXFP4", "mixed-precision": "mixed"}
"""Words of compressed-tensors' format that say it all; the others leave it to config_groups."""

KNOWN = {*MODELOPT.values(), *METHODS.values(), "INT4", "INT8"}


@dataclass(frozen=True)
class Quantization:
    """
    What the weights are kept in.

    Attributes:
        name: NVFP4, MXFP4, MXFP8, FP8, AWQ, GPTQ, INT4, INT8, mixed, BF16 without any, or the file's word.
        source: The file and key that says it.
        weights_only: The computation is done in 16 bits (W4A16).
        fp8_cache: The checkpoint brings scales for an FP8 KV cache.
        block: Width of the blocks that share a scale in both directions; 0 without such.
    """

    name: str
    source: str
    confidence: Confidence
    weights_only: bool = False
    fp8_cache: bool = False
    block: int = 0


def quantization_of(files: ModelFiles) -> Quantization:
    """The quantization; `config.json` wins over the older `hf_quant_config.json`."""
    for source, document in _documents(files):
        name, key = _named(document)
        if name:
            return Quantization(
                name,
                f"{source} {key}",
                "sure" if name in KNOWN else "guess",
                _weights_only(document),
                _fp8_cache(files),
                _block(document),
            )
    kept = mapping(files.config).get("dtype") or mapping(files.config).get("torch_dtype")
    if isinstance(kept, str) and kept in ("bfloat16", "float16", "float32"):
        return Quantization("BF16", "config.json dtype", "sure")
    return Quantization("BF16", "config.json without quantization_config", "likely")


def _documents(files: ModelFiles) -> list[tuple[str, Mapping[str, Any]]]:
    config = mapping(files.config)
    inner = mapping(config.get("text_config"))
    own = mapping(config.get("quantization_config")) or mapping(inner.get("quantization_config"))
    older = mapping(mapping(files.quant).get("quantization")) or mapping(files.quant)
    return [("config.json", own), ("hf_quant_config.json", older)]


def _named(document: Mapping[str, Any]) -> tuple[str, str]:
    """The quantization a document names, and the key that does; blanks when it names none."""
    algorithm, method = document.get("quant_algo"), document.get("quant_method")
    if isinstance(algorithm, str) and algorithm:
        return MODELOPT.get(algorithm.upper(), algorithm[:40]), "quant_algo"
    if not isinstance(method, str) or not method:
        return "", ""
    if method == "compressed-tensors":
        return _compressed(document)
    return METHODS.get(method.lower(), method[:40]), "quant_method"


def _compressed(document: Mapping[str, Any]) -> tuple[str, str]:
    """compressed-tensors: the format, else type and bits of the weights."""
    form = document.get("format")
    if isinstance(form, str) and form in FORMATS:
        return FORMATS[form], "format"
    for group in mapping(document.get("config_groups")).values():
        weights = mapping(mapping(group).get("weights"))
        bits, kind = whole(weights.get("num_bits")), weights.get("type")
        if kind == "float" and bits in (4, 8):
            return ("NVFP4" if bits == 4 else "FP8"), "config_groups"
        if kind == "int" and bits:
            return f"INT{bits}", "config_groups"
    return "compressed-tensors", "quant_method"


def _weights_only(document: Mapping[str, Any]) -> bool:
    if "A16" in str(document.get("quant_algo", "")).upper():
        return True
    groups = [mapping(group) for group in mapping(document.get("config_groups")).values()]
    return bool(groups) and all(
        "input_activations" in group and not group["input_activations"] for group in groups
    )


def _fp8_cache(files: ModelFiles) -> bool:
    """Whether any document brings scales for the cache: as a word (ModelOpt) or a scheme."""
    for _, document in _documents(files):
        if str(document.get("kv_cache_quant_algo", "")).upper() == "FP8":
            return True
        scheme = mapping(document.get("kv_cache_scheme"))
        if scheme.get("type") == "float" and whole(scheme.get("num_bits")) == 8:
            return True
    return False


def _block(document: Mapping[str, Any]) -> int:
    size = document.get("weight_block_size")
    return max((whole(side) for side in size), default=0) if isinstance(size, list) else 0
