"""`python -m control.recipes` as a person uses it: real files, real processes, a real Prefect."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from control.recipes import SCHEMA, schema

CHECKOUT = Path(__file__).parents[2]
OWN = "recipes:\n- {key: own, model: org/own, name: My Own}\nknobs:\n  gpt-oss-120b: {max_num_seqs: 2}\n"
COMMUNITY = """recipe_version: "1"
name: Tiny
container: maker/image:1
build_args: [--exp-x]
defaults: {port: 8000, seqs: 4}
command: vllm serve org/tiny --port {port} --max-num-seqs {seqs}
"""
FILL = """
import asyncio
from control.prepare import prepare
asyncio.run(prepare([{}, {}, {"url": "x"}, {}, {}, {}, {}]))
"""


class Operator:
    """Runs the command in a folder of their own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "control.recipes", *words]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def has(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """One whose Prefect does not run."""
    nowhere = {"PREFECT_API_URL": "http://127.0.0.1:1/api", "PYTHONPATH": str(CHECKOUT)}
    return Operator(tmp_path, os.environ | nowhere)


@pytest.fixture
def housed(prefect: object, environment: dict[str, str], tmp_path: Path) -> Operator:
    """One whose house is prepared."""
    subprocess.run([sys.executable, "-c", FILL], env=environment, check=True, capture_output=True)
    return Operator(tmp_path, environment)


def test_a_good_file_is_listed_and_what_is_not_honoured_said(operator: Operator):
    operator.has("tiny-fp8.yaml", COMMUNITY)

    done = operator.run("check", "tiny-fp8.yaml")

    assert (done.returncode, done.stdout) == (0, "tiny-fp8: org/tiny on one host, by launch-cluster\n")
    assert "not honoured: build_args: images are not built here" in done.stderr


def test_a_bad_file_is_refused_with_file_line_and_field(operator: Operator):
    operator.has("mine.yaml", "- key: own\n  model: org/own\n  hosts: many\n- key: Other\n  model: x\n")

    done = operator.run("check", "mine.yaml")

    assert done.returncode == 1
    assert [line.partition(": ")[0] for line in done.stderr.splitlines()] == [
        "mine.yaml:3",
        "mine.yaml:4",
        "mine.yaml:5",
    ]
    assert "mine.yaml:3: [own].hosts: " in done.stderr


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_is_not_there_or_no_text_is_named(operator: Operator, content: bytes | None):
    if content:
        (operator.folder / "x.yaml").write_bytes(content)

    done = operator.run("check", "x.yaml")

    assert done.returncode == 1
    assert done.stderr in ("x.yaml: No such file or directory\n", "x.yaml:1: it is not UTF-8 text\n")


def test_without_prefect_it_says_so(operator: Operator):
    operator.has("own.yaml", OWN)

    for words in (("import", "own.yaml"), ("export", "own")):
        done = operator.run(*words)
        assert done.returncode == 1
        assert "Prefect does not answer at http://127.0.0.1:1/api" in done.stderr


def test_what_is_imported_is_launched_with_its_knobs_and_can_be_exported(housed: Operator):
    housed.has("own.yaml", OWN)
    housed.has("tiny.yaml", COMMUNITY)

    done = [housed.run("import", name) for name in ("own.yaml", "tiny.yaml", "own.yaml")]
    exported = housed.run("export", "gpt-oss-120b")
    housed.has("exported.yaml", exported.stdout)
    again = housed.run("check", "exported.yaml")

    assert [each.stderr.splitlines()[-1] for each in done] == [
        "Imported gpt-oss-120b, own.",
        "Imported tiny.",
        "Imported gpt-oss-120b, own.",
    ]
    assert "max_num_seqs: '2'" in exported.stdout
    assert again.stdout == "gpt-oss-120b: openai/gpt-oss-120b on one host, by launch-cluster\n"
    assert housed.run("export", "tiny").stdout.startswith("recipe_version: '1'\nname: Tiny\n")
    assert "known: " in housed.run("export", "nothing").stderr


def test_the_published_schema_is_the_codes(operator: Operator):
    done = operator.run("schema", "--to", "new.json")

    assert done.returncode == 0
    assert (operator.folder / "new.json").read_text() == SCHEMA.read_text(encoding="utf-8")
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == schema()
