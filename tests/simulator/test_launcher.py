"""The stand-in for launch-cluster.sh: its lines, its exit codes and, above all, its traps."""

import json
import shlex

import pytest

HARD_WORDS = ['{"method":"mtp","n":3}', "a b", "it's", "$HOME", 'say "x"', "ü ✓", "back\\slash", "*"]
CHOSEN = ["serve", "org/model", "--port", "8000", "-tp", "2"]


@pytest.fixture
async def launch(spark):
    """Runs the launcher on the head; stops its containers afterwards."""

    async def launch(*words, before=""):
        return await spark(f"cd spark-vllm-docker && {before} ./launch-cluster.sh {shlex.join(words)}")

    yield launch
    await launch("stop")


def argv(simulated_cluster, number):
    folder = simulated_cluster.folder / f"spark-{number}" / "docker"
    return json.loads((folder / "last-vllm-argv-vllm_node.json").read_text())


async def dispatched(simulated_cluster, spark, number):
    """Wait until vllm in the container of that host has written its argv, then give it."""
    file = f"{simulated_cluster.folder}/spark-{number}/docker/last-vllm-argv-vllm_node.json"
    await spark(f"until [ -s {file} ]; do sleep 0.02; done")
    return argv(simulated_cluster, number)


async def forget(simulated_cluster):
    for number in (1, 2):
        folder = simulated_cluster.folder / f"spark-{number}" / "docker"
        (folder / "last-vllm-argv-vllm_node.json").unlink(missing_ok=True)


async def test_every_word_reaches_vllm_on_head_and_worker(simulated_cluster, spark, launch):
    await forget(simulated_cluster)

    status, out, _ = await launch("-d", "exec", "vllm", *CHOSEN, "--served-model-name", *HARD_WORDS)

    assert status == 0
    assert out.endswith("Command dispatched in background (Daemon mode). Container: vllm_node\n")
    rank = ["--nnodes", "2", "--node-rank", "0", "--master-addr", "192.168.177.11", "--master-port", "29501"]
    given = [*CHOSEN, "--served-model-name", *HARD_WORDS]
    assert await dispatched(simulated_cluster, spark, 1) == [*given, *rank]
    rank[3] = "1"
    assert await dispatched(simulated_cluster, spark, 2) == [*given, *rank, "--headless"]


async def test_the_executor_backend_is_taken_out_on_many_nodes(simulated_cluster, spark, launch):
    await forget(simulated_cluster)

    await launch("-d", "exec", "vllm", *CHOSEN, "--distributed-executor-backend", "ray", "--seed", "1")

    assert (await dispatched(simulated_cluster, spark, 1))[:8] == [*CHOSEN, "--seed", "1"]


async def test_solo_leaves_the_worker_and_the_arguments_alone(simulated_cluster, spark, launch):
    await forget(simulated_cluster)

    status, out, _ = await launch("--solo", "-d", "exec", "vllm", "serve", "org/model", "--port", "8000")

    assert status == 0
    assert "Worker Nodes: \n" in out
    assert await dispatched(simulated_cluster, spark, 1) == ["serve", "org/model", "--port", "8000"]
    assert (await spark("ssh spark-2 docker ps -q -a --filter name=^/vllm_node$"))[1] == ""


async def test_daemon_mode_says_zero_whatever_becomes_of_the_command(launch, spark):
    status, _, _ = await launch("--solo", "-d", "exec", "bash", "-c", "echo doomed; exit 1")

    assert status == 0
    await spark("until docker logs vllm_node | grep -q doomed; do sleep 0.02; done")
    assert "is RUNNING." in (await launch("status"))[1]


async def test_foreground_gives_the_commands_status_and_removes_the_containers(launch, spark):
    status, out, _ = await launch("exec", "bash", "-c", "echo in front; exit 7")

    assert status == 7
    assert "\nin front\n" in out
    assert out.endswith("Cluster stopped.\n")
    for where in ("", "ssh spark-2 "):
        assert (await spark(f"{where}docker ps -aq --filter name=^/vllm_node$"))[1] == ""


async def test_status_says_running_either_way_and_never_fails(launch):
    status, out, _ = await launch("status")
    assert status == 0
    assert "[HEAD] 192.168.177.11: Container 'vllm_node' is NOT running.\n" in out
    assert "[WORKER] 192.168.177.12: Container 'vllm_node' is NOT running.\n" in out

    await launch("-d", "start")

    _, out, _ = await launch("status")
    assert "[HEAD] 192.168.177.11: Container 'vllm_node' is RUNNING.\n" in out
    assert "[WORKER] 192.168.177.12: Container 'vllm_node' is RUNNING.\n" in out


async def test_stop_says_zero_when_nothing_runs(launch):
    status, out, _ = await launch("stop")

    assert (status, out.splitlines()[-1]) == (0, "Cluster stopped.")


async def test_a_running_container_keeps_its_old_launch_script(launch, spark):
    await spark("printf 'echo first\\n' > one.sh; printf 'echo second\\n' > two.sh")
    await launch("--solo", "-d", "--launch-script", "../one.sh")
    await spark("until docker logs vllm_node | grep -q first; do sleep 0.02; done")

    status, out, _ = await launch("--solo", "-d", "-e", "NEW=1", "--launch-script", "../two.sh")

    assert status == 0
    assert "Cluster containers are already running. Skipping launch." in out
    await spark("until [ $(docker logs vllm_node | grep -c first) = 2 ]; do sleep 0.02; done")
    assert "second" not in (await spark("docker logs vllm_node"))[1]
    assert (await spark("docker exec vllm_node printenv NEW"))[0] == 1


async def test_a_launch_script_gets_its_rank_on_the_last_line(simulated_cluster, spark, launch):
    await forget(simulated_cluster)
    await spark("printf 'export X=1\\nvllm serve org/model \\\\\\n  -tp 2 \\\\\\n\\n' > script.sh")

    await launch("-d", "--launch-script", "../script.sh")

    assert (await dispatched(simulated_cluster, spark, 2))[-1] == "--headless"
    assert (await dispatched(simulated_cluster, spark, 1))[:4] == ["serve", "org/model", "-tp", "2"]


async def test_too_few_nodes_end_in_an_error_that_stops_what_ran(launch, spark):
    await spark("docker run -d --rm --name vllm_node vllm-node sleep 60")

    status, out, _ = await launch("exec", "vllm", "serve", "org/model", "-tp", "4")

    assert status == 1
    assert "requires 4 nodes (tp=4 * pp=1 * dp=1) but only 2 node(s) are configured." in out
    assert (await spark("docker ps -aq --filter name=^/vllm_node$"))[1] == ""


async def test_nodes_that_are_not_needed_are_left_out(launch, spark):
    _, out, _ = await launch("-d", "exec", "vllm", "serve", "org/model", "-tp", "1")

    assert "Note: " in out
    assert "Starting Worker Node" not in out


async def test_different_images_end_the_launch(simulated_cluster, launch):
    with simulated_cluster.fault("image-drift", number=2):
        status, out, _ = await launch("-d", "exec", "vllm", *CHOSEN)

    assert status == 1
    assert "Error: Cluster launch aborted because image 'vllm-node' is not in sync." in out


async def test_a_worker_out_of_reach_ends_the_launch(simulated_cluster, launch):
    with simulated_cluster.fault("unreachable", number=2):
        status, out, _ = await launch("-d", "exec", "vllm", *CHOSEN)

    assert status == 1
    assert "Error: Passwordless SSH to 192.168.177.12 failed." in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--nosuch", "status"], "Error: Unknown argument or action: --nosuch"),
        ([], "Error: No action specified. Use: start | stop | status | exec"),
        (["--config", "/dev/null", "status"], "Error: Config file not found: /dev/null"),
        (["--ray", "--no-ray", "start"], "mutually exclusive"),
        (["--launch-script", "nosuch"], "Error: Launch script 'nosuch' not found."),
        (["-n", "192.168.177.12", "status"], "is not in the list of nodes"),
    ],
)
async def test_bad_arguments_are_named(launch, words, said):
    status, out, _ = await launch(*words)

    assert status == 1
    assert said in out


async def test_a_volume_of_the_head_is_the_workers_own_folder(simulated_cluster, launch, spark):
    await launch("-d", "start")

    _, head, _ = await spark("docker exec vllm_node ls /root/.cache/huggingface/hub")
    _, worker, _ = await spark("ssh spark-2 docker exec vllm_node ls /root/.cache/huggingface/hub")

    assert "models--zai-org--GLM-4.7-Flash" in head
    assert "models--zai-org--GLM-4.7-Flash" not in worker
    assert "models--openai--gpt-oss-120b" in worker
