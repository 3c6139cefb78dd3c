"""Starting, stopping and taking up again a simulated cluster."""

import signal
import subprocess
import sys

import pytest

from tests.simulator.simulation import living, start, stop


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "a folder"


async def test_a_stopped_simulator_leaves_no_process_behind(folder):
    simulation = start(folder)
    async with simulation.shell() as run:
        await run("docker run -d --name c1 vllm-node bash -c 'setsid sleep 999 & sleep 999'")
        await run("setsid nohup sleep 999 > /dev/null 2>&1 < /dev/null &")
    assert len(living(folder)) >= 3

    stop(simulation)

    assert living(folder) == []


async def test_keys_ports_and_disks_are_taken_up_again_and_containers_are_not(folder):
    first = start(folder)
    async with first.shell() as run:
        await run("touch kept; docker run -d --name c1 vllm-node sleep 999")
    stop(first)

    second = start(folder)

    assert second.config == first.config
    async with second.shell() as run:
        assert (await run("ls kept"))[0] == 0
        assert (await run("docker ps -aq --filter name=^/c1$"))[1] == ""
    stop(second)


async def test_what_a_killed_simulator_left_is_ended_by_the_next(folder):
    first = start(folder, "--hosts", "1")
    async with first.shell() as run:
        await run("docker run -d --rm --name c1 vllm-node sleep 999")
    before = set(living(folder))
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    first.process.stdout.close()
    assert before

    second = start(folder, "--hosts", "1")

    assert before.isdisjoint(living(folder))
    stop(second)


def test_a_first_start_that_was_broken_off_is_made_good(folder):
    (folder / "spark-1" / "home" / ".cache").mkdir(parents=True)

    simulation = start(folder, "--hosts", "1")

    assert (simulation.home() / "spark-vllm-docker" / "launch-cluster.sh").exists()
    stop(simulation)


def test_a_folder_in_use_is_refused(folder):
    simulation = start(folder)

    again = subprocess.run(  # noqa: PLW1510 - the status is what is asked
        [sys.executable, "-m", "simulator", "--dir", folder], capture_output=True, text=True, timeout=60
    )

    assert again.returncode == 1
    assert "is in use" in again.stderr
    stop(simulation)


async def test_the_services_run_from_the_boot_on_and_vllm_does_not(simulated_cluster):
    async with simulated_cluster.shell(2) as run:
        _, names, _ = await run("docker ps --format '{{.Names}}'")

    assert {"parakeet-asr", "kokoro-tts", "embeddings", "qdrant"} <= set(names.split())
    assert "vllm_node" not in names


def test_one_host_holds_everything(folder):
    simulation = start(folder, "--hosts", "1", "--scale", "0.01")

    assert {service["host"] for service in simulation.config["services"]} == {"spark-1"}
    assert [host["name"] for host in simulation.config["hosts"]] == ["spark-1"]
    stop(simulation)


def test_a_launcher_that_is_given_takes_the_place_of_ours(folder, tmp_path):
    given = tmp_path / "given"
    given.mkdir()
    (given / "launch-cluster.sh").write_text("#!/bin/sh\necho given\n")
    (given / ".gitignore").write_text("x\n")

    simulation = start(folder, "--launcher", str(given))

    placed = simulation.home() / "spark-vllm-docker"
    assert (placed / "launch-cluster.sh").read_text() == "#!/bin/sh\necho given\n"
    assert 'CLUSTER_NODES="192.168.177.11,192.168.177.12"' in (placed / ".env").read_text()
    assert (placed / ".gitignore").read_text() == "x\n"
    stop(simulation)
