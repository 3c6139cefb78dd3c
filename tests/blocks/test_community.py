"""Community files: read as they are, and everything of them that is not honoured is said."""

import shlex
from typing import Any

import pytest
import yaml

from blocks.community import CannotRead, Read, read_recipe

VERSION_1 = r"""
recipe_version: "1"
name: Tiny Talker
description: A small model for tests
model: maker/Tiny
container: vllm-node
mods: [mods/quiet]
defaults: {port: 8000, host: 0.0.0.0, tensor_parallel: 2, share: 0.50, guesses: 3}
env:
  LOUD: 1
command: |
  # Answers quickly.
  vllm serve maker/Tiny \
    --host {host} --port {port} \
    -tp {tensor_parallel} --distributed-executor-backend ray \
    --gpu-memory-utilization {share} \
    --speculative-config '{{"method":"mtp","n":{guesses}}}' \
    --speculative_config.k "two words" \
    --enable-prefix-caching \
"""
VERSION_2 = r"""
model: maker/Tiny
runtime: vllm
container: maker/image:1
min_nodes: 2
defaults: {port: 8000, tensor_parallel: 2, share: 0.5, guesses: 3, name: "tiny-{guesses}"}
metadata: {description: A small model, model_params: 1B}
command: |
  vllm serve {model} --port {port} -tp {tensor_parallel} --served-model-name {name} \
    --gpu-memory-utilization {share} --speculative-config '{"method":"mtp","n":{guesses}}'
"""


def read(text: str, hosts: int | None = None, **changes: Any) -> Read:
    return read_recipe({**yaml.safe_load(text), **changes}, hosts=hosts)


def command(text: str) -> Read:
    return read(VERSION_1, command=text)


def said(done: Read) -> str:
    return "\n".join(f"{note.field}: {note.why}" for note in done.not_honoured)


def test_a_file_of_version_1_becomes_our_recipe():
    recipe = read(VERSION_1).recipe

    assert (recipe.key, recipe.title, recipe.model) == ("tiny-talker", "Tiny Talker", "maker/Tiny")
    assert (recipe.hosts, recipe.hosts_limit, recipe.image) == (2, "any", None)
    assert (recipe.mods, recipe.env) == (["mods/quiet"], {"LOUD": "1"})
    assert recipe.args == [
        "--gpu-memory-utilization", "0.5", "--speculative-config", '{"method":"mtp","n":3}',
        "--speculative_config.k", "two words", "--enable-prefix-caching",
    ]  # fmt: skip


def test_a_file_of_version_2_becomes_our_recipe():
    recipe = read(VERSION_2).recipe

    assert (recipe.key, recipe.model, recipe.served) == ("tiny", "maker/Tiny", "tiny-3")
    assert (recipe.hosts, recipe.hosts_limit, recipe.image) == (2, "cluster", "maker/image:1")
    assert recipe.description == "A small model"
    assert recipe.args[-2:] == ["--speculative-config", '{"method":"mtp","n":3}']


def test_a_file_of_version_2_without_a_command_gets_the_one_sparkrun_makes():
    defaults = {
        "tensor_parallel": 1,
        "max_model_len": 4096,
        "trust_remote_code": True,
        "enforce_eager": False,
    }
    done = read_recipe({"model": "maker/Tiny", "runtime": "vllm", "defaults": {**defaults, "mystery": 1}})

    assert done.recipe.args == ["--max-model-len", "4096", "--trust-remote-code"]
    assert said(done) == "defaults.mystery: no flag of vLLM is known for it: it is passed over"


def test_what_is_not_honoured_is_said():
    done = read(VERSION_1, build_args=["--exp-x"], container="vllm-x", cluster_only=True, surprise=1)

    assert done.recipe.hosts_limit == "cluster"
    for words in (
        "command: --host 0.0.0.0: the engine listens where",
        "command: --port 8000: the engine listens on the cluster's port",
        "command: --distributed-executor-backend ray: the hosts work together without Ray",
        "build_args: images are not built here: make vllm-x with build-and-copy.sh --exp-x",
        "surprise: recipe version 1 has no such field",
    ):
        assert words in said(done)


@pytest.mark.parametrize("field", ["pre_exec", "post_exec", "builder", "containers", "benchmark", "what"])
def test_fields_of_version_2_that_do_nothing_here_are_named(field: str):
    assert f"{field}: " in said(read(VERSION_2, **{field: ["x"]}))


def test_a_secret_of_a_command_is_not_repeated():
    done = command("vllm serve maker/Tiny --api-key hunter2")

    assert "hunter2" not in said(done) + done.recipe.model_dump_json()
    assert "a key is a secret" in said(done)


def test_the_number_of_hosts_can_be_chosen_within_the_files_limits():
    assert read(VERSION_1, hosts=1).recipe.hosts == 1
    assert read(VERSION_1, solo_only=True).recipe.hosts == 1
    with pytest.raises(CannotRead, match="hosts is 1, but hosts_limit says"):
        read(VERSION_1, hosts=1, cluster_only=True)


def test_variables_before_the_command_are_part_of_the_environment():
    done = command("A=1 B='x y' vllm serve maker/Tiny")

    assert done.recipe.env == {"LOUD": "1", "A": "1", "B": "x y"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("vllm serve m/x | tee log", "a pipe"),
        ("sleep 1; vllm serve m/x", "a second command"),
        ("cd /x\nvllm serve m/x", "a second command"),
        ("vllm serve m/x && echo", "a list or background command"),
        ("vllm serve $(cat model)", "a variable or substitution"),
        ('vllm serve "$MODEL"', "a variable or substitution"),
        ("vllm serve `cat model`", "a substitution"),
        ("vllm serve m/x > log", "a redirection"),
        ("(vllm serve m/x)", "a subshell"),
        ("vllm serve m/x --chat-template *.jinja", "a file pattern"),
        ("vllm serve m/x --chat-template ~/x.jinja", "the home folder"),
        ("vllm serve m/x --j {{}}", "braces outside quotes"),
        ("vllm serve m/x \\\n # --old \\\n --new", "a comment"),
        ("vllm serve 'm/x", "cannot be taken apart"),
        ("python -m server m/x", "it runs python -m, not vllm serve"),
        ("vllm serve --port 1", "is given no model"),
        ("vllm serve m/x stray", "'stray' belongs to no flag"),
        ("vllm serve m/x -pp 2", "spread by --tensor-parallel-size only"),
        ("vllm serve m/x -tp two", "no number of hosts"),
        ("vllm serve {nothing}", "{nothing} has no value"),
        ("vllm serve {host.__class__}", "more than a name"),
        ("vllm serve {host!r}", "more than a name"),
        ("vllm serve m/x --j '{'", "braces do not match"),
        ("vllm serve no-repo", "neither a repo like org/name nor a path"),
        ("vllm serve m/x --gpu-memory-utilization 7", "a share between 0 and 1"),
    ],
)
def test_what_is_no_single_vllm_command_is_refused_by_name(text: str, why: str):
    with pytest.raises(CannotRead, match=why):
        command(text)


@pytest.mark.parametrize("text", ["'a|b;c&d>(e)$`*'", "a#b", r"a\;b", "'it'\"'\"'s'", "x~y", '"a;b"'])
def test_signs_of_the_shell_that_are_plain_text_are_read_as_bash_reads_them(text: str):
    assert command(f"vllm serve m/x --word {text}").recipe.args == ["--word", shlex.split(text)[0]]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"command": None}, "command"),
        ({"container": 7}, "container"),
        ({"container": "a b"}, "container"),
        ({"recipe_version": "9"}, "recipe_version"),
        ({"mods": "mods/x"}, "mods"),
        ({"mods": ["/x"]}, "mods.0"),
        ({"env": ["x"]}, "env"),
        ({"env": {"not a name": 1}}, "env"),
        ({"defaults": 3}, "defaults"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(changes: dict[str, Any], field: str):
    with pytest.raises(CannotRead) as refused:
        read(VERSION_1, **changes)

    assert refused.value.field.startswith(field)


@pytest.mark.parametrize("runtime", ["sglang", "llama-cpp", "trtllm"])
def test_other_engines_are_refused_by_name(runtime: str):
    with pytest.raises(CannotRead, match=f"runtime: '{runtime}' is another engine"):
        read(VERSION_2, runtime=runtime)
