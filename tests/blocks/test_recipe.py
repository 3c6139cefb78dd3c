"""Recipes: which arguments they may hold, what is read from them, and the catalogue."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks.flag_rules import OWNED_FLAGS
from blocks.flags import parse
from blocks.recipe import MEMORY_GIB, Catalog, Recipe, bundled_recipes, flag_in, key_for
from tests.blocks.hostile import HOSTILE


def recipe(*args: str, **fields: object) -> Recipe:
    return Recipe.model_validate({"key": "own", "model": "org/own", "args": list(args), **fields})


@pytest.mark.parametrize("flag", OWNED_FLAGS)
def test_flags_that_the_house_sets_itself_are_refused_by_name(flag: str):
    with pytest.raises(ValidationError, match=f"{flag} is set by Spark Control"):
        recipe("--max-num-seqs", "4", flag, "1")
    with pytest.raises(ValidationError, match=f"{flag} is set by Spark Control"):
        recipe(f"{flag}=1")


@pytest.mark.parametrize(
    "arg",
    [
        "-tp=2",
        "-n2",
        "-r",
        "--served-model",
        "--tensor-parallel",
        "--served_model_name",
        "--tensor_parallel_size=2",
        "--api_key=x",
    ],
)
def test_their_spelling_with_underscores_is_refused_too(arg: str):
    with pytest.raises(ValidationError, match="is set by Spark Control"):
        recipe(arg)


@pytest.mark.parametrize("arg", ["--hostname-check", "--port-range", "host", "--reasoning-parser=--port"])
def test_what_only_looks_like_such_a_flag_is_taken(arg: str):
    assert recipe(arg).args == [arg]


@pytest.mark.parametrize("share", ["lots", "0", "1.1", "-0.5", "nan", "inf", "--max-num-seqs"])
@pytest.mark.parametrize("spelling", ["--gpu-memory-utilization", "--gpu_memory_utilization"])
def test_a_memory_share_that_is_none_is_refused(spelling: str, share: str):
    with pytest.raises(ValidationError, match="share between 0 and 1"):
        recipe(spelling, share)


@pytest.mark.parametrize("field", ["key", "model", "image", "served_name", "name", "description", "tags"])
@pytest.mark.parametrize("name", ["newline", "NUL", "lone surrogate", "ten kilobytes"])
def test_what_cannot_stand_on_one_line_gets_into_no_field(field: str, name: str):
    value = [HOSTILE[name]] if field == "tags" else HOSTILE[name]

    with pytest.raises(ValidationError, match=field):
        recipe(**{field: value})


@pytest.mark.parametrize("name", ["newline", "NUL", "lone surrogate", "ten kilobytes"])
def test_nor_into_an_argument_or_a_variable(name: str):
    for fields in ({"args": [HOSTILE[name]]}, {"env": {"A": HOSTILE[name]}}, {"env": {HOSTILE[name]: "x"}}):
        with pytest.raises(ValidationError):
            recipe(**fields)


def test_a_served_name_cannot_be_taken_for_a_flag():
    with pytest.raises(ValidationError, match="served_name"):
        recipe(served_name="--headless")


def test_the_last_of_several_equal_flags_counts():
    args = ["--max-model-len", "1", "--max-model-len=2", "--max_model_len", "3", "--other=9"]

    assert flag_in(args, "--max-model-len") == "3"
    assert flag_in(args[:3], "--max-model-len") == "2"
    assert flag_in(args, "--absent") is None


def test_a_flag_at_the_very_end_has_no_value():
    assert flag_in(["--enable-prefix-caching"], "--enable-prefix-caching") is None


@given(st.lists(st.text("-=_ab1", max_size=5), max_size=8), st.text("xyz0123456789", max_size=8))
def test_a_flag_written_last_is_the_one_found(args: list[str], value: str):
    assert flag_in([*args, f"--flag={value}"], "--flag") == value
    assert flag_in([*args, "--flag", value], "--flag") == value


def test_the_memory_share_is_the_recipes_or_vllms_own():
    assert recipe("--gpu-memory-utilization", "0.4").memory_share == 0.4
    assert recipe().memory_share == 0.92


def test_names_fall_back_to_the_key():
    assert (recipe().served, recipe().title) == ("own", "own")
    assert (recipe(served_name="qwen").served, recipe(name="Qwen 3").title) == ("qwen", "Qwen 3")


def test_the_operators_recipe_replaces_the_bundled_one_of_the_same_key():
    bundled = bundled_recipes()[0]
    own = bundled.model_copy(update={"name": "mine"})
    catalog = Catalog(recipes=[own, recipe()])

    assert catalog.recipe(bundled.key) == own
    assert catalog.for_model(bundled.model) == own
    assert set(catalog.menu) == {entry.key for entry in bundled_recipes()} | {"own"}


def test_an_unknown_recipe_is_answered_with_the_known_ones():
    with pytest.raises(LookupError, match=r"no recipe named 'nope' .*gpt-oss-120b"):
        Catalog().recipe("nope")
    assert Catalog().for_model("org/nope") is None


def test_the_bundled_recipes_have_different_keys_and_say_what_they_are():
    bundled = bundled_recipes()

    assert len({entry.key for entry in bundled}) == len(bundled) >= 10
    assert all(entry.name and entry.description and entry.tags and entry.size_gb > 0 for entry in bundled)
    assert sum(entry.hosts == 2 for entry in bundled) >= 2


@pytest.mark.parametrize("entry", bundled_recipes(), ids=lambda entry: entry.key)
def test_a_bundled_recipe_fits_into_the_memory_it_asks_for(entry: Recipe):
    share = entry.memory_share * MEMORY_GIB * 1024**3

    assert parse(entry.args)["--max-model-len"]
    assert entry.size_gb * 1e9 / entry.hosts < 0.95 * share
    assert entry.hosts in (1, 2)


@pytest.mark.parametrize(
    "fields",
    [
        {
            "launcher": "docker",
            "command": ["serve", "--port", "1"],
            "mounts": ["/srv/data:/data:ro", "~/x:/x"],
        },
        {"launcher": "venv", "venv": "~/venvs/vllm"},
        {"mods": ["mods/drop-caches", "my-mod.zip"], "mounts": ["~/models/a.b:/a"]},
        {"hosts": 2, "hosts_limit": "cluster"},
        {"hosts_limit": "solo"},
    ],
)
def test_each_launcher_has_its_own_fields(fields: dict[str, object]):
    assert recipe(**fields).model_dump(include=set(fields)) == fields


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"launcher": "venv"}, "venv is missing"),
        ({"launcher": "venv", "venv": "~/v", "mods": ["mods/x"]}, "mods is for the launcher launch-cluster"),
        (
            {"launcher": "venv", "venv": "~/v", "image": "x"},
            "image is for the launcher launch-cluster or docker",
        ),
        ({"launcher": "docker", "mods": ["mods/x"]}, "mods is for the launcher launch-cluster, not docker"),
        ({"command": ["serve"]}, "command is for the launcher docker"),
        ({"venv": "~/v"}, "venv is for the launcher venv"),
        ({"launcher": "screen"}, "launcher"),
        ({"launcher": "venv", "venv": "relative"}, "not an absolute path"),
        ({"hosts": 2, "hosts_limit": "solo"}, "runs on one host only"),
        ({"hosts": 1, "hosts_limit": "cluster"}, "only across several hosts"),
        ({"mounts": ["/a/../etc:/b"]}, "climbs"),
    ],
)
def test_fields_that_contradict_each_other_are_refused_by_name(fields: dict[str, object], why: str):
    with pytest.raises(ValidationError, match=why):
        recipe(**fields)


@pytest.mark.parametrize("bad", ["/abs", "../up", "mods/../x", "a b", "-x", "mods/", "$(id)", "a\n"])
def test_a_mod_is_a_plain_path_below_the_launchers_folder(bad: str):
    with pytest.raises(ValidationError, match="mods"):
        recipe(mods=[bad])


@pytest.mark.parametrize(
    "bad", ["/a", "a:/b", "/a:b", "/a b:/c", "/a:/b:rw", "/a:/b,x", "$HOME:/x", "/a:/b:ro:ro"]
)
def test_a_mount_names_two_plain_places(bad: str):
    with pytest.raises(ValidationError, match="mounts"):
        recipe(mounts=[bad])


@pytest.mark.parametrize(
    ("args", "share"),
    [(["--gpu-memory-utilization-gb", "60.845"], 0.5), (["--gpu-memory-utilization-gb=x"], 0.92)],
)
def test_a_share_in_gib_is_a_share_of_the_whole_memory(args: list[str], share: float):
    assert recipe(*args).memory_share == pytest.approx(share)


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("nvidia/Qwen3.6-35B-A3B-NVFP4", "qwen3.6-35b-a3b-nvfp4"),
        ("~/models/My Own Model/", "my-own-model"),
        ("/srv/\u6a21\u578b", "model"),
    ],
)
def test_a_model_without_a_recipe_gets_a_key_from_its_name(model: str, key: str):
    assert key_for(model) == key


@given(st.text(max_size=120))
def test_every_key_made_from_a_name_is_one_a_recipe_may_have(model: str):
    assert re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", key_for(model))
