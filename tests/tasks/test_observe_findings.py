"""What is not as it should be, from one look: a sentence each, and none for a host that is well."""

from dataclasses import replace
from typing import Any

import pytest

from tasks.checks.memory import GIB
from tasks.observe_facts import facts_of, numbers_of
from tasks.observe_findings import findings_of
from tasks.sight import NO_DOCKER, HostSight
from tasks.sight_parts import ContainerSeen, Gpu, GpuProcess, Lan, Link
from tests.tasks.cluster_of_two import sight

WELL = replace(
    sight(),
    disk_free=900 * GIB,
    disk_total=1000 * GIB,
    root_free=900 * GIB,
    root_total=1000 * GIB,
    swap_total=16 * GIB,
    swap_used=GIB,
    pressure={"some": 3.0, "full": 0.0},
    gpu=Gpu("NVIDIA GB10", 97, 71, 60, 2411, (), "580.126.09"),
    containers=(ContainerSeen("qdrant", "running", "Up", "qdrant", 0, "", "healthy"),),
    links=(Link("rocep1s0f0", "", "DOWN", 40), Link("rocep1s0f1", "enp1s0f1np1", "ACTIVE", 200)),
)
SLOW = Gpu("NVIDIA GB10", 99, 60, 12, 510)
HOT = Gpu("NVIDIA GB10", 99, 90, 60, 2000, ("slowed down by the driver: too hot",))


def test_a_host_that_is_well_has_none():
    assert findings_of(WELL) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"gpu": None, "gpu_fault": "nvidia-smi hangs: the driver is wedged"}, "the driver is wedged."),
        ({"gpu": HOT}, "The GPU is slowed down by the driver: too hot."),
        ({"gpu": SLOW}, "The GPU is fully used at 510 MHz only."),
        ({"swap_used": 15 * GIB}, "Swap is 94 % full"),
        ({"pressure": {"some": 60.0, "full": 35.5}}, "All work waited for memory 36 %"),
        ({"disk_free": 15 * GIB}, "The disk of /home/spark/.cache/huggingface is almost full: 15 GiB"),
        ({"disk_free": None}, "The disk of /home/spark/.cache/huggingface does not answer."),
        ({"root_free": GIB}, "The disk of / is almost full: 1 GiB are left."),
        ({"docker_fault": "docker does not answer"}, "Docker does not answer."),
        ({"containers": (ContainerSeen("asr", "restarting", "", "", 7),)}, "restarted it 7 times"),
        ({"containers": (ContainerSeen("asr", "running", "", "", 0, "", "unhealthy"),)}, "health check"),
        ({"links": (Link("rocep1s0f1", "", "DOWN", 40),)}, "is the cable plugged in?"),
    ],
)
def test_each_fault_is_one_sentence(change: dict[str, Any], words: str):
    (said,) = findings_of(replace(WELL, **change))

    assert words in said
    assert said[-1] in ".?"


def test_one_full_disk_is_said_once():
    full: dict[str, Any] = {"disk_free": GIB, "root_free": GIB}

    assert len(findings_of(replace(WELL, **full))) == 1


def test_a_host_without_docker_or_fast_link_is_well():
    assert findings_of(replace(WELL, docker_fault=NO_DOCKER, links=(), containers=())) == []


def test_the_numbers_have_one_unit_each_and_leave_out_what_is_not_told():
    held = replace(WELL, gpu_processes=(GpuProcess(1, "vllm", 2048.0), GpuProcess(2, "asr", None)))
    bare = sight(available=10)

    assert numbers_of(held)["gpu_memory_gib"] == 2
    assert numbers_of(held)["swap_used_gib"] == 1
    assert numbers_of(bare) == {"memory_available_gib": 10, "disk_free_gib": 0, "load": 0}


def test_a_mac_address_that_was_seen_once_stays():
    known: HostSight = replace(WELL, lan=Lan("enP7s7", "192.0.2.11", "3c:6d:66:00:00:01"))
    before = facts_of(known, {})

    assert before["mac"] == "3c:6d:66:00:00:01"
    assert facts_of(replace(WELL, lan=None), before)["mac"] == "3c:6d:66:00:00:01"
    assert "public_key" not in before
