"""The SSH side of a simulated host: what a controller meets before any program of its own runs."""

import asyncio
import json
import shlex

import asyncssh
import pytest


async def test_a_command_runs_in_the_hosts_own_home(simulated_cluster):
    async with simulated_cluster.shell(1) as one, simulated_cluster.shell(2) as two:
        assert (await one("pwd; echo ~"))[1].split() == [str(simulated_cluster.home(1))] * 2
        assert (await two("pwd"))[1].strip() == str(simulated_cluster.home(2))


async def test_the_environment_is_that_of_a_login_free_shell(spark, simulated_cluster):
    _, out, _ = await spark("env")

    environment = dict(line.split("=", 1) for line in out.splitlines())
    assert environment["USER"] == "spark"
    assert environment["SIM_HOST_DIR"] == str(simulated_cluster.folder / "spark-1")
    assert "SSH_AUTH_SOCK" not in environment
    assert "VIRTUAL_ENV" not in environment


async def test_uvx_is_in_the_home_but_not_on_the_path(spark):
    assert (await spark("command -v uvx"))[0] == 1
    assert (await spark("~/.local/bin/uvx hf version"))[:2] == (0, "huggingface_hub version: 2.4.0\n")


@pytest.mark.parametrize("word", ["it's", 'a "b"', "$HOME", "a  b", "äöü ✓", "`id`", "\\", "*", "a\nb"])
async def test_one_layer_of_quoting_brings_a_word_through(spark, word):
    _, out, _ = await spark(shlex.join(["printf", "%s", word]))

    assert out == word


async def test_exit_status_and_both_streams_come_back_apart(spark):
    assert await spark("echo out; echo err >&2; exit 42") == (42, "out\n", "err\n")


async def test_a_signal_is_told_as_a_signal(simulated_cluster):
    async with simulated_cluster.connect() as connection:
        done = await connection.run("kill -TERM $$")

        assert done.exit_signal[0] == "TERM"


async def test_input_reaches_the_command_and_its_end_too(spark, simulated_cluster):
    status, _, _ = await spark("cat > copied; wc -c < copied", given="x" * 300_000)

    assert status == 0
    assert (simulated_cluster.home() / "copied").read_text() == "x" * 300_000


async def test_output_arrives_while_the_command_still_runs(simulated_cluster):
    async with simulated_cluster.connect() as connection:
        process = await connection.create_process("echo first; read answer; echo $answer")
        assert await process.stdout.readline() == "first\n"

        process.stdin.write("second\n")

        assert await process.stdout.readline() == "second\n"


async def test_many_commands_run_at_once_on_one_connection(simulated_cluster):
    async with simulated_cluster.connect() as connection:
        done = await asyncio.gather(*(connection.run(f"cat; echo {n}", input=f"{n} ") for n in range(40)))

    assert [one.stdout for one in done] == [f"{n} {n}\n" for n in range(40)]


async def test_a_wrong_host_key_is_noticed(simulated_cluster):
    other = simulated_cluster.config["hosts"][1]["host_key"]
    host = simulated_cluster.config["hosts"][0]
    wrong = asyncssh.import_known_hosts(f"[{host['address']}]:{host['ssh_port']} {other}")

    with pytest.raises(asyncssh.HostKeyNotVerifiable):
        await simulated_cluster.connect(known_hosts=wrong)


@pytest.mark.parametrize("change", ["key", "user", "password"])
async def test_only_the_right_user_with_the_right_key_comes_in(simulated_cluster, change):
    stranger = asyncssh.generate_private_key("ssh-ed25519")
    changes = {
        "key": {"client_keys": [stranger]},
        "user": {"username": "root"},
        "password": {"client_keys": None, "password": "spark"},
    }

    with pytest.raises(asyncssh.PermissionDenied):
        await simulated_cluster.connect(**changes[change])


async def test_a_key_installed_on_the_host_opens_it(simulated_cluster, spark):
    own = asyncssh.generate_private_key("ssh-ed25519")
    await spark("cat >> .ssh/authorized_keys", given=own.export_public_key().decode())

    async with simulated_cluster.connect(client_keys=[own]) as connection:
        assert (await connection.run("echo in")).stdout == "in\n"


async def test_a_terminal_is_refused(simulated_cluster):
    async with simulated_cluster.connect() as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.create_process("true", term_type="xterm")


async def test_a_client_that_leaves_takes_its_command_along_but_not_what_was_detached(simulated_cluster):
    home = simulated_cluster.home()
    async with simulated_cluster.connect() as connection:
        process = await connection.create_process(
            "trap 'echo hup > left; exit' HUP; setsid sleep 61 < /dev/null > /dev/null 2>&1 &"
            "echo $! > detached; echo here; while :; do read -t 1 < <(:); done"
        )
        await process.stdout.readline()

    while not (home / "left").exists():  # noqa: ASYNC110 - another process's doing
        await asyncio.sleep(0.02)
    async with simulated_cluster.shell() as run:
        assert (await run("kill -0 $(cat detached) && kill $(cat detached)"))[0] == 0


async def test_the_hosts_know_each_other_by_name_and_fabric_address(spark):
    for name in ("spark-2", "192.168.177.12", "spark@192.168.1.12"):
        assert (await spark(f"ssh -o BatchMode=yes {name} 'hostname; exit 3'"))[:2] == (3, "spark-2\n")
    status, _, error = await spark("ssh nowhere true")
    assert (status, "Could not resolve hostname nowhere" in error) == (255, True)


async def test_files_go_from_host_to_host_and_weights_stay_sparse(spark, simulated_cluster):
    hub = simulated_cluster.home(2) / ".cache/huggingface/hub/models--mistralai--Mistral-Small-4-24B"

    status, out, _ = await spark(
        "rsync -av --mkpath --progress .cache/huggingface/hub/models--mistralai--Mistral-Small-4-24B/ "
        f"spark-2:{hub}/"
    )

    assert status == 0, out
    shards = list(hub.glob("snapshots/*/*.safetensors"))
    assert sum(shard.stat().st_size for shard in shards) == 47 * 2**30
    assert sum(shard.stat().st_blocks for shard in shards) == 0


async def test_host_json_says_what_a_host_is(simulated_cluster):
    facts = json.loads((simulated_cluster.folder / "spark-1" / "host.json").read_text())

    assert facts["ssh_port"] == simulated_cluster.config["hosts"][0]["ssh_port"]
    assert facts["peers"] == ["spark-2"]
