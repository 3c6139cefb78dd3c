"""The rules that tools hold: each is kept by the code, and each breaks when it is broken."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("blocks", "tasks", "flows", "gateway", "simulator", "control")
TOOLS = Path(sys.executable).parent

# A line that breaks a rule, where it is put, and words of the rule.
BREACHES = [
    ("tasks/sight.py", "import flows", "flows use tasks"),
    ("gateway/heads.py", "import tasks", "the gateway knows blocks"),
    ("simulator/memory.py", "import blocks", "the simulator knows nothing"),
    ("control/up.py", "import simulator", "nobody knows the gateway or the simulator"),
    ("tasks/plan.py", "import paramiko", "only tasks.ssh opens a connection"),
    ("blocks/menu.py", "import prefect", "do not load Prefect"),
    ("gateway/heads.py", "import asyncssh", "the gateway holds no SSH"),
    ("tasks/diagnosis.py", "import subprocess", "do no I/O"),
]


@pytest.fixture
def copy(tmp_path):
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "loq.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def test_the_code_keeps_the_import_rules(copy):
    assert "0 broken" in _imports(copy).stdout


@pytest.mark.parametrize(("file", "line", "rule"), BREACHES)
def test_a_breach_of_an_import_rule_is_seen(copy, file, line, rule):
    with (copy / file).open("a", encoding="utf-8") as text:
        text.write(f"\n{line}\n")

    said = _imports(copy)

    assert said.returncode != 0
    assert [row for row in said.stdout.splitlines() if rule in row and row.endswith("BROKEN")]


def test_a_file_that_is_too_long_is_seen(copy):
    (copy / "tasks" / "long.py").write_text('"""Too long."""\n' + "x = 1\n" * 260, encoding="utf-8")

    said = subprocess.run([TOOLS / "loq", "check"], cwd=copy, capture_output=True, text=True, check=False)

    assert said.returncode != 0
    assert "long.py" in said.stdout


def _imports(folder):
    words = [TOOLS / "lint-imports", "--no-cache"]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
