"""Which models are not launched at all, and why (pure)."""

from blocks.inference.architectures import DROPPED, SERVED
from blocks.model_files import ModelConfig, ModelFiles

WEIGHTS = (".safetensors", ".bin", ".pt", ".pth")
SORTS = ("config_sentence_transformers.json", "1_Pooling/config.json")
"""Files that only embedding models have; their architecture is often that of a chat model."""


def refusal(config: ModelConfig, files: ModelFiles) -> str:
    """Why a model cannot be launched here, as a sentence; blank when it can."""
    named = config.architecture
    return _by_files(named, files) or _by_architecture(named)


def _by_files(named: str, files: ModelFiles) -> str:
    if files.files and not any(str(name).endswith(WEIGHTS) for name in files.files):
        return _without_weights(files)
    if "adapter_config.json" in files.files and not named:
        return "it is an adapter (LoRA), not a model: it needs the model it was trained on"
    if any(name in SORTS for name in files.files):
        return "it is an embedding model: it searches text and does not chat"
    if not named:
        return "its config.json names no architecture, so nothing is known of how to launch it"
    return ""


def _by_architecture(named: str) -> str:
    if named in SERVED:
        return ""
    if named in DROPPED:
        return f"vLLM 0.33 no longer serves {named}; an older image might"
    if any(word in named for word in ("Classification", "Embedding", "Reward", "Ranking", "Retrieval")):
        return f"{named} does not chat: it sorts or searches text, which is a service's work"
    return f"vLLM 0.33 has no chat model of the architecture {named[:80]}"


def _without_weights(files: ModelFiles) -> str:
    if any(str(name).endswith(".gguf") for name in files.files):
        return "its weights are in GGUF form, which vLLM serves badly: choose a safetensors version"
    return "there is no weight file in its folder"
