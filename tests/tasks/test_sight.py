"""One look at a host: the script on a real bash among stand-in programs, and what is read from it."""

import os
import socket
from pathlib import Path

import pytest

from tasks.check import Answer, Unreadable
from tasks.sight import ContainerSeen, Gpu, HostSight, look_command, number, read_sight
from tests.tasks.programs import Programs

ROW = '{"Names":"vllm_node","State":"running","Status":"Up 2 hours","Image":"vllm-node","Ports":"a=b"}'


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """A GB10 with one container."""
    programs = Programs(tmp_path)
    programs.add("nvidia-smi", "echo 'NVIDIA GB10, 7, 41, 11.25'")
    programs.add("docker", f"echo '{ROW}'")
    return programs


def look(programs: Programs, hf_cache: str | None = None, **environment: str) -> HostSight:
    return read_sight(programs.run(look_command(hf_cache), **environment))


def test_a_look_says_what_the_host_is_and_does(programs: Programs):
    sight = look(programs)

    assert (sight.home, sight.hostname) == (str(programs.home), socket.gethostname())
    assert sight.uptime_seconds > 0
    assert len(sight.load) == 3
    assert 0 < sight.memory_available <= sight.memory_total == os.sysconf("SC_PHYS_PAGES") * 4096
    assert sight.disk_free == pytest.approx(_free_bytes(programs.home), rel=0.2)
    assert sight.gpu == Gpu("NVIDIA GB10", 7, 41, 11.25)
    assert sight.containers == (ContainerSeen("vllm_node", "running", "Up 2 hours", "vllm-node"),)
    assert (sight.gpu_fault, sight.docker_fault) == ("", "")


def _free_bytes(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


@pytest.mark.parametrize("word", ["[N/A]", "N/A", "Not Supported", "", "[Unknown Error]"])
def test_what_a_gb10_does_not_know_is_none(programs: Programs, word: str):
    programs.add("nvidia-smi", f"echo 'NVIDIA GB10, {word}, 38, {word}'")

    assert look(programs).gpu == Gpu("NVIDIA GB10", None, 38, None)


def test_of_several_gpus_the_first_is_shown(programs: Programs):
    programs.add("nvidia-smi", "echo 'NVIDIA GB10, 1, 2, 3'; echo 'NVIDIA GB10, 4, 5, 6'")

    assert look(programs).gpu == Gpu("NVIDIA GB10", 1, 2, 3)


@pytest.mark.parametrize("manners", ["", "trap '' TERM;"])
def test_a_hanging_nvidia_smi_is_a_finding_and_does_not_stop_the_look(programs: Programs, manners: str):
    """A wedged driver: the program hangs, and may not even hear that it should end."""
    programs.add("nvidia-smi", f"{manners} exec sleep 60")
    shorter = 'shift 3; exec /usr/bin/timeout -k 0.1 0.2 "$@"'
    programs.add("timeout", f'[ "$4" = nvidia-smi ] || exec /usr/bin/timeout "$@"; {shorter}')

    sight = look(programs)

    assert (sight.gpu, sight.gpu_fault) == (None, "nvidia-smi hangs: the driver is wedged")
    assert sight.containers


def test_an_nvidia_smi_that_fails_is_a_finding(programs: Programs):
    programs.add("nvidia-smi", "echo 'No devices were found'; exit 6")

    assert (look(programs).gpu, look(programs).gpu_fault) == (None, "nvidia-smi failed with exit code 6")


def test_a_docker_that_fails_is_a_finding_with_its_words(programs: Programs):
    programs.add("docker", "echo 'permission denied at /var/run/docker.sock' >&2; exit 1")

    sight = look(programs)

    assert sight.containers == ()
    assert sight.docker_fault.startswith("docker failed with exit code 1: ")
    assert "permission denied" in sight.docker_fault


def test_without_containers_there_is_no_fault(programs: Programs):
    programs.add("docker", "exit 0")

    assert (look(programs).containers, look(programs).docker_fault) == ((), "")


def test_a_container_is_found_by_its_whole_name(programs: Programs):
    assert look(programs).container("vllm_node").state == "running"
    assert look(programs).container("vllm") is None


def test_the_cache_is_that_of_the_settings_else_of_the_environment_else_the_usual(programs: Programs):
    assert look(programs, "~/cache").cache == f"{programs.home}/cache"
    assert look(programs, "~").cache == str(programs.home)
    assert look(programs, "/mnt/it's $(touch pwned)").cache == "/mnt/it's $(touch pwned)"
    assert look(programs, HF_HOME="/mnt/hf").cache == "/mnt/hf"
    assert look(programs).cache == f"{programs.home}/.cache/huggingface"
    assert list(programs.home.iterdir()) == []


def test_a_look_changes_nothing(programs: Programs):
    look(programs)

    assert list(programs.home.iterdir()) == []


WHOLE = """home=/home/spark
hostname=spark-1
cache=/home/spark/.cache/huggingface
uptime=10.5
load=0.1 0.2 0.3
memory=130 100
disk_free=7
gpu=NVIDIA GB10, 1, 2, 3
nvidia_smi_code=0
docker_code=0
"""


@pytest.mark.parametrize("code", ["124", "137"])
def test_a_docker_that_hangs_is_a_finding(code: str):
    sight = read_sight(Answer(0, WHOLE.replace("docker_code=0", f"docker_code={code}")))

    assert sight.docker_fault == "docker does not answer"


@pytest.mark.parametrize("line", [line for line in WHOLE.splitlines() if not line.startswith("gpu=")])
def test_a_look_that_lacks_something_is_unreadable_and_says_what(line: str):
    with pytest.raises(Unreadable, match=line.partition("=")[0]):
        read_sight(Answer(0, WHOLE.replace(f"{line}\n", "")))


@pytest.mark.parametrize(
    ("line", "odd"),
    [
        ("memory=130 100", "memory=130"),
        ("memory=130 100", "memory=a b"),
        ("disk_free=7", "disk_free="),
        ("gpu=NVIDIA GB10, 1, 2, 3", "gpu=NVIDIA GB10"),
        ("docker_code=0", "docker_code=0\ncontainer=null"),
        ("docker_code=0", 'docker_code=0\ncontainer={"State": "running"}'),
    ],
)
def test_a_look_with_something_odd_is_unreadable(line: str, odd: str):
    with pytest.raises(Unreadable):
        read_sight(Answer(0, WHOLE.replace(line, odd)))


def test_missing_gpu_line_with_a_good_exit_code_is_a_fault_not_a_gpu():
    assert read_sight(Answer(0, WHOLE.replace("gpu=NVIDIA GB10, 1, 2, 3\n", ""))).gpu is None


@pytest.mark.parametrize(("text", "value"), [(" 7 ", 7.0), ("11.5", 11.5), ("[N/A]", None), ("1,5", None)])
def test_a_number_or_none(text: str, value: float | None):
    assert number(text) == value
