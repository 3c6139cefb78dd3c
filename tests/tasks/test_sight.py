"""One look at a host: the script on a real bash among stand-in programs, and what is read from it."""

import os
import socket
from pathlib import Path

import pytest

from tasks.sight import ContainerSeen, Gpu, HostSight, look_command, read_sight
from tasks.sight_parts import Address, GpuProcess, Lan, Link
from tests.tasks.programs import Programs

ID = "5bd2" * 16
ROW = f'{{"ID":"{ID}","Names":"vllm_node","State":"running","Status":"Up 2 hours","Image":"vllm-node"}}'
INSPECTED = f"{ID} 3 2026-09-13T09:38:07.188487929Z healthy"
GPU = "NVIDIA GB10, 7, 41, 11.25, 2411, 0x0000000000000000, 580.126.09"
SMI = (
    """case "$*" in *--query-gpu=*) echo '{gpu}' ;; *) echo '114687, 19135, /usr/local/bin/python' ;; esac"""
)
DOCKER = """case $1 in ps) echo '{row}' ;; inspect) [ "${{@: -1}}" = {id} ] && echo '{said}' ;; esac"""


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """A GB10 with one container."""
    programs = Programs(tmp_path)
    programs.add("nvidia-smi", SMI.format(gpu=GPU))
    programs.add("docker", DOCKER.format(row=ROW, id=ID, said=INSPECTED))
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
    assert sight.gpu == Gpu("NVIDIA GB10", 7, 41, 11.25, 2411, (), "580.126.09")
    assert sight.gpu_processes == (GpuProcess(114687, "/usr/local/bin/python", 19135),)
    started = "2026-09-13T09:38:07.188487929Z"
    seen = ContainerSeen("vllm_node", "running", "Up 2 hours", "vllm-node", 3, started, "healthy", ID)
    assert sight.containers == (seen,)
    assert (sight.gpu_fault, sight.docker_fault) == ("", "")


def _free_bytes(folder: Path) -> int:
    room = os.statvfs(folder)
    return room.f_bavail * room.f_frsize


@pytest.mark.parametrize("word", ["[N/A]", "N/A", "Not Supported", "", "[Unknown Error]", "nan"])
def test_what_a_gb10_does_not_know_is_none(programs: Programs, word: str):
    line = f"NVIDIA GB10, {word}, 38, {word}, {word}, {word}, 580.95.05"
    programs.add("nvidia-smi", SMI.format(gpu=line))

    assert look(programs).gpu == Gpu("NVIDIA GB10", None, 38, None, None, (), "580.95.05")


def test_of_several_gpus_the_first_is_shown(programs: Programs):
    programs.add("nvidia-smi", f"echo '{GPU}'; echo 'NVIDIA GB10, 4, 5, 6, 7, 0x0, 1'")

    assert look(programs).gpu == Gpu("NVIDIA GB10", 7, 41, 11.25, 2411, (), "580.126.09")


def test_why_the_gpu_is_slow_is_said_in_words(programs: Programs):
    programs.add("nvidia-smi", SMI.format(gpu=GPU.replace("0x0000000000000000", "0x0000000000000061")))

    assert look(programs).gpu.throttling == (
        "slowed down by the driver: too hot", "slowed down by the hardware: too hot"
    )  # fmt: skip


def test_the_container_of_a_process_on_the_gpu_is_known_by_its_control_group(
    programs: Programs, tmp_path: Path
):
    group = tmp_path / "proc" / "114687" / "cgroup"
    group.parent.mkdir(parents=True)
    group.write_text(f"0::/system.slice/docker-{ID}.scope\n")

    found = look(programs, PROCFS_ROOT=str(tmp_path / "proc")).gpu_processes

    assert found == (GpuProcess(114687, "/usr/local/bin/python", 19135, "vllm_node"),)


def test_memory_that_files_take_and_swap_and_pressure_stand_apart(programs: Programs, tmp_path: Path):
    rows = "Mem: 130 70 20 1 40 60", "Swap: 16 3 13"
    programs.add("free", f"echo '{rows[0]}'; echo '{rows[1]}'")
    (tmp_path / "proc" / "pressure").mkdir(parents=True)
    (tmp_path / "proc" / "pressure" / "memory").write_text(
        "some avg10=1.50 avg60=0.00 avg300=0.00 total=7\nfull avg10=0.25 avg60=0.00 avg300=0.00 total=5\n"
    )

    sight = look(programs, PROCFS_ROOT=str(tmp_path / "proc"))

    assert (sight.memory_total, sight.memory_available, sight.page_cache) == (130, 60, 40)
    assert (sight.swap_total, sight.swap_used) == (16, 3)
    assert sight.pressure == {"some": 1.5, "full": 0.25}


def test_network_is_lan_vpn_and_the_ports_of_the_fast_link(programs: Programs, tmp_path: Path):
    route = "default via 192.0.2.1 dev enP7s7 proto dhcp metric 100"
    addresses = "2: enP7s7    inet 192.0.2.11/24 x", "9: tailscale0    inet 100.64.0.7/32 x"
    programs.add("ip", _ip(route, addresses))
    _write(tmp_path / "sys/class/net/enP7s7/address", "3c:6d:66:00:00:01")
    for adapter, state in (("rocep1s0f0", "1: DOWN"), ("rocep1s0f1", "4: ACTIVE")):
        _write(tmp_path / f"sys/class/infiniband/{adapter}/ports/1/state", state)
    _write(tmp_path / "sys/class/infiniband/rocep1s0f1/ports/1/rate", "200 Gb/sec (4X HDR)")
    (tmp_path / "sys/class/infiniband/rocep1s0f1/device/net/enp1s0f1np1").mkdir(parents=True)

    sight = look(programs, SYSFS_ROOT=str(tmp_path / "sys"))

    assert sight.lan == Lan("enP7s7", "192.0.2.11", "3c:6d:66:00:00:01")
    assert sight.vpn == Address("tailscale0", "100.64.0.7")
    assert sight.links == (
        Link("rocep1s0f0", "", "DOWN", None), Link("rocep1s0f1", "enp1s0f1np1", "ACTIVE", 200)
    )  # fmt: skip


def _ip(route: str, addresses: tuple[str, ...]) -> str:
    lines = " ".join(f"'{line}'" for line in addresses)
    return f"case $1 in route) echo '{route}' ;; *) printf '%s\\n' {lines} ;; esac"


def _write(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{line}\n")


def test_a_host_without_network_programs_or_adapters_is_read_all_the_same(programs: Programs, tmp_path: Path):
    programs.add("ip", "exit 127")

    sight = look(programs, SYSFS_ROOT=str(tmp_path))

    assert (sight.lan, sight.vpn, sight.links) == (None, None, ())


def test_the_public_key_of_the_host_is_shown_when_there_is_one(programs: Programs):
    assert look(programs).public_key == ""

    _write(programs.home / ".ssh/id_ed25519.pub", "ssh-ed25519 AAAA spark@spark-1")

    assert look(programs).public_key == "ssh-ed25519 AAAA spark@spark-1"


@pytest.mark.parametrize("manners", ["", "trap '' TERM;"])
def test_a_hanging_nvidia_smi_is_a_finding_and_does_not_stop_the_look(programs: Programs, manners: str):
    """A wedged driver: the program hangs, and may not even hear that it should end."""
    programs.add("nvidia-smi", f"{manners} exec sleep 60")
    shorter = 'shift 3; exec /usr/bin/timeout -k 0.1 0.2 "$@"'
    programs.add("timeout", f'[[ "$*" == *nvidia-smi* ]] || exec /usr/bin/timeout "$@"; {shorter}')

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


def test_a_fourth_nvidia_smi_is_not_started_while_three_hang_in_the_kernel(
    programs: Programs, tmp_path: Path
):
    for pid in (11, 12, 13):
        _write(tmp_path / f"proc/{pid}/stat", f"{pid} (nvidia-smi) D 1 1 1 0")

    sight = look(programs, PROCFS_ROOT=str(tmp_path / "proc"))

    assert sight.gpu_fault == "nvidia-smi hangs: the driver is wedged"


def test_a_container_that_went_between_the_two_questions_is_shown_as_far_as_it_is_known(programs: Programs):
    programs.add("docker", f"[ $1 = ps ] && echo '{ROW}'")

    (seen,) = look(programs).containers

    assert (seen.state, seen.restarts, seen.started_at) == ("running", None, "")


def test_what_a_host_says_is_bounded(programs: Programs):
    programs.add("docker", f"[ $1 = ps ] && for i in $(seq 3000); do echo '{ROW}'; done")

    assert len(look(programs).containers) == 200
