"""Whatever stands in a model's files: a recipe that can be launched, or a reason, and never an exception."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blocks.flags import parse
from blocks.inference.families import BY_ARCHITECTURE
from blocks.inference.infer import Inferred, infer
from blocks.model_files import Machine, ModelFiles
from blocks.recipe import Recipe
from tasks.arithmetic import memory_need
from tests.blocks.inference.some_models import MODELS, TWO_SPARKS

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
)
KEYS = sorted(
    {key for model in MODELS for key in model.files.config}
    | {key for model in MODELS for key in model.files.config.get("text_config", {})}
    | {
        "text_config",
        "vision_config",
        "quantization_config",
        "auto_map",
        "num_kv_shared_layers",
        "index_head_dim",
    }
)
SIZES = st.integers(1, 300) | st.sampled_from([512, 4096, 32768, 262144, 10**9])
NAMED = st.sampled_from([f"{beginning}ForCausalLM" for beginning, _ in BY_ARCHITECTURE])
CONFIGS = st.dictionaries(st.sampled_from(KEYS), SIZES | JSON, max_size=12)


def check(found: Inferred) -> None:
    assert (found.recipe is None) == bool(found.refused)
    if found.recipe is not None:
        assert Recipe.model_validate(found.recipe.model_dump()) == found.recipe
        assert parse(found.recipe.args)


@given(
    CONFIGS,
    NAMED,
    st.none() | st.dictionaries(st.text(max_size=20), JSON, max_size=3),
    st.none() | st.text(max_size=50),
    st.integers(0, 10**13),
)
def test_any_config_gives_a_recipe_or_a_reason(
    config: dict[str, Any], named: str, quant: Any, template: str | None, size: int
):
    files = ModelFiles(
        config | {"architectures": [named]}, quant=quant, chat_template=template, weights_bytes=size
    )

    check(infer("org/model", files, TWO_SPARKS))


@given(st.sampled_from(MODELS), CONFIGS, st.integers(0, 2**40), st.integers(1, 40))
def test_any_key_of_a_good_config_may_be_broken(model: Any, broken: dict[str, Any], memory: int, hosts: int):
    files = ModelFiles({**model.files.config, **broken}, weights_bytes=model.files.weights_bytes)

    check(infer("org/model", files, Machine(memory, hosts)))


@given(st.sampled_from(MODELS), CONFIGS)
def test_any_config_can_be_weighed(model: Any, broken: dict[str, Any]):
    recipe = Recipe(key="model", model="org/model")

    need = memory_need(recipe, {**model.files.config, **broken}, 10**10, TWO_SPARKS.memory_total_bytes)

    assert bool(need.unknown) == (need.cache == 0)


@given(JSON, JSON, JSON)
def test_documents_that_are_no_objects_are_no_reason_to_stop(config: Any, quant: Any, tokenizer: Any):
    check(infer("org/model", ModelFiles(config, quant=quant, tokenizer_config=tokenizer), TWO_SPARKS))
