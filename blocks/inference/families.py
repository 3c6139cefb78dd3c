"""What is known of each family of models: its parsers in vLLM 0.33, and its own draft (pure)."""

from dataclasses import dataclass

from blocks.model_files import ModelConfig


@dataclass(frozen=True)
class Family:
    """
    Models that are launched alike.

    Attributes:
        tools: Name of the tool-call parser; blank: only the chat template can tell.
        reasoning: Name of the reasoning parser for those that reason; blank: none is known.
        always: It always reasons, whatever its template says.
        draft_tokens: Tokens its own draft (MTP) proposes well; 0: vLLM has no such draft for it.
        needs: Flags and values without which it does not run well on this GPU.
    """

    name: str
    tools: str = ""
    reasoning: str = ""
    always: bool = False
    draft_tokens: int = 0
    needs: tuple[tuple[str, str], ...] = ()


OTHER = Family("other")

DENOISING = (("--attention-backend", "TRITON_ATTN"), ("--diffusion-config", '{"canvas_length":256}'))
COMPRESSED = (("--block-size", "256"), ("--kv-cache-dtype", "fp8"))
"""What all of the launcher's recipes for the family set."""

BY_TYPE = {
    "kimi_k2": Family("Kimi K2", "kimi_k2", "kimi_k2"),
}
"""Families that borrow another one's architecture."""

BY_ARCHITECTURE: tuple[tuple[str, Family], ...] = (
    ("Qwen3_5", Family("Qwen 3.5 and later", "qwen3_xml", "qwen3", draft_tokens=3)),
    ("Qwen4Exp", Family("Qwen 4", "qwen3_xml", "qwen3", draft_tokens=3)),
    ("Qwen3Next", Family("Qwen 3 Next", "hermes", "qwen3", draft_tokens=2)),
    ("Qwen3", Family("Qwen 3", "hermes", "qwen3")),
    ("Qwen2", Family("Qwen 2", "", "")),
    ("Glm5Next", Family("GLM 5.3", "glm47", "glm47", draft_tokens=1)),
    ("GlmMoeDsa", Family("GLM 5", "glm47", "glm45", draft_tokens=1)),
    ("Glm4MoeLite", Family("GLM 4.7 Flash", "glm47", "glm47", draft_tokens=1)),
    ("Glm4Moe", Family("GLM 4.5 to 4.7", "glm45", "glm45", draft_tokens=1)),
    ("GptOss", Family("gpt-oss", "openai", "openai_gptoss", always=True)),
    ("MiniMaxM3", Family("MiniMax M3", "minimax_m3", "minimax_m3", always=True, draft_tokens=1)),
    ("MiniMaxM2", Family("MiniMax M2", "minimax_m2", "minimax_m2", always=True)),
    ("DeepseekV41", Family("DeepSeek V4.1", "deepseek_v41", "deepseek_v41", always=True, needs=COMPRESSED)),
    (
        "DeepseekV4",
        Family("DeepSeek V4", "deepseek_v4", "deepseek_v4", always=True, draft_tokens=2, needs=COMPRESSED),
    ),
    ("DeepseekV32", Family("DeepSeek V3.2", "deepseek_v32", "deepseek_v3", draft_tokens=1)),
    ("DeepseekV3", Family("DeepSeek V3", "", "deepseek_v3", draft_tokens=1)),
    ("NemotronH", Family("Nemotron 3", "qwen3_xml", "nemotron_v3", draft_tokens=1)),
    ("DiffusionGemma", Family("Diffusion Gemma", "gemma4", "gemma4", always=True, needs=DENOISING)),
    ("Gemma4", Family("Gemma 4", "gemma4", "gemma4", always=True)),
    ("Gemma3", Family("Gemma 3", "", "")),
    ("KimiK3", Family("Kimi K3", "kimi_k3", "kimi_k3", draft_tokens=1)),
    ("KimiK25", Family("Kimi K2.5", "kimi_k2", "kimi_k2")),
    ("MistralLarge3", Family("Mistral", "mistral", "mistral")),
    ("Mistral3", Family("Mistral", "mistral", "mistral")),
    ("Ministral3", Family("Mistral", "mistral", "mistral")),
    ("Mistral", Family("Mistral", "", "mistral")),
    ("Step5", Family("Step 5", "step5", "step5", draft_tokens=1)),
    ("Step3p", Family("Step 3.5 and 3.7", "step3p5", "step3p5", draft_tokens=1)),
    ("SeedOss", Family("Seed OSS", "seed_oss", "seed_oss")),
    ("HYV4", Family("Hunyuan V4", "hy_v4", "hy_v4", draft_tokens=1)),
    ("HYV3", Family("Hunyuan V3", "hy_v3", "hy_v3", draft_tokens=1)),
    ("MiMo", Family("MiMo", "mimo", "mimo", draft_tokens=1)),
    ("Ernie4_5", Family("Ernie 4.5", "ernie45", "ernie45", draft_tokens=1)),
    ("Inkling", Family("Inkling", "inkling", "inkling", draft_tokens=1)),
    ("GraniteMoeHybrid", Family("Granite 4", "granite4", "granite")),
    ("Granite", Family("Granite", "granite", "granite")),
    ("Llama4", Family("Llama 4", "llama4_pythonic", "")),
    ("Llama", Family("Llama", "", "")),
    ("Lfm2", Family("LFM 2", "lfm2", "")),
    ("Olmo3", Family("Olmo 3", "olmo3", "olmo3")),
    ("Apertus", Family("Apertus", "apertus", "")),
)
"""By the beginning of the architecture, the longer ones first (spark-tools.md 2.1; parsers of vLLM 0.33)."""


def family_of(config: ModelConfig) -> Family:
    """The family of a model; `OTHER` when nothing is known of it."""
    if config.model_type in BY_TYPE:
        return BY_TYPE[config.model_type]
    for beginning, family in BY_ARCHITECTURE:
        if config.architecture.startswith(beginning):
            return family
    return OTHER
