"""The words of the launchers docker and venv, word by word, and what they refuse."""

import ast
import subprocess
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.launch import CannotLaunch
from tasks.launchers.kinds import LAUNCHERS, launcher_of
from tasks.launchers.script import launch_command
from tests.tasks.cluster_of_two import BOTH, SOLO, plan_of
from tests.tasks.programs import Programs

VENV = {"launcher": "venv", "venv": "/opt/ai-tools/vllm-env"}


def words_of(plan) -> list[tuple[str, ...]]:
    return [step.command.words for step in launcher_of(plan.recipe).start(plan)]


def order_of(step) -> dict:
    """What run_process.py is given."""
    line = step.command.stdin.partition("\n")[0]
    return ast.literal_eval(line.removeprefix("GIVEN = "))


def test_docker_run_gets_gpu_network_mark_cache_and_vllm_as_its_entrypoint():
    [words] = words_of(plan_of(launcher="docker", image="vllm/vllm-openai:v0.33.0", env={"A": "two words"}))

    assert words == (
        *("bash", "-s", "--", "", "docker", "run", "-d", "--name", "vllm_node"),
        *("--label", "spark-control.launch=launch-1", "--gpus", "all", "--network", "host", "--ipc", "host"),
        *("--ulimit", "memlock=-1", "-e", "SPARK_LAUNCH=launch-1", "-e", "HF_HOME=/cache/huggingface"),
        *("-e", "VLLM_ENGINE_READY_TIMEOUT_S=3600", "-e", "A=two words"),
        *("-v", "/home/spark/.cache/huggingface:/cache/huggingface"),
        *("--entrypoint", "vllm", "vllm/vllm-openai:v0.33.0", "serve", "org/solo"),
        *("--host", "0.0.0.0", "--port", "8888", "--served-model-name", "solo"),
        *("--tensor-parallel-size", "1", "--gpu-memory-utilization", "0.5"),
    )


def test_a_command_of_its_own_is_what_the_image_gets_and_the_entrypoint_stays():
    plan = plan_of(launcher="docker", image="other:1", command=["serve", "--model", "x y"])
    [words] = words_of(plan)

    assert words[-4:] == ("other:1", "serve", "--model", "x y")
    assert "--entrypoint" not in words
    assert plan.argv == ("serve", "--model", "x y")
    assert launcher_of(plan.recipe).parser(plan) is None


def test_mounts_and_a_local_model_are_seen_in_the_container():
    mounts = ["~/extra:/extra:ro", "/data:/data"]
    [words] = words_of(plan_of(launcher="docker", model="~/models/own", mounts=mounts))

    volumes = [words[at + 1] for at, word in enumerate(words) if word == "-v"][1:]
    assert volumes == ["/home/spark/models/own:/models/own", "/home/spark/extra:/extra:ro", "/data:/data"]
    assert words[words.index("serve") + 1] == "/models/own"


@pytest.mark.parametrize("fields", [{"launcher": "docker"}, VENV])
def test_on_two_hosts_the_worker_is_started_first_and_headless(fields: dict):
    plan = plan_of(BOTH, **fields)
    steps = launcher_of(plan.recipe).start(plan)
    argv = [step.command.words if fields != VENV else order_of(step)["argv"] for step in steps]

    assert [step.host.name for step in steps] == ["spark-2", "spark-1"]
    common = ["--nnodes", "2", "--node-rank", "{}", "--master-addr", "192.168.9.1", "--master-port", "29501"]
    assert list(argv[0][-9:]) == [*(word.format(1) for word in common), "--headless"]
    assert list(argv[1][-8:]) == [word.format(0) for word in common]


def test_home_and_cache_are_those_of_each_host():
    places = {"spark-1": ("/home/a", "/hf-a"), "spark-2": ("/home/b", "/hf-b")}
    plan = plan_of(BOTH, launcher="docker", mounts=["~/m:/m"])
    there = type(plan)(**{**vars(plan), "places": places})

    worker, head = (" ".join(words) for words in words_of(there))
    assert "-v /hf-b:/cache/huggingface -v /home/b/m:/m" in worker
    assert "-v /hf-a:/cache/huggingface -v /home/a/m:/m" in head


def test_a_command_of_its_own_cannot_be_spread_over_hosts():
    with pytest.raises(CannotLaunch, match="runs on one host"):
        words_of(plan_of(BOTH, launcher="docker", command=["serve"]))


def test_a_virtual_environment_is_started_by_absolute_paths_and_nothing_shows_in_a_list_of_processes():
    plan = plan_of(**VENV, env={"HF_TOKEN": "secret"})
    [step] = launcher_of(plan.recipe).start(plan)
    order = order_of(step)

    assert step.command.words == ("python3", "-")
    assert order["argv"][:3] == ["/opt/ai-tools/vllm-env/bin/vllm", "serve", "org/solo"]
    assert order["environment"] == {
        "SPARK_LAUNCH": "launch-1",
        "VIRTUAL_ENV": "/opt/ai-tools/vllm-env",
        "HF_HOME": "/home/spark/.cache/huggingface",
        "TRITON_PTXAS_PATH": "/usr/local/cuda/bin/ptxas",
        "VLLM_ENGINE_READY_TIMEOUT_S": "3600",
        "HF_TOKEN": "secret",
        "VLLM_BIN": "/opt/ai-tools/vllm-env/bin/vllm",
        "PTXAS_BIN": "/usr/local/cuda/bin/ptxas",
    }


def test_programs_can_be_named_and_ray_is_asked_for_only_where_it_is_used():
    env = {"PTXAS_BIN": "~/cuda/ptxas", "VLLM_BIN": "/other/vllm"}
    plan = plan_of(**VENV, env=env, args=["--distributed-executor-backend", "ray"])

    named = dict(launcher_of(plan.recipe).software(plan, plan.head).programs)

    assert named["VLLM_BIN"] == "/other/vllm"
    assert named["PTXAS_BIN"] == "/home/spark/cuda/ptxas"
    assert named["RAY_BIN"] == "/opt/ai-tools/vllm-env/bin/ray"
    with pytest.raises(CannotLaunch, match="absolute path"):
        words_of(plan_of(**VENV, env={"VLLM_BIN": "vllm"}))


def test_mods_and_mounts_of_the_script_come_before_its_action():
    words = launch_command(plan_of(mods=["mods/a", "b.zip"], mounts=["~/x:/x"])).words

    launcher = "/home/spark/spark-vllm-docker"
    given = (
        "-v",
        "/home/spark/x:/x",
        "--apply-mod",
        f"{launcher}/mods/a",
        "--apply-mod",
        f"{launcher}/b.zip",
    )
    assert words[words.index("-v") : words.index("-d")] == given
    files = LAUNCHERS["launch-cluster"].files(plan_of(mods=["mods/a"]), plan_of().head)
    assert files == (f"{launcher}/launch-cluster.sh", f"{launcher}/mods/a")


arguments = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
    | st.sampled_from(["$(id)", "'", "a b", '{"a":"b"}', "-x", "--", "\\", "é"]),
    max_size=6,
)


@given(arguments, st.sampled_from([{"launcher": "docker"}, VENV]))
def test_the_recipes_arguments_reach_a_real_program_as_they_are(args: list[str], fields: dict):
    try:
        plan = plan_of(args=args, env={"A": "$HOME 'x'"}, **fields)
    except ValidationError:
        assume(False)
    [step] = launcher_of(plan.recipe).start(plan)

    if fields == VENV:
        assert order_of(step)["argv"][-len(args) :] == args or not args
        return
    spy = "docker() { printf '%s\\0' \"$@\"; }; export -f docker; "
    text = step.command.stdin.replace("exec ", "")
    line = f"{spy} {step.command.line}"
    said = subprocess.run(["bash", "-c", line], input=text.encode(), capture_output=True, check=True).stdout
    assert said.split(b"\0")[:-1] == [word.encode() for word in step.command.words[5:]]


def test_a_container_on_the_fast_link_is_told_the_interface_of_its_host(tmp_path):
    programs = Programs(tmp_path)
    programs.add("ip", "echo '2: enp1s0f1np1    inet 192.168.9.2/24 brd x scope global enp1s0f1np1'")
    programs.add("docker", 'echo "$NCCL_SOCKET_IFNAME $GLOO_SOCKET_IFNAME"')
    plan = plan_of(BOTH, launcher="docker")
    worker, head = launcher_of(plan.recipe).start(plan)

    assert programs.run(worker.command).stdout == "enp1s0f1np1 enp1s0f1np1\n"
    assert "no interface of this host has the address 192.168.9.1" in programs.run(head.command).stderr


def test_every_launcher_of_a_recipe_has_its_kind():
    assert set(LAUNCHERS) == set(get_args(type(SOLO).model_fields["launcher"].annotation))
    assert launcher_of(SOLO) is LAUNCHERS["launch-cluster"]
