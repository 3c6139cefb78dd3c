"""Recipes as community files: what is written is read as the same, and what the format lacks is said."""

import shlex
from itertools import chain
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from blocks.community import CannotWrite, is_community, read_recipe, write_recipe
from blocks.flag_rules import OWNED_FLAGS
from blocks.flags import split
from blocks.recipe import Recipe, bundled_recipes

FIXTURES = Path(__file__).parents[3] / "shared/fixtures/eugr-recipes"
HOUSE = (*OWNED_FLAGS, "--distributed-executor-backend")

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=12)
FLAG = st.from_regex(r"--[a-z]{3,8}(-[a-z]{2,6})?", fullmatch=True).map(lambda flag: f"{flag}-x")
NAMED = st.tuples(FLAG, WORDS.filter(lambda word: not word.startswith("-"))).map(list)
RECIPES = st.builds(
    lambda parts, limit, **fields: Recipe(
        **fields, args=list(chain(*parts)), hosts=2 if limit == "cluster" else 1, hosts_limit=limit
    ),
    key=st.from_regex(r"[a-z0-9][a-z0-9._-]{0,20}", fullmatch=True),
    model=st.sampled_from(["maker/Tiny", "~/models/own", "/srv/models/My Model"]),
    name=st.just("") | WORDS.filter(str.strip),
    description=st.just("") | WORDS,
    served_name=st.sampled_from(["", "tiny", "a b"]),
    image=st.sampled_from([None, "maker/image:1"]),
    mods=st.sampled_from([[], ["mods/quiet"]]),
    mounts=st.sampled_from([[], ["~/data:/data:ro"]]),
    parts=st.lists(NAMED | st.just(["--max-model-len", "4096"]) | FLAG.map(lambda flag: [flag]), max_size=4),
    env=st.dictionaries(st.from_regex(r"[A-Z]{1,6}", fullmatch=True), WORDS, max_size=2),
    tags=st.lists(WORDS, max_size=2),
    limit=st.sampled_from(["any", "solo", "cluster"]),
)


@given(RECIPES)
def test_a_recipe_that_was_written_is_read_as_the_same(recipe: Recipe):
    assert read_recipe(yaml.safe_load(write_recipe(recipe).text)).recipe == recipe


@pytest.mark.parametrize("recipe", bundled_recipes(), ids=lambda recipe: recipe.key)
def test_every_bundled_recipe_can_be_written_and_read(recipe: Recipe):
    written = write_recipe(recipe)

    assert read_recipe(yaml.safe_load(written.text)).recipe == recipe
    assert written.not_honoured == ()


def test_what_the_other_launcher_will_not_do_is_said():
    recipe = Recipe(key="own", model="~/models/own", mounts=["/a:/b"], env={"A": "$B"})
    text = "\n".join(f"{note.field}: {note.why}" for note in write_recipe(recipe).not_honoured)

    assert "-v /a:/b" in text
    assert "-v ~/models/own:/models/own" in text
    assert "env.A: run-recipe.py's bash rewrites" in text


def test_a_recipe_of_another_launcher_cannot_be_written():
    with pytest.raises(CannotWrite, match="own is launched by venv"):
        write_recipe(Recipe(key="own", model="maker/Tiny", launcher="venv", venv="~/venv"))


@pytest.mark.skipif(not FIXTURES.exists(), reason=f"the real files of {FIXTURES} are not here")
@pytest.mark.parametrize("name", sorted(path.name for path in FIXTURES.glob("*.yaml")))
def test_a_real_file_keeps_its_command_on_the_way_through(name: str):
    raw = yaml.safe_load((FIXTURES / name).read_text(encoding="utf-8"))
    assert is_community(raw)
    first = read_recipe(raw)
    filled = raw["command"].format(**{**raw["defaults"], "tensor_parallel": first.recipe.hosts})
    words = shlex.split(filled.replace("\\\n", " "))

    assert words[2] == first.recipe.model
    kept = [word for part in split(words[3:]) if part.flag not in HOUSE for word in part.words]
    assert kept == first.recipe.args
    assert read_recipe(yaml.safe_load(write_recipe(first.recipe).text)).recipe == first.recipe
