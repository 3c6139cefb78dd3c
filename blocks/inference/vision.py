"""What a model that sees needs: a cap on images, and steps large enough for one (pure)."""

from collections.abc import Mapping
from typing import Any

from blocks.flags import text_of
from blocks.inference.reasoned import Reasoned
from blocks.model_files import ModelConfig, whole

IMAGES = 4
"""Pictures in one request: each of the largest size is profiled at the start and takes memory."""

IMAGE_TOKENS = 4096
"""Tokens of the largest picture, about 2000 x 2000 pixels with patches of 16; Qwen's own limit is 16,384."""

SEES_BY_PIXELS = ("Qwen2VL", "Qwen2_5_VL", "Qwen3VL", "Qwen3_5", "Qwen4Exp")
"""Architectures whose pictures take tokens by their size, up to `max_pixels`."""


def sees(config: ModelConfig) -> bool:
    """Whether the model takes pictures."""
    return bool(config.part("vision_config"))


def image_tokens(config: ModelConfig) -> int:
    """Tokens of the largest picture; 0 when the config does not tell."""
    vision = config.part("vision_config")
    if not vision:
        return 0
    if config.architecture.startswith(SEES_BY_PIXELS):
        return IMAGE_TOKENS
    fixed = config.number("mm_tokens_per_image", "vision_soft_tokens_per_image", "image_seq_length")
    side, patch = whole(vision.get("image_size")), whole(vision.get("patch_size"))
    if fixed or not side or not patch:
        return fixed
    return (side // (patch * _merge(config, vision)) or 1) ** 2


def vision_values(config: ModelConfig) -> list[Reasoned]:
    """`--limit-mm-per-prompt`, and `--mm-processor-kwargs` where pictures take tokens by their size."""
    if not sees(config):
        return []
    films = bool(config.number("video_token_id", "video_token_index"))
    limit = text_of({"image": IMAGES, "video": 0} if films else {"image": IMAGES})
    most = f"{IMAGES} pictures a request and no film" if films else f"{IMAGES} pictures a request"
    why = f"it sees; {most}, as memory for the most is set aside at the start"
    values = [Reasoned("--limit-mm-per-prompt", limit, "config.json vision_config", "likely", why)]
    if config.architecture.startswith(SEES_BY_PIXELS):
        vision = config.part("vision_config")
        unit = (whole(vision.get("patch_size")) or 16) * _merge(config, vision)
        pixels = text_of({"max_pixels": IMAGE_TOKENS * unit**2})
        why = f"a picture takes at most {IMAGE_TOKENS:,} tokens; larger ones are made smaller"
        source = "config.json vision_config.patch_size"
        values.append(Reasoned("--mm-processor-kwargs", pixels, source, "likely", why))
    return values


def _merge(config: ModelConfig, vision: Mapping[str, Any]) -> int:
    """How many patches a side become one token."""
    return whole(vision.get("spatial_merge_size")) or config.number("spatial_merge_size", default=1)
