"""The CUDA environment as the host's own bash and python3 see and write it, in a folder of the test."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.check import Answer
from tasks.remote import script, script_with
from tasks.state.cuda import CUDA, ENVIRONMENT
from tasks.state.kinds import read_facts

ON_PATH = f"{CUDA}/bin"


def write(file: Path) -> None:
    """Run the script as its fix does."""
    text = script_with("set_environment.py", file=str(file), values=ENVIRONMENT, on_path=ON_PATH)
    subprocess.run([sys.executable, "-"], input=text, text=True, check=True)


def read(file: Path) -> dict[str, str]:
    """The variables of the file, as pam_env takes them."""
    pairs = (line.split("=", 1) for line in file.read_text().splitlines() if not line.startswith("#"))
    return {name: value.strip('"') for name, value in pairs}


def test_the_environment_is_written_once_and_its_first_state_is_kept(tmp_path: Path):
    file = tmp_path / "environment"
    before = '# ours\nPATH="/usr/bin:/bin"\nLANG=C.UTF-8\nCUDA_HOME=/opt/old\n'
    file.write_text(before)

    write(file)
    first, stamp = file.read_text(), file.stat().st_mtime_ns
    write(file)

    assert read(file) == {**ENVIRONMENT, "PATH": f"{ON_PATH}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    assert first.startswith("# ours\n")
    assert (file.read_text(), file.stat().st_mtime_ns) == (first, stamp)
    assert (tmp_path / "environment.before-spark-control").read_text() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "environment",
        "environment.before-spark-control",
    ]


def test_a_later_drift_is_put_right_and_the_very_first_state_stays_kept(tmp_path: Path):
    file = tmp_path / "environment"
    file.write_text("LANG=C\n")
    write(file)
    file.write_text(file.read_text().replace("12.1a", "9.0"))
    write(file)

    assert read(file)["TORCH_CUDA_ARCH_LIST"] == "12.1a"
    assert (tmp_path / "environment.before-spark-control").read_text() == "LANG=C\n"


def test_a_file_that_is_not_there_gets_the_usual_path(tmp_path: Path):
    write(tmp_path / "environment")

    assert (
        read(tmp_path / "environment")["PATH"]
        == f"{ON_PATH}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A toolkit of release 13.0 that no link leads to."""
    programs = tmp_path / "cuda-13.0/bin"
    programs.mkdir(parents=True)
    for name in ("nvcc", "ptxas"):
        (programs / name).write_text("#!/bin/sh\necho 'Cuda compilation tools, release 13.0, V13.0.88'\n")
        (programs / name).chmod(0o755)
    return tmp_path / "cuda"


def look(place: Path) -> dict[str, tuple[str, ...]]:
    """The facts of the group as this machine's bash tells them."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(place.parent), "CUDA_PLACE": str(place)}
    words = ["bash", "-s", "--", "", "", "", "cuda"]
    done = subprocess.run(
        words, input=script("state.sh"), text=True, capture_output=True, env=environment, check=False
    )
    return dict(read_facts(Answer(done.returncode, done.stdout, done.stderr)))


def test_a_toolkit_without_its_link_is_seen_and_with_it_its_releases_are_read(place: Path):
    before = look(place)
    place.symlink_to(place.parent / "cuda-13.0")
    after = look(place)

    assert (before["cuda"], before["cuda_taken"], before["nvcc"]) == (("",), ("no",), ("",))
    assert before["cuda_installed"] == (f"{place}-13.0",)
    assert (after["cuda"], after["nvcc"], after["ptxas"]) == ((f"{place}-13.0",), ("13.0",), ("13.0",))
    assert after["env_PATH"] == ("/usr/bin:/bin",)


def test_something_else_in_the_place_of_the_link_is_seen(place: Path):
    place.mkdir()

    assert look(place)["cuda_taken"] == ("yes",)
