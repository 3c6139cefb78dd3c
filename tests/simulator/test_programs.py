"""The other stand-ins of a simulated host: as odd as a GB10, and loud about what they do not know."""

import json
import shlex

import pytest

GLM = "hub/models--zai-org--GLM-4.7-Flash"


async def test_nvidia_smi_has_no_memory_to_report(spark):
    _, out, _ = await spark("nvidia-smi --query-gpu=name,memory.total,utilization.gpu --format=csv")
    assert out == "name, memory.total [MiB], utilization.gpu [%]\nNVIDIA GB10, [N/A], 0 %\n"

    _, out, _ = await spark("nvidia-smi --query-gpu=driver_version,power.draw --format=csv,noheader,nounits")
    assert out == "580.126.09, 4.50\n"

    assert "| Not Supported " in (await spark("nvidia-smi"))[1]
    assert (await spark("nvidia-smi --query-gpu=nosuch --format=csv"))[0] == 2


async def test_use_and_power_follow_a_working_process(simulated_cluster, spark):
    busy = f"{simulated_cluster.folder}/spark-1/busy"

    _, out, _ = await spark(
        f"mkdir -p {busy}; echo '96 47.5' > {busy}/$$; "
        "nvidia-smi --query-gpu=utilization.gpu,power.draw,pstate --format=csv,noheader"
    )

    assert out == "96 %, 47.50 W, P0\n"
    assert "0 %, 4.50 W" in (
        await spark("nvidia-smi --query-gpu=utilization.gpu,power.draw --format=csv,noheader")
    )[1]  # fmt: skip


def available(out):
    return int(out.splitlines()[1].split()[6])


async def test_free_counts_what_live_processes_hold_and_gives_it_back(simulated_cluster, spark):
    idle = available((await spark("free -k"))[1])
    memory = f"{simulated_cluster.folder}/spark-1/memory"

    apps = "nvidia-smi --query-compute-apps=pid,used_memory --format=csv,noheader"
    _, held, _ = await spark(f"echo 40 > {memory}/$$; free -k; {apps}")

    assert idle - available(held) == 40 * 2**20
    assert "40960 MiB" in held
    await spark(f"while free -k > /dev/null; [ $(ls {memory} | wc -l) -gt 0 ]; do sleep 0.05; done")
    assert available((await spark("free -k"))[1]) == idle


async def test_memory_of_the_dead_can_be_made_to_stay(simulated_cluster, spark):
    memory = simulated_cluster.folder / "spark-1/memory"
    with simulated_cluster.fault("memory-stays"):
        await spark(f"echo 40 > {memory}/$$")
        first, second = [available((await spark("sleep 0.7; free -k"))[1]) for _ in range(2)]
        assert first == second < 80 * 2**20
    for entry in memory.iterdir():
        entry.unlink()


async def test_total_memory_is_that_of_a_gb10_in_every_unit(spark):
    assert (await spark("free"))[1].splitlines()[1].split()[1] == "127600748"
    assert (await spark("free -g"))[1].splitlines()[1].split()[1] == "121"
    assert (await spark("free -b -w"))[1].splitlines()[0].split() == [
        "total", "used", "free", "shared", "buffers", "cache", "available",
    ]  # fmt: skip


async def test_addresses_are_those_of_lan_and_fabric(spark):
    assert (await spark("hostname -I"))[1] == "192.168.1.11 192.168.177.11 \n"
    assert (await spark("ip -o -4 addr show dev enp1s0f1np1"))[1].split()[3] == "192.168.177.11/24"
    assert json.loads((await spark("ip -j -4 addr show dev enP7s7"))[1])[0]["operstate"] == "UP"
    assert (await spark("ibdev2netdev | grep -c '(Up)'"))[1] == "2\n"
    assert "Speed: 200000Mb/s" in (await spark("ethtool enp1s0f1np1"))[1]


WAKE = """
import socket, sys
mac, address, port = sys.argv[1:]
packet = b"\\xff" * 6 + bytes.fromhex(mac.replace(":", "")) * 16
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(packet, (address, int(port)))
"""


async def test_a_sleeping_host_is_woken_by_a_packet_for_its_lan_interface(simulated_cluster, spark):
    _, told, _ = await spark("ssh spark-2 ip -j addr show dev enP7s7")
    _, other, _ = await spark("ssh spark-2 ip -j addr show dev enp1s0f1np1")
    host = simulated_cluster.config["hosts"][1]
    wake = f"python3 - %s {host['wake_address']} {host['wake_port']}"
    with simulated_cluster.fault("unreachable", "asleep", number=2):
        await spark(wake % json.loads(other)[0]["address"], WAKE)
        assert (await spark("ssh spark-2 true"))[0] == 255

        await spark(wake % json.loads(told)[0]["address"], WAKE)

        assert (await spark("timeout 20 bash -c 'until ssh spark-2 true; do sleep 0.05; done'"))[0] == 0


async def test_units_are_files_and_changing_them_needs_rights(simulated_cluster, spark):
    ask = "systemctl show docker --property=LoadState,ActiveState"
    assert (await spark(ask))[1] == "LoadState=loaded\nActiveState=active\n"
    assert (await spark("systemctl show nosuch -pLoadState --value"))[:2] == (0, "not-found\n")
    assert (await spark("systemctl is-active nosuch"))[:2] == (3, "inactive\n")
    assert (await spark("systemctl stop docker"))[0] == 1


async def test_sudo_asks_for_a_password_and_never_runs_the_real_thing(simulated_cluster, spark):
    allowed = simulated_cluster.folder / "spark-1" / "sudo-allowed"
    assert await spark("sudo -n true") == (1, "", "sudo: a password is required\n")
    assert (await spark("sudo id"))[0] == 1
    allowed.touch()
    try:
        assert (await spark("sudo -n true"))[0] == 0
        assert (await spark("sudo -n systemctl stop docker; systemctl is-active docker"))[1] == "inactive\n"
        assert "not simulated, so not run" in (await spark("sudo -n touch /root/x"))[2]
        await spark("sudo -n systemctl start docker")
    finally:
        allowed.unlink()


async def test_processes_of_other_hosts_are_not_seen_nor_killed(spark):
    await spark("ssh spark-2 'setsid sleep 7654 > /dev/null 2>&1 < /dev/null &'")

    assert (await spark("pgrep -f '[s]leep 7654'"))[0] == 1
    assert (await spark("pkill -f '[s]leep 7654'"))[0] == 1
    assert (await spark("ssh spark-2 \"pkill -f '[s]leep 7654'\""))[0] == 0


async def test_a_half_finished_model_is_completed_by_a_download(simulated_cluster, spark):
    cache = simulated_cluster.home() / ".cache/huggingface"
    assert len(list((cache / GLM).glob("blobs/*.incomplete"))) == 1
    assert len(list((cache / GLM).glob("snapshots/*/*.safetensors"))) == 6

    status, out, error = await spark("~/.local/bin/uvx hf download zai-org/GLM-4.7-Flash")

    snapshot = next((cache / GLM).glob("snapshots/*"))
    assert (status, out) == (0, f"{snapshot}\n")
    assert "100%" in error
    shards = list(snapshot.glob("*.safetensors"))
    assert sum(shard.stat().st_size for shard in shards) == 29 * 2**30
    assert not list((cache / GLM).glob("blobs/*.incomplete"))


async def test_a_download_honours_its_patterns_and_folders(simulated_cluster, spark):
    _, out, _ = await spark("~/.local/bin/hf download a/b --include '*.json' --cache-dir ./elsewhere")

    assert out.startswith("elsewhere/models--a--b/snapshots/")
    names = {file.name for file in (simulated_cluster.home() / out.strip()).iterdir()}
    assert "config.json" in names
    assert not any(name.endswith(".safetensors") for name in names)


async def test_the_disks_hold_the_models_they_should(simulated_cluster):
    hub = ".cache/huggingface/hub"
    first = {folder.name for folder in (simulated_cluster.home(1) / hub).iterdir()}
    index = json.loads(
        next((simulated_cluster.home(2) / hub).glob("*gpt-oss*/snapshots/*/*index.json")).read_text()
    )

    assert {"models--openai--gpt-oss-120b", "models--cyankiwi--MiniMax-M2.7-AWQ-4bit"} <= first
    assert index["metadata"]["total_size"] == 61 * 2**30
    assert len(set(index["weight_map"].values())) == 14
    assert (simulated_cluster.home(1) / "models/house-tuned-8b/config.json").exists()


@pytest.mark.parametrize(
    "words",
    ["nvidia-smi", "free", "ip", "hostname", "uname", "ethtool", "systemctl", "timedatectl", "sudo", "ps",
     "pgrep", "pkill", "ibdev2netdev", "ssh", "scp", "rsync", "~/.local/bin/hf", "~/.local/bin/uvx",
     "dpkg-query", "apt-get"],
)  # fmt: skip
async def test_an_unknown_argument_is_named(spark, words):
    status, out, error = await spark(f"{words} --nosuch")

    assert status not in (0, 255), out
    assert "--nosuch" in error


async def test_the_clock_is_in_step(spark):
    assert (await spark(shlex.join(["timedatectl", "show", "-p", "NTPSynchronized", "--value"])))[
        1
    ] == "yes\n"
