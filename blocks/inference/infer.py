"""From a model's files and the cluster to a recipe, each value with its reason (pure)."""

from dataclasses import dataclass

from blocks.inference.draft import draft_of
from blocks.inference.families import OTHER, Family, family_of
from blocks.inference.parsers import reasoning_parser, tool_parser
from blocks.inference.placement import DoesNotFit, Load, Placement, place, placement_values
from blocks.inference.quantization import Quantization, quantization_of
from blocks.inference.reasoned import ON, Confidence, Reasoned
from blocks.inference.refusal import refusal
from blocks.inference.vision import sees, vision_values
from blocks.kv_cache.budget import GIB
from blocks.model_files import Machine, ModelConfig, ModelFiles, mapping
from blocks.recipe import Recipe, key_for

LOAD_RATE = GIB / 4
"""Bytes of weights a host reads in a second: 82 GiB took 291 s on a GB10 without a fast loader."""

WARM_UP_SECONDS = 150
"""From the last weight to ready: compiling, profiling and graphs took 2.5 minutes on a GB10."""

PEER_SECONDS = 120
LAUNCHER = "the launcher's recipes"
USUAL = (
    Reasoned("--max-num-seqs", "16", "rule of the house", "guess", "sixteen conversations at once"),
    Reasoned("--enable-prefix-caching", ON, LAUNCHER, "likely", "a repeated beginning is not read again"),
    Reasoned("--load-format", "fastsafetensors", LAUNCHER, "likely", "weights load several times faster"),
)
"""What every model gets."""

ATOMIC_ADD = "VLLM_MARLIN_USE_ATOMIC_ADD"
FILE = "config.json"


@dataclass(frozen=True)
class Inferred:
    """
    What a model's files say of how to launch it.

    Attributes:
        recipe: To be confirmed by the operator once; None when refused.
        values: Each value, also those left unset on purpose.
        refused: Why the model is not launched; blank when it can be.
    """

    recipe: Recipe | None
    values: tuple[Reasoned, ...]
    refused: str = ""


def infer(model: str, files: ModelFiles, machine: Machine) -> Inferred:
    """
    The recipe of a model (repo or folder) on this cluster.

    Never raises for what the files hold; `ValidationError` when `model` is neither a repo nor a path.
    """
    config = ModelConfig(files.config)
    quantization = quantization_of(files)
    facts = _facts(config, family_of(config), quantization)
    if why := refusal(config, files):
        return Inferred(None, tuple(facts), why)
    draft = draft_of(config, files, family_of(config), quantization)
    load = Load(config, files, quantization, draft)
    try:
        placed = place(load, machine)
    except DoesNotFit as problem:
        return Inferred(None, tuple(facts), str(problem))
    values = [*facts, *_values(load, placed)]
    return Inferred(_recipe(model, files, placed, values), tuple(values))


def expected_seconds(weights_bytes: int, hosts: int) -> int:
    """Seconds from start to ready, to be seen beside the progress; at most two hours."""
    seconds = WARM_UP_SECONDS + weights_bytes / hosts / LOAD_RATE + (PEER_SECONDS if hosts > 1 else 0)
    return min(7200, int(seconds))


def _facts(config: ModelConfig, family: Family, quantization: Quantization) -> list[Reasoned]:
    known: Confidence = "likely" if family is OTHER else "sure"
    named = config.architecture or "no architecture is named"
    return [
        Reasoned("family", family.name, f"{FILE} architectures", known, named[:200]),
        Reasoned(
            "quantization",
            quantization.name,
            quantization.source,
            quantization.confidence,
            "vLLM finds it by itself, so no flag is needed",
        ),
    ]


def _values(load: Load, placed: Placement) -> list[Reasoned]:
    """Everything that becomes part of the recipe."""
    family, template = family_of(load.config), load.files.template
    return [
        *placement_values(load, placed),
        *_engine(load, family),
        load.draft.value,
        *vision_values(load.config),
        reasoning_parser(family, template),
        *tool_parser(family, template),
        *_remote_code(load.files),
    ]


def _engine(load: Load, family: Family) -> list[Reasoned]:
    """Flags of the engine itself."""
    set_by_all = f"all of the launcher's recipes for {family.name} models set it"
    values = [*USUAL, *_moe(load.config, load.quantization)]
    if load.quantization.fp8_cache and "--kv-cache-dtype" not in dict(family.needs):
        why = "the checkpoint brings scales for an FP8 cache: twice the context in the same memory"
        values.append(Reasoned("--kv-cache-dtype", "fp8", load.quantization.source, "sure", why))
    return values + [Reasoned(flag, given, LAUNCHER, "likely", set_by_all) for flag, given in family.needs]


def _moe(config: ModelConfig, quantization: Quantization) -> list[Reasoned]:
    """The backend of a mixture of experts; vLLM chooses well but for NVFP4 on this GPU."""
    flag = "--moe-backend"
    if config.number("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts") < 2:
        return []
    if quantization.name != "NVFP4":
        return [Reasoned(flag, "", f"{FILE} experts", "likely", "vLLM chooses the backend for its experts")]
    sure: Confidence = "sure" if quantization.weights_only else "likely"
    why = "experts in NVFP4 run through Marlin on this GPU in the launcher's own recipes"
    return [
        Reasoned(flag, "marlin", quantization.source, sure, why),
        Reasoned(f"env {ATOMIC_ADD}", "1", quantization.source, "likely", "Marlin is quicker with it here"),
    ]


def _remote_code(files: ModelFiles) -> list[Reasoned]:
    """`--trust-remote-code`, only where the model brings code that has to run."""
    for source, document in ((FILE, files.config), ("tokenizer_config.json", files.tokenizer_config)):
        if mapping(mapping(document).get("auto_map")):
            why = "the model brings Python code of its own, which will run inside the container"
            return [Reasoned("--trust-remote-code", ON, f"{source} auto_map", "sure", why)]
    return []


def _recipe(model: str, files: ModelFiles, placed: Placement, values: list[Reasoned]) -> Recipe:
    return Recipe(
        key=key_for(model),
        name=model.rstrip("/").rpartition("/")[2],
        description="Set up from the model's own files; look through its settings before the first start.",
        model=model,
        hosts=placed.hosts,
        args=[arg for value in values for arg in value.args],
        env={
            value.field.removeprefix("env "): value.value
            for value in values
            if value.field.startswith("env ")
        },
        tags=_tags(files, placed, {value.field for value in values if value.value}),
        size_gb=round(files.weights_bytes / 1e9, 1),
        expected_seconds=expected_seconds(files.weights_bytes, placed.hosts),
    )


def _tags(files: ModelFiles, placed: Placement, given: set[str]) -> list[str]:
    tags = {
        "chat": True,
        "tools": "--tool-call-parser" in given,
        "reasoning": "--reasoning-parser" in given,
        "vision": sees(ModelConfig(files.config)),
        "two-hosts": placed.hosts == 2,
    }
    return [tag for tag, holds in tags.items() if holds]
