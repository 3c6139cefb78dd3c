"""Faults: a file dropped into a host's folder makes it misbehave, and it is well again without the file."""

import asyncio
import time

import asyncssh
import pytest


async def until_refused(simulated_cluster):
    while True:
        try:
            async with simulated_cluster.connect():
                await asyncio.sleep(0.02)
        except (OSError, asyncssh.Error):
            return


async def until_let_in(simulated_cluster):
    while True:
        try:
            async with simulated_cluster.connect() as connection:
                return await connection.run("true")
        except (OSError, asyncssh.Error):
            await asyncio.sleep(0.02)


async def test_unreachable_refuses_and_aborts_and_passes(simulated_cluster):
    async with simulated_cluster.connect() as connection:
        running = await connection.create_process("sleep 60")

        with simulated_cluster.fault("unreachable"):
            await connection.wait_closed()
            assert running.exit_status is None
            await until_refused(simulated_cluster)

    assert (await until_let_in(simulated_cluster)).exit_status == 0


async def test_a_hung_host_takes_the_connection_and_says_nothing(simulated_cluster):
    host = simulated_cluster.config["hosts"][0]
    with simulated_cluster.fault("ssh-hang"):
        await asyncio.sleep(0.3)
        reader, writer = await asyncio.open_connection(host["address"], host["ssh_port"])

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.3)

        writer.close()
    await until_let_in(simulated_cluster)


async def test_ssh_slow_delays_each_command(simulated_cluster, spark):
    with simulated_cluster.fault("ssh-slow", "0.4"):
        begun = time.monotonic()
        await spark("true")

    assert time.monotonic() - begun >= 0.4


async def test_ssh_cut_breaks_the_connection_once(simulated_cluster):
    with simulated_cluster.fault("ssh-cut", "0.05"):
        async with simulated_cluster.connect() as connection:
            assert (await connection.run("sleep 60")).exit_status is None
            await connection.wait_closed()
        async with simulated_cluster.connect() as connection:
            assert (await connection.run("echo whole")).stdout == "whole\n"


async def test_peers_may_refuse_one_another(simulated_cluster, spark):
    with simulated_cluster.fault("ssh-peers", number=2):
        status, _, error = await spark("ssh spark-2 true")

    assert (status, error) == (255, "spark@spark-2: Permission denied (publickey).\n")


async def test_a_docker_verb_fails_with_the_message_given(simulated_cluster, spark):
    with simulated_cluster.fault("docker-ps", "7\nCannot connect to the Docker daemon"):
        assert await spark("docker ps") == (7, "", "Cannot connect to the Docker daemon\n")
        assert (await spark("docker images -q"))[0] == 0


@pytest.mark.parametrize(("fault", "command"), [("docker-hang", "docker ps"), ("nvidia-smi", "nvidia-smi")])
async def test_a_hang_lasts_until_somebody_ends_it(simulated_cluster, spark, fault, command):
    with simulated_cluster.fault(fault, "hang"):
        assert (await spark(f"timeout 0.5 {command}"))[0] == 124


async def test_a_full_disk_shows_in_df_and_ends_downloads(simulated_cluster, spark):
    with simulated_cluster.fault("disk-full"):
        assert " 100% " in (await spark("df -P ~"))[1]
        assert (await spark("df -B1 --output=avail ~"))[1].split()[1] == "0"
        status, _, error = await spark("~/.local/bin/hf download some/model")
        assert (status, "No space left on device" in error) == (1, True)
    assert " 100% " not in (await spark("df -P ~"))[1]


async def test_a_gated_repository_is_told_as_the_hub_tells_it(simulated_cluster, spark):
    with simulated_cluster.fault("gated", "some/gated"):
        status, _, error = await spark("~/.local/bin/hf download some/gated")

    assert status == 1
    assert "Cannot access gated repo for url" in error
    assert "401 Client Error" in error


async def test_an_image_can_drift_on_one_host(simulated_cluster, spark):
    ask = "docker image inspect --format '{{.Id}}' vllm-node"
    with simulated_cluster.fault("image-drift", "sha256:" + "ab" * 32, number=2):
        assert (await spark(f"ssh spark-2 {ask!r}"))[1] == f"sha256:{'ab' * 32}\n"
    assert (await spark(f"ssh spark-2 {ask!r}"))[1] == (await spark(ask))[1]


async def test_every_fault_is_documented_in_the_hosts_own_folder(simulated_cluster):
    text = (simulated_cluster.folder / "spark-1" / "faults" / "README.md").read_text()

    names = "unreachable ssh-hang ssh-slow ssh-cut ssh-peers docker-VERB docker-hang nvidia-smi disk-full"
    for fault in f"{names} image-drift memory-stays gated".split():
        assert f"| `{fault}` |" in text
