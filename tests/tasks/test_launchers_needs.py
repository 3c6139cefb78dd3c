"""What launchers need of a host, asked by real scripts: programs, processes, ports and files."""

import subprocess
import sys

import pytest

from tasks.check import Answer, Unreadable
from tasks.checks.files import FilesThere
from tasks.checks.port import PortFree
from tasks.checks.processes import ProcessGone
from tasks.checks.venv import VenvThere
from tests.tasks.programs import Programs


def venv_of(programs: Programs, *packages: str) -> VenvThere:
    folder = programs.home / "env"
    for package in packages:
        (folder / "lib/python3.12/site-packages" / f"{package}.dist-info").mkdir(parents=True, exist_ok=True)
    return VenvThere(str(folder), (("VLLM_BIN", str(programs.folder / "vllm")),))


def test_an_environment_is_known_by_its_packages(tmp_path):
    programs = Programs(tmp_path)
    programs.add("vllm", "true")
    first = venv_of(programs, "vllm-0.33.0").read(programs.run(venv_of(programs).probe()))
    second = venv_of(programs, "extra-1").read(programs.run(venv_of(programs).probe()))

    assert first.identity.startswith("venv:")
    assert first.identity != second.identity


def test_an_environment_that_is_empty_or_lacks_a_program_is_refused_by_name(tmp_path):
    programs = Programs(tmp_path)
    found = venv_of(programs).find(programs.run(venv_of(programs).probe()))

    assert "VLLM_BIN=" in found.verdict.faults[0]
    assert "holds no packages" in found.verdict.faults[1]


def test_a_process_that_took_over_a_number_is_not_stopped(tmp_path):
    programs = Programs(tmp_path)
    other = subprocess.Popen(["sleep", "60"])
    record = programs.home / ".local/state/spark-control/processes/vllm_node"
    record.mkdir(parents=True)
    (record / "pid").write_text(f"{other.pid} 1\n")
    (record / "mark").write_text("launch-1\n")
    gone = ProcessGone("vllm_node")

    assert gone.read(programs.run(gone.probe())) == "exited"
    [fix] = gone.fix("exited")
    assert programs.run(fix).ok
    assert gone.read(programs.run(gone.probe())) == ""
    assert other.poll() is None
    other.kill()
    other.wait()


def test_what_outlived_its_engine_is_ended_by_the_mark(tmp_path):
    programs = Programs(tmp_path)
    straggler = subprocess.Popen(
        [sys.executable, "-c", "input()"], env={"SPARK_LAUNCH": "launch-of-this-test"}, stdin=subprocess.PIPE
    )
    record = programs.home / ".local/state/spark-control/processes/vllm_node"
    record.mkdir(parents=True)
    (record / "pid").write_text("999999999 1\n")
    (record / "mark").write_text("launch-of-this-test\n")

    assert programs.run(ProcessGone("vllm_node").fix("exited")[0]).ok
    assert straggler.wait(10) == -9
    straggler.stdin.close()


def test_the_kernels_list_tells_who_listens(tmp_path):
    head = "  sl  local_address rem_address   st\n"
    taken = "   0: 00000000:22B8 00000000:0000 0A\n   1: 0100007F:1F90 00000000:0000 01\n"

    assert PortFree(8888).read(Answer(0, head + taken)) is False
    assert PortFree(8080).read(Answer(0, head + taken)) is True
    with pytest.raises(Unreadable):
        PortFree(1).read(Answer(1, "", "no /proc"))


def test_files_that_are_missing_are_named_whatever_they_are_called(tmp_path):
    programs = Programs(tmp_path)
    (tmp_path / "a b").touch()
    check = FilesThere((str(tmp_path / "a b"), "/no where/$(id)"))

    assert check.read(programs.run(check.probe())) == ("/no where/$(id)",)
