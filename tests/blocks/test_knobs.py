"""Knobs: the operator's values stand in the place of the recipe's, and each is explained."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from blocks.flag_rules import check_flag, number_from
from blocks.flags import parse
from blocks.knob_effects import Node, effect_of, pages
from blocks.knobs import NAMES, Knob, effective
from blocks.recipe import Catalog
from blocks.tolerant import read_settings

GB10 = Node(memory_total=127_600_748 * 1024)
ARGS = [
    "--max_model_len=262144",
    "--enable-prefix-caching",
    "--load-format",
    "fastsafetensors",
    "--other",
    "1",
]


def catalog(**knobs: Any) -> Catalog:
    own = {"key": "own", "model": "org/own", "args": ARGS}
    return Catalog.model_validate({"recipes": [own], "knobs": {"own": knobs}})


def shown(args: list[str], knobs: dict[str, Any], **more: Any) -> dict[str, Knob]:
    return {knob.flag: knob for knob in effective(args, knobs, **more)}


def test_a_knob_replaces_every_spelling_of_the_recipes_flag_and_leaves_the_rest():
    turned = catalog(**{"max_model_len": 4096, "--other": "2"}).recipe("own")

    assert turned.args == ["--max-model-len", "4096", *ARGS[1:4], "--other", "2"]


def test_a_flag_can_be_set_switched_off_and_left_out():
    knobs = {"enable_prefix_caching": False, "--load-format": "unset", "--new": ["a", "b"], "--j": {"x": 1}}

    flags = parse(catalog(**knobs).menu["own"].args)

    assert flags == {
        "--max-model-len": "262144",
        "--enable-prefix-caching": False,
        "--other": "1",
        "--new": ("a", "b"),
        "--j": {"x": 1},
    }


def test_a_switch_is_one_knob_whichever_way_it_is_said():
    for spelled in ({"--no-enable-prefix-caching": True}, {"--disable_prefix_caching": True}):
        assert catalog(**spelled).knobs["own"] == {"--enable-prefix-caching": False}


def test_the_model_is_found_with_its_knobs_and_the_recipe_itself_is_kept():
    turned = catalog(max_model_len=1024)

    assert turned.for_model("org/own") == turned.recipe("own") != turned.unturned["own"]
    assert turned.unturned["own"].args == ARGS


def test_what_is_stored_is_read_as_the_same():
    first = catalog(**{"--aa": None, "--b": True, "--c": ["x", "y"], "--d": {"e": [1]}, "--f": 7, "--g": "h"})
    stored = first.model_dump(mode="json")

    again, problems = read_settings(Catalog, stored)

    assert (again, problems) == (first, [])
    assert stored["knobs"]["own"]["--aa"] == "unset"


@pytest.mark.parametrize(
    ("flag", "value", "why"),
    [
        ("--max-model-len", "lots", "allowed is a number of tokens such as 131072 or 128k, or auto"),
        ("--gpu-memory-utilization", 2, "allowed is a share above 0 and up to 1, such as 0.8"),
        ("--gpu_memory_utilization", True, "--gpu-memory-utilization cannot be 'true'"),
        ("--max-num-seqs", 0, "allowed is a whole number from 1"),
        ("--max-num-batched-tokens", "8.5K", "allowed is a number of tokens"),
        ("--enable-prefix-caching", "yes", "allowed is true or false"),
        ("--kv-cache-dtype", "f p 8", "allowed is one word"),
        ("--load-format", False, "allowed is one word"),
        ("--speculative-config", "fast", "allowed is an object"),
        ("--list", ["a", "--b"], "'--b' would be taken for a flag"),
        ("--port", 1, "--port is set by Spark Control"),
        ("-tp", 2, "--tensor-parallel-size is set by Spark Control"),
        ("--no-headless", True, "--headless is set by Spark Control"),
        ("--A", 1, "'--A' is no flag such as --max-model-len"),
        ("x;y", 1, "is no flag"),
    ],
)
def test_a_bad_knob_is_refused_with_flag_value_and_what_is_allowed(flag: str, value: Any, why: str):
    with pytest.raises(ValidationError, match=r"knobs\.own") as refused:
        catalog(**{flag: value})

    assert why in str(refused.value)


def test_a_bad_knob_costs_no_recipe():
    read, problems = read_settings(Catalog, {"knobs": {"own": {"--port": 1, "--max-num-seqs": 4}}})

    assert read.knobs["own"] == {"--max-num-seqs": "4"}
    assert "--port is set by Spark Control" in problems[0]


def test_every_knob_says_where_its_value_comes_from():
    knobs = {"--max-model-len": "4096", "--load-format": None, "--own": True}

    found = shown(ARGS, knobs, inferred={"--enable-prefix-caching": True})

    assert list(found)[: len(NAMES)] == list(NAMES)
    assert {flag: (knob.value, knob.source, knob.otherwise) for flag, knob in found.items()} == {
        "--max-model-len": ("4096", "operator", "262144"),
        "--gpu-memory-utilization": ("0.92", "vllm", "0.92"),
        "--max-num-seqs": ("256", "vllm", "256"),
        "--enable-prefix-caching": (True, "inferred", True),
        "--kv-cache-dtype": ("auto", "vllm", "auto"),
        "--load-format": ("auto", "operator", "fastsafetensors"),
        "--max-num-batched-tokens": ("2048", "vllm", "2048"),
        "--speculative-config": (None, "vllm", None),
        "--other": ("1", "recipe", "1"),
        "--own": (True, "operator", None),
    }


@pytest.mark.parametrize(
    ("flag", "value", "effect"),
    [
        (
            "--gpu-memory-utilization",
            "0.8",
            "0.80 = 97 GB allocated, 24 GB left for the system and speech",
        ),
        ("--max-model-len", "131072", "131,072 tokens = about 250 pages"),
        ("--max-model-len", "128k", "128,000 tokens = about 240 pages"),
        ("--max-model-len", "auto", "as long as fits into the memory that is left"),
        ("--max-model-len", None, "as long as the model itself allows"),
        ("--max-model-len", "many", "'many' is no number such as 131072 or 128k"),
        ("--max-num-seqs", "1", "answers 1 request at once; more wait in line"),
        ("--max-num-seqs", "64", "answers 64 requests at once; more wait in line"),
        ("--kv-cache-dtype", "nvfp4", "kept as nvfp4"),
        ("--load-format", "runai_streamer", "weights are read by runai_streamer"),
        (
            "--max-num-batched-tokens",
            "8192",
            "reads 8,192 tokens (about 16 pages) of the prompts in one step",
        ),
        ("--speculative-config", None, "off: one token after the other"),
        ("--anything", "1", ""),
    ],
)
def test_an_effect_is_said_in_plain_words_with_the_machines_numbers(flag: str, value: Any, effect: str):
    assert effect_of(flag, value, GB10) == effect


def test_an_effect_knows_several_hosts_and_what_a_long_text_takes():
    pair = Node(GB10.memory_total, hosts=2, kv_bytes_per_token=98_304)

    assert effect_of("--max-model-len", "131072", pair).endswith("takes 12.0 GB on each host")
    assert effect_of("--gpu-memory-utilization", "0.5", pair).endswith("and speech on each host")
    assert effect_of("--gpu-memory-utilization", "0.5", Node()) == "0.50 of each host's memory"


@given(st.integers(1, 10**9))
def test_pages_are_a_round_number_near_the_truth(tokens: int):
    words = pages(tokens)
    count = int("".join(sign for sign in words if sign.isdecimal()))

    assert count == 1 or abs(count * 525 - tokens) <= 0.06 * tokens + 263


@given(st.text(max_size=12))
def test_a_number_is_read_or_refused(text: str):
    try:
        assert number_from(text) >= 0
    except ValueError as error:
        assert "is no number" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("text", "number"), [("1k", 1000), ("1K", 1024), ("25.6k", 25_600), ("2m", 2 * 10**6)]
)
def test_numbers_are_those_that_vllm_reads(text: str, number: int):
    assert number_from(text) == number
    check_flag("--max-model-len", text)
