"""The docker stand-in: the life of a container as a controller meets it over SSH."""

import asyncio
import json
import shlex
import time

import pytest


async def until(condition):
    """Wait for something another process does; the test's own time limit ends it."""
    while not await condition():  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.01)


async def logged(docker, text, name="c1"):
    async def there():
        _, out, error = await docker(f"logs {name}")
        return text in out + error

    await until(there)


async def test_a_container_runs_on_after_its_session_and_is_listed(simulated_cluster, docker):
    async with simulated_cluster.shell() as other:
        status, identity, _ = await other("docker run -d --rm --name c1 --network host vllm-node sleep 60")

    assert (status, len(identity.strip())) == (0, 64)
    _, row, _ = await docker("ps -a --no-trunc --filter name=^/c1$ --format '{{json .}}'")
    seen = json.loads(row)
    assert (seen["Names"], seen["State"], seen["Image"]) == ("c1", "running", "vllm-node")
    assert seen["ID"] == identity.strip()


async def test_an_exact_name_filter_finds_no_other(docker):
    await docker("run -d --name c1 vllm-node sleep 60")
    await docker("run -d --name c12 vllm-node sleep 60")

    assert (await docker("ps -q --filter name=^/c1$"))[1].count("\n") == 1
    assert (await docker("ps -q --filter name=c1"))[1].count("\n") == 2
    assert (await docker("ps --filter name=^/c$ --format '{{.Names}}'"))[1] == ""


async def test_a_name_can_be_used_once(docker):
    await docker("run -d --name c1 vllm-node sleep 60")

    status, _, error = await docker("run -d --name c1 vllm-node sleep 60")

    assert status == 125
    assert 'Conflict. The container name "/c1" is already in use' in error


async def test_output_of_pid_one_is_kept_line_by_line_with_its_time(docker):
    await docker("run -d --name c1 vllm-node bash -c 'echo out; echo err >&2; printf part; sleep 60'")
    await logged(docker, "err")

    status, out, error = await docker("logs -t c1")

    assert (status, out.split(" ", 1)[1], error.split(" ", 1)[1]) == (0, "out\n", "err\n")
    assert len(out.split(" ")[0]) == len("2026-01-01T00:00:00.000000000Z")


async def test_logs_can_be_cut_by_tail_and_by_time(docker):
    await docker("run -d --name c1 vllm-node bash -c 'echo a; echo b; echo c; sleep 60'")
    await logged(docker, "c\n")

    stamps = [line.split()[0] for line in (await docker("logs -t c1"))[1].splitlines()]

    assert (await docker("logs --tail 2 c1"))[1] == "b\nc\n"
    assert (await docker(f"logs --since {stamps[1]} c1"))[1] == "b\nc\n"
    assert (await docker(f"logs --until {stamps[1]} c1"))[1] == "a\nb\n"
    assert (await docker("logs --since 1h --tail 1 c1"))[1] == "c\n"
    assert (await docker(f"logs --since {int(time.time()) + 60} c1"))[1] == ""


async def test_a_follower_sees_each_line_and_ends_with_the_container(simulated_cluster, docker):
    await docker("run -d --rm --name c1 vllm-node bash -c 'mkfifo /tmp/go; echo one; cat /tmp/go'")
    async with simulated_cluster.connect() as connection:
        follower = await connection.create_process("docker logs -f c1")
        assert await follower.stdout.readline() == "one\n"

        await docker("exec c1 bash -c 'echo two > /tmp/go'")

        assert await follower.stdout.read() == "two\n"
        assert (await follower.wait()).exit_status == 0


async def test_what_exec_writes_to_pid_ones_output_is_in_the_log(docker):
    await docker("run -d --name c1 vllm-node sleep 60")

    status, out, _ = await docker("exec -d c1 bash -c 'echo hello >> /proc/1/fd/1 2>&1'")

    assert (status, out) == (0, "")
    await logged(docker, "hello\n")


async def test_what_a_detached_exec_prints_itself_is_lost(docker):
    await docker("run -d --name c1 vllm-node sleep 60")
    await docker("exec -d c1 bash -c 'echo lost; echo kept >> /proc/1/fd/1'")

    await logged(docker, "kept")

    assert (await docker("logs c1"))[1] == "kept\n"


async def test_exec_gives_streams_status_input_and_environment(docker):
    await docker("run -d --name c1 -e A=1 vllm-node sleep 60")

    assert await docker("exec c1 bash -c 'echo o; echo e >&2; exit 9'") == (9, "o\n", "e\n")
    assert (await docker("exec -i c1 cat", given="in"))[1] == "in"
    assert (await docker("exec c1 cat", given="in"))[1] == ""
    assert (await docker("exec -e B=2 c1 bash -c 'echo $A $B'"))[1] == "1 2\n"
    assert (await docker("exec c1 nosuch"))[0] == 127
    assert (await docker("exec nosuch true"))[0] == 1


@pytest.mark.parametrize("word", ["it's", '{"n":3}', "$HOME", "a  b", "ü ✓"])
async def test_a_word_comes_through_exec_unchanged(docker, word):
    await docker("run -d --name c1 vllm-node sleep 60")

    _, out, _ = await docker(shlex.join(["exec", "c1", "printf", "%s", word]))

    assert out == word


async def test_container_paths_are_the_containers_own(docker, simulated_cluster):
    home = simulated_cluster.home()
    (home / "shared").mkdir(exist_ok=True)
    (home / "shared" / "f").write_text("mine")
    await docker(f"run -d --name c1 -v {home}/shared:/models:ro vllm-node sleep 60")

    assert (await docker("exec c1 cat /models/f"))[1] == "mine"
    await docker("exec c1 bash -c 'echo x > /workspace/made; echo y > ~/made'")
    assert (await docker("exec c1 cat /workspace/made /root/made"))[1] == "x\ny\n"
    assert (await docker(f"cp c1:/workspace/made {home}/back"))[0] == 0
    assert (home / "back").read_text() == "x\n"
    assert (await docker(f"cp {home}/back c1:/workspace/again"))[0] == 0
    assert (await docker("exec c1 cat /workspace/again"))[1] == "x\n"
    assert (await docker("cp c1:/workspace/nothing ."))[0] == 1


async def test_files_of_an_image_are_patched_in_one_container_and_survive_its_restart(simulated_cluster):
    patch = "docker exec -i parakeet-asr bash -c 'cat > /app/diarize.py'"
    async with simulated_cluster.shell(2) as run:
        assert (await run("docker exec parakeet-asr sha256sum /app/diarize.py"))[0] == 0
        await run(patch, given="VERSION = 2\n")
        assert (await run("docker exec parakeet-asr python3 -m py_compile /app/diarize.py"))[0] == 0

        await run("docker restart -t 0 parakeet-asr")

        assert (await run("docker exec parakeet-asr cat /app/diarize.py"))[1] == "VERSION = 2\n"


async def test_a_foreground_run_gives_output_status_and_takes_input(docker):
    program = "import sys; print(sys.stdin.read().upper()); sys.exit(3)"

    status, out, _ = await docker(f"run --rm -i vllm-node python3 -c {shlex.quote(program)}", given="abc")

    assert (status, out) == (3, "ABC\n")
    assert (await docker("ps -aq"))[1] == ""


async def test_stop_waits_the_full_grace_for_a_bare_sleep_and_kills_all_inside(docker, simulated_cluster):
    await docker("run -d --rm --name c1 vllm-node sleep infinity")
    await docker("exec -d c1 bash -c 'sleep 4321 & setsid sleep 4321; wait'")
    await until(lambda: seen(docker, "sleep 4321"))
    begun = time.monotonic()

    assert (await docker("stop -t 30 c1"))[:2] == (0, "c1\n")

    assert time.monotonic() - begun >= 30 * 0.01
    assert (await docker("ps -aq"))[1] == ""
    async with simulated_cluster.shell() as run:
        assert (await run("pgrep -f '[s]leep 4321'"))[0] == 1


async def seen(docker, text):
    return text in (await docker("top c1"))[1]


async def test_a_program_that_handles_sigterm_ends_at_once(docker):
    await docker("run -d --name c1 vllm-node bash -c 'trap \"echo bye; exit 5\" TERM; echo up; "
                 "while :; do sleep 0.01; done'")  # fmt: skip
    await logged(docker, "up")

    await docker("stop -t 100000 c1")

    assert (await docker("inspect -f '{{.State.Status}} {{.State.ExitCode}}' c1"))[1] == "exited 5\n"
    assert "bye" in (await docker("logs c1"))[1]


async def test_init_passes_sigterm_on(docker):
    await docker("run -d --init --name c1 vllm-node sleep infinity")

    await docker("stop -t 100000 c1")

    assert (await docker("inspect -f '{{.State.ExitCode}}' c1"))[1] == "143\n"


async def test_kill_start_restart_and_rm(docker):
    await docker("run -d --name c1 vllm-node bash -c 'echo life; sleep 60'")
    await logged(docker, "life")

    await docker("kill c1")
    assert (await docker("inspect -f '{{.State.ExitCode}}' c1"))[1] == "137\n"
    await docker("start c1")
    await docker("restart -t 0 c1")
    await logged(docker, "life\nlife\nlife\n")
    assert "container is running" in (await docker("rm c1"))[2]
    assert (await docker("rm -f c1"))[0] == 0
    assert (await docker("logs c1"))[2] == "Error response from daemon: No such container: c1\n"


async def test_a_restart_policy_is_counted_and_ends_with_stop(docker):
    await docker("run -d --restart on-failure:2 --name c1 vllm-node bash -c 'exit 4'")

    async def over():
        return "exited 2" in (await docker("inspect -f '{{.State.Status}} {{.RestartCount}}' c1"))[1]

    await until(over)
