"""Whether a model brings a draft of its own (MTP) that makes it faster (pure)."""

from dataclasses import dataclass

from blocks.flags import text_of
from blocks.inference.families import Family
from blocks.inference.quantization import Quantization
from blocks.inference.reasoned import Reasoned
from blocks.model_files import ModelConfig, ModelFiles

FLAG = "--speculative-config"
KEYS = ("num_nextn_predict_layers", "mtp_num_hidden_layers", "num_mtp_modules", "mtp_num_layers")
ORIGINAL = ("BF16", "FP8", "MXFP4")
"""Formats that the maker of a model publishes itself, with the draft; later quantizations often drop it."""


@dataclass(frozen=True)
class Draft:
    """Tokens the draft proposes, and the layers it adds; both 0 when it is not used."""

    tokens: int
    layers: int
    value: Reasoned


def draft_of(config: ModelConfig, files: ModelFiles, family: Family, quantization: Quantization) -> Draft:
    """The model's own draft: used only where its weights are there by all that the files tell."""
    if not config.number(*KEYS):
        return _none("its config names no draft of its own")
    if not family.draft_tokens:
        return _none(f"vLLM 0.33 has no draft for {family.name} models, though the config names one")
    named = any("mtp" in str(name).lower() or "nextn" in str(name).lower() for name in files.files)
    if not named and quantization.name not in ORIGINAL:
        return _none("the config names a draft; whether this quantization kept its weights is not to be seen")
    settings: dict[str, str | int] = {"method": "mtp", "num_speculative_tokens": family.draft_tokens}
    if quantization.name == "NVFP4":
        # The draft's experts are kept in 16 bits, which Marlin does not take.
        settings["moe_backend"] = "triton"
    why = f"the model proposes {family.draft_tokens} tokens at once and checks them: faster, same answers"
    value = Reasoned(FLAG, text_of(settings), f"config.json {_key(config)}", "likely", why)
    # One layer is run again and again for each token it proposes.
    return Draft(family.draft_tokens, 1, value)


def _none(why: str) -> Draft:
    return Draft(0, 0, Reasoned(FLAG, "", "config.json", "likely", why))


def _key(config: ModelConfig) -> str:
    return next((key for key in KEYS if config.number(key)), KEYS[0])
