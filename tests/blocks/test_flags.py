"""Flags: every spelling of vLLM's arguments is one mapping, and the mapping is launched as it was written."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks.flag_names import canonical, switch
from blocks.flags import Flags, parse, render, replaced, split, value_in, value_of

SITE = Path(__file__).parents[2] / "simulator/engine/site"
PARSER = """
import contextlib, io, json, sys
from vllm.entrypoints.common.cli_args import make_arg_parser
from vllm.utils.argparse_utils import FlexibleArgumentParser
parser = make_arg_parser(FlexibleArgumentParser())
for line in sys.stdin:
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            print(json.dumps(vars(parser.parse_args(["org/model", *json.loads(line)]))), flush=True)
    except SystemExit:
        print("null", flush=True)
"""

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=12)
NAMES = st.from_regex(r"--[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,6}){0,2}", fullmatch=True).filter(
    lambda name: switch(name) == (name, True)
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
VALUES = (
    WORDS.filter(lambda word: isinstance(value_of(word), str))
    | st.booleans()
    | st.lists(WORDS.filter(lambda word: not word.startswith("-")), min_size=2, max_size=4).map(tuple)
    | st.dictionaries(WORDS, JSON, max_size=3)
)
SPELLINGS = st.sampled_from([
    ["--max-model-len", "256k"], ["--max_model_len=131072"], ["--max-model-len", "-1"],
    ["--enable-prefix-caching"], ["--no-enable-prefix-caching"], ["--no-enable_prefix_caching"],
    ["-tp", "2"], ["-tp=1"], ["--tensor_parallel_size", "4"], ["-q", "fp8"], ["-qawq"], ["-q=inc"],
    ["--served-model-name", "one", "two"], ["--served_model_name=three"], ["--seed", "7"],
    ["--speculative-config", '{"method": "mtp", "num_speculative_tokens": 3}'], ["--chat-template", "-- {x}"],
    ["--speculative-config.method", "dspark"], ["--speculative_config.num_speculative_tokens=5"],
    ["--default-chat-template-kwargs.thinking=true"], ["--cpu-offload-gb", "-.5"], ["--chat-template=-x"],
    ["-cc={}"], ["--compilation-config", '{"custom_ops":["all"]}'],
])  # fmt: skip

Server = Callable[[list[str]], dict[str, Any] | None]


@pytest.fixture(scope="module")
def vllm() -> Iterator[Server]:
    """What the simulator's vllm makes of an argument list; None when it refuses it."""
    command = [sys.executable, "-c", PARSER]
    with subprocess.Popen(
        command, env={"PYTHONPATH": str(SITE)}, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:

        def ask(words: list[str]) -> dict[str, Any] | None:
            process.stdin.write(json.dumps(words) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield ask
        process.stdin.close()


@given(st.dictionaries(NAMES, VALUES, max_size=6))
def test_what_is_rendered_is_parsed_to_the_same_flags(flags: Flags):
    assert parse(render(flags)) == flags


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(args=st.lists(SPELLINGS, max_size=8).map(lambda parts: list(chain(*parts))))
def test_what_was_parsed_is_launched_as_it_was_written(vllm: Server, args: list[str]):
    written = vllm(args)

    assert written is not None
    assert vllm(render(parse(args))) == written


@given(st.lists(st.text("-=_.+ab1 {}", max_size=6), max_size=8))
def test_no_word_is_lost_whatever_was_typed(args: list[str]):
    assert [word for part in split(args) for word in part.words] == args
    assert replaced(args, {}) == args


@given(st.lists(st.text("-=_.+ab1 {}", max_size=6), max_size=8))
def test_what_cannot_be_parsed_is_refused_with_words(args: list[str]):
    try:
        flags = parse(args)
    except ValueError as error:
        assert "belongs to no flag" in str(error) or "has no value" in str(error)  # noqa: PT017
    else:
        assert all(flag.startswith("-") for flag in flags)


@pytest.mark.parametrize(
    ("args", "flags"),
    [
        (["--max_model_len=1k", "--max-model-len", "auto"], {"--max-model-len": "auto"}),
        (["-O3"], {"--optimization-level": "3"}),
        (["-O=2", "-O", "1"], {"--optimization-level": "1"}),
        (["-ep", "-dp", "2"], {"--enable-expert-parallel": True, "--data-parallel-size": "2"}),
        (["--no-async-scheduling"], {"--async-scheduling": False}),
        (["--disable-prefix-caching"], {"--enable-prefix-caching": False}),
        (["--no-disable_prefix-caching"], {"--enable-prefix-caching": True}),
        (
            ["--enable-log-stats", "--disable-fastapi-docs"],
            {"--disable-log-stats": False, "--disable-fastapi-docs": True},
        ),
        (["--served-model-name", "a", "b"], {"--served-model-name": ("a", "b")}),
        (["--middleware", "a", "--x", "--middleware=b"], {"--middleware": ("a", "b"), "--x": True}),
        (["--bias", "-1.5", "--word=-x"], {"--bias": "-1.5", "--word": "-x"}),
        (["--j.a.b", "1", "--j.a.c=x", "--j.n", "80g"], {"--j": {"a": {"b": 1, "c": "x"}, "n": 80 * 10**9}}),
        (["--j.l+", "a", "--j.l+=b,c", "--j.k", "2K"], {"--j": {"l": ["a", "b", "c"], "k": 2048}}),
        (["--j.a_b", "-x"], {"--j": {"a_b": "-x"}}),
        (["--j", '{"a": 1}'], {"--j": {"a": 1}}),
        (["--j.b", "2", "--j", '{"a": 1}'], {"--j": {"b": 2}}),
    ],
)
def test_each_way_to_write_a_flag_is_read(args: list[str], flags: Flags):
    assert parse(args) == flags


@pytest.mark.parametrize("args", [["word"], ["--a=b", "c"], ["--"], ["-", "--a"], ["--j.a"]])
def test_a_word_that_belongs_to_no_flag_is_named(args: list[str]):
    with pytest.raises(ValueError, match=r"'(word|c|--|-)' belongs to no flag|--j.a has no value"):
        parse(args)


def test_a_list_with_a_word_that_looks_like_a_flag_cannot_be_written():
    with pytest.raises(ValueError, match="--names: '--b' would be taken for a flag"):
        render({"--names": ("a", "--b")})


def test_a_change_leaves_every_other_word_as_it_was():
    args = ["--a_b", "1", "--json", '{ "x" : 1 }', "-tp", "2", "--a-b=3", "stray"]

    assert replaced(args, {"--a-b": "4"}) == ["--a-b", "4", "--json", '{ "x" : 1 }', "-tp", "2", "stray"]
    assert replaced(args, {"--a-b": None, "--json": {"y": 2}, canonical("-tp"): False}) == [
        "--json", '{"y":2}', "--no-tensor-parallel-size", "stray",
    ]  # fmt: skip
    assert replaced(["--x"], {"--new": "v"}) == ["--x", "--new", "v"]


def test_one_flag_is_found_in_every_spelling():
    args = ["--speculative_config.method", "mtp", "--no-enable_prefix_caching", "--max_num_seqs=4"]

    assert value_in(args, "--speculative-config") == {"method": "mtp"}
    assert value_in(args, "--enable-prefix-caching") is False
    assert value_in(args, "--max-num-seqs") == "4"
    assert value_in(args, "--absent") is None
