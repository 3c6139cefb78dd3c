"""Asking vLLM's own parser: the script among stand-ins for the vLLM of old and of new images."""

import dataclasses
import sys
from pathlib import Path

import pytest

from tasks.check import Answer, Unreadable
from tasks.checks.arguments import ArgumentsParse
from tests.tasks.programs import Programs

PARSER = """
import argparse
FlexibleArgumentParser = argparse.ArgumentParser
def make_arg_parser(parser):
    parser.add_argument("model")
    parser.add_argument("--max-model-len")
    parser.add_argument("--tool-call-parser")
    return parser
def validate_parsed_serve_args(args):
    if args.tool_call_parser == "odd":
        raise TypeError("odd is no parser")
"""
PLACES = {
    "0.13": ("entrypoints/openai/cli_args.py", "utils/__init__.py"),
    "0.20": ("entrypoints/openai/cli_args.py", "utils/argparse_utils.py"),
    "0.33": ("entrypoints/common/cli_args.py", "utils/argparse_utils.py"),
}
"""Where the parser and its class are, by version."""


@pytest.fixture(params=PLACES)
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Programs:
    """A docker whose images all hold that vLLM."""
    for place in PLACES[request.param]:
        module = tmp_path / "site" / "vllm" / place
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(PARSER)
    (tmp_path / "site" / "vllm" / "__init__.py").write_text(f"__version__ = '{request.param}'")
    programs = Programs(tmp_path)
    wanted = "run --rm -i --network none --entrypoint python3 vllm:1 -"
    programs.add(
        "docker",
        f'[ "${{*:1:9}}" = "{wanted}" ] || exit 99; shift 8; '
        f'PYTHONPATH={tmp_path}/site exec {sys.executable} "$@"',
    )
    return programs


def ask(image: Programs, *arguments: str) -> tuple[ArgumentsParse, Answer]:
    check = ArgumentsParse("vllm:1", arguments)
    return check, image.run(dataclasses.replace(check.probe(), timeout=60))


def test_good_arguments_are_taken_and_the_version_is_told(image: Programs, request):
    check, answer = ask(image, "org/name", "--max-model-len", "4096")

    assert check.find(answer).verdict.ok
    assert check.read(answer).version == request.node.callspec.params["image"]


def test_an_unknown_argument_is_refused_in_vllms_words(image: Programs):
    check, answer = ask(image, "org/name", "--colour", "green")

    assert check.find(answer).verdict.faults == (
        "vLLM refuses the arguments: unrecognized arguments: --colour green",
    )


def test_arguments_that_do_not_go_together_are_refused(image: Programs):
    check, answer = ask(image, "org/name", "--tool-call-parser", "odd")

    assert check.find(answer).verdict.faults == ("vLLM refuses the arguments: odd is no parser",)


def test_an_image_without_vllm_could_not_be_asked(tmp_path: Path):
    programs = Programs(tmp_path)
    programs.add("docker", f'shift 8; exec {sys.executable} -S "$@"')

    check, answer = ask(programs, "org/name")

    with pytest.raises(Unreadable, match="No module named 'vllm'"):
        check.read(answer)
