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
    for name in ("--max-num-seqs", "--max-num-batched-tokens"):
        parser.add_argument(name, type=int)
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

DOCKER = """
[ "$*" = "${*/--gpus/}" ] && [ "$1 $2" = "run --rm" ] || exit 99
while [ "$1" != vllm:1 ]; do [ "$1" = -e ] && export "$2"; shift; done
shift
PYTHONPATH=%s/site exec %s %s "$@"
"""


@pytest.fixture(params=PLACES)
def image(request: pytest.FixtureRequest, tmp_path: Path) -> Programs:
    """A docker whose images all hold that vLLM."""
    for place in PLACES[request.param]:
        module = tmp_path / "site" / "vllm" / place
        module.parent.mkdir(parents=True, exist_ok=True)
        module.write_text(PARSER)
    (tmp_path / "site" / "vllm" / "__init__.py").write_text(f"__version__ = '{request.param}'")
    programs = Programs(tmp_path)
    programs.add("docker", DOCKER % (tmp_path, sys.executable, ""))
    return programs


def ask(image: Programs, *arguments: str, variables: tuple[str, ...] = ()) -> tuple[ArgumentsParse, Answer]:
    check = ArgumentsParse("vllm:1", arguments, variables)
    return check, image.run(dataclasses.replace(check.probe(), timeout=60))


def site(image: Programs) -> Path:
    return image.home.parent / "site"


def test_good_arguments_are_taken_and_the_version_is_told(image: Programs, request):
    check, answer = ask(image, "org/name", "--max-num-seqs", "4")

    assert check.find(answer).verdict.ok
    assert check.read(answer).version == request.node.callspec.params["image"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--colour", "green"), "unrecognized arguments: --colour green"),
        (("--tool-call-parser", "odd"), "odd is no parser"),
        (
            ("--max-num-seqs", "512", "--max-num-batched-tokens", "256"),
            "max_num_batched_tokens (256) must be greater than or equal to max_num_seqs (512)",
        ),
    ],
)
def test_what_vllm_would_say_at_its_start_is_said_before(image: Programs, arguments, said: str):
    check, answer = ask(image, "org/name", *arguments)

    assert check.find(answer).verdict.faults == (f"vLLM refuses the arguments: {said}",)


def test_a_vllm_for_another_cuda_is_refused(image: Programs):
    missing = "libcudart.so.12: cannot open shared object file: No such file or directory"
    (site(image) / "vllm" / "_C.py").write_text(f"raise ImportError({missing!r})")

    check, answer = ask(image, "org/name")

    assert missing in check.find(answer).verdict.faults[0]


def test_a_library_of_the_driver_that_is_missing_without_a_gpu_is_no_fault(image: Programs):
    (site(image) / "vllm" / "_C.py").write_text("raise ImportError('libcuda.so.1: cannot open')")

    check, answer = ask(image, "org/name")

    assert check.find(answer).verdict.ok


@pytest.mark.parametrize("own", ["ptxas", "ptxas-blackwell"])
def test_an_assembler_that_does_not_know_the_gpu_is_refused_unless_another_is_named(
    image: Programs, own: str
):
    folder = site(image) / "triton" / "backends" / "nvidia" / "bin"
    folder.mkdir(parents=True)
    (site(image) / "triton" / "__init__.py").touch()
    words = "ptxas fatal   : Value 'sm_121a' is not defined for option 'gpu-name'"
    image.add("old", f'echo "{words}" >&2; exit 255')
    image.add("new", 'grep -q "target sm_121a" "$4"')
    (folder / own).symlink_to(image.folder / "old")
    setting = "TRITON_PTXAS_BLACKWELL_PATH" if own.endswith("blackwell") else "TRITON_PTXAS_PATH"

    check, answer = ask(image, "org/name")
    assert words in check.find(answer).verdict.faults[0]

    check, answer = ask(image, "org/name", variables=(f"{setting}={image.folder / 'new'}",))
    assert check.find(answer).verdict.ok


def test_the_vllm_of_a_virtual_environment_is_asked_by_its_own_interpreter(image: Programs):
    image.add("python", f'PYTHONPATH={site(image)} exec {sys.executable} "$@"')
    check = ArgumentsParse("~/env", ("org/name", "--colour"), ("A=1",), python=str(image.folder / "python"))

    answer = image.run(check.probe())

    assert check.find(answer).verdict.faults == (
        "vLLM refuses the arguments: unrecognized arguments: --colour",
    )


def test_an_image_without_vllm_could_not_be_asked(tmp_path: Path):
    programs = Programs(tmp_path)
    programs.add("docker", DOCKER % (tmp_path, sys.executable, "-S"))

    check, answer = ask(programs, "org/name")

    with pytest.raises(Unreadable, match="No module named 'vllm'"):
        check.read(answer)
