"""Recipe files: what is wrong in one is said with its line and field; the published schema is the code's."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from blocks.recipe import bundled_recipes
from blocks.recipe_files import BadFile, read_recipe_file

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs/reference/recipe.schema.json"
GOOD = "key: own\nmodel: org/own\n"
COMMUNITY = """# A comment
recipe_version: "1"
name: Tiny
container: vllm-node
defaults: {port: 1}
command: |
  vllm serve org/tiny --port {port} --max-num-seqs {missing}
"""


def faults(text: str) -> list[str]:
    with pytest.raises(BadFile) as bad:
        read_recipe_file(text)
    return [str(fault) for fault in bad.value.faults]


def test_the_bundled_file_is_one_of_ours():
    read = read_recipe_file((ROOT / "blocks/recipes.yaml").read_text(encoding="utf-8"))

    assert read.recipes == bundled_recipes()


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (GOOD, True),
        ("recipes: [{key: own, model: org/own, launcher: venv, venv: ~/v}]", True),
        ("knobs: {own: {max_model_len: 4096, --load-format: unset, --x: [a, b], --y: {z: 1}}}", True),
        (f"{GOOD}colour: red", False),
        ("recipies: []", False),
        ("[{key: Bad Key, model: org/own}]", False),
        ("[{key: own, model: org/own, hosts: many}]", False),
    ],
)
def test_the_published_schema_knows_our_files(text: str, fits: bool):
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))

    assert validator.is_valid(yaml.safe_load((ROOT / "blocks/recipes.yaml").read_text(encoding="utf-8")))
    assert validator.is_valid(yaml.safe_load(text)) == fits


def test_one_recipe_a_list_and_recipes_with_knobs_are_all_files():
    assert read_recipe_file(GOOD).recipes[0].key == "own"
    assert read_recipe_file(f"{GOOD}launcher: docker\ncommand: [serve]\n").recipes[0].command == ["serve"]
    assert read_recipe_file(json.dumps([{"key": "own", "model": "org/own"}])).recipes[0].key == "own"
    read = read_recipe_file("recipes: []\nknobs:\n  own: {max_model_len: 1k}\n")
    assert (read.recipes, read.knobs) == ((), {"own": {"--max-model-len": "1k"}})


def test_every_fault_is_said_with_line_field_and_reason():
    text = "- key: Bad Key\n  model: org/x\n- key: own\n  model: org/x\n  args: [--port, '1']\n  hosts: 99\n"

    assert [line.split(" (given")[0] for line in faults(f"recipes:\n{text}")] == [
        "2: recipes[Bad Key].key: String should match pattern '^[a-z0-9][a-z0-9._-]{0,62}$'",
        "6: recipes[own].args: --port is set by Spark Control: leave it out of the recipe's arguments",
        "7: recipes[own].hosts: Input should be less than or equal to 16",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1: it is empty"),
        ("key: [", "1: it is not YAML"),
        ("a: 1\n\tb: 2", "2: it is not YAML"),
        ("just words", "1: it holds neither a list of recipes nor"),
        ("recipes: []\nrecipies: []\n", "2: recipies: there is no such field"),
        (f"{GOOD}hosts: 1\nhosts: 2\n", "4: hosts: it is given twice"),
        (f"{GOOD}colour: red\n", "3: colour: Extra inputs are not permitted (given: 'red')"),
        ("key: own\n", "1: model: Field required"),
        (f"{GOOD}env:\n  A: 1\n  B: two\n", "4: env.A: Input should be a valid string (given: '1')"),
        (f"{GOOD}launcher: venv\n", "1: venv is missing: the launcher venv needs the folder"),
        ("knobs:\n  own:\n    --port: 1\n", "3: knobs.own.--port: --port is set by Spark Control"),
        (COMMUNITY, "6: command: the placeholder {missing} has no value under defaults"),
        (COMMUNITY.replace("{port: 1}", "no"), "5: defaults: it is no mapping"),
    ],
)
def test_a_fault_points_at_its_place(text: str, fault: str):
    assert faults(text)[0].startswith(fault)


def test_a_community_file_gets_its_key_from_its_name_unless_it_holds_one():
    text = COMMUNITY.replace(" --max-num-seqs {missing}", "")

    assert read_recipe_file(text).recipes[0].key == "tiny"
    assert read_recipe_file("model: org/tiny\ncontainer: x\n").recipes[0].key == "tiny"
    assert read_recipe_file(text, name="tiny-fp8").recipes[0].key == "tiny-fp8"
    assert read_recipe_file(f"{text}spark_control: {{key: mine}}\n", name="x").recipes[0].key == "mine"
    assert read_recipe_file(text, key="forced", name="x").recipes[0].key == "forced"
