"""The launch command: every word of it, and what the launcher cannot be given."""

import subprocess

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from tasks.launch import CannotLaunch, expand, serve_arguments
from tasks.launchers.script import launch_command
from tests.tasks.cluster_of_two import BOTH, SOLO, TWO, plan_of

UNFIT = [" ", "*", "?", "'", '"', "$", "`", ";", "&", "|", "(", "<", ":", "\\", "!", "#", "[", "{"]


def test_a_model_on_one_host_is_launched_solo():
    assert launch_command(plan_of()).words == (
        *("env", "/home/spark/spark-vllm-docker/launch-cluster.sh", "--solo"),
        *("-t", "vllm-node", "--name", "vllm_node", "-e", "SPARK_LAUNCH=launch-1"),
        *("-d", "exec", "env", "VLLM_ENGINE_READY_TIMEOUT_S=3600"),
        *("vllm", "serve", "org/solo", "--host", "0.0.0.0", "--port", "8888"),
        *("--served-model-name", "solo", "--tensor-parallel-size", "1"),
        *("--gpu-memory-utilization", "0.5"),
    )


def test_a_model_on_two_hosts_names_both_by_the_fast_link_the_head_first():
    assert launch_command(plan_of(BOTH)).words == (
        *("env", "/home/spark/spark-vllm-docker/launch-cluster.sh", "-n", "192.168.9.1,192.168.9.2"),
        *("-t", "vllm-node", "--name", "vllm_node", "-e", "SPARK_LAUNCH=launch-1"),
        *("-d", "exec", "env", "VLLM_ENGINE_READY_TIMEOUT_S=3600"),
        *("vllm", "serve", "org/both", "--host", "0.0.0.0", "--port", "8888"),
        *("--served-model-name", "both", "--tensor-parallel-size", "2"),
        *("--gpu-memory-utilization", "0.75"),
    )


def test_the_launcher_is_never_called_in_the_foreground():
    for recipe in (SOLO, BOTH):
        words = launch_command(plan_of(recipe)).words
        assert words[words.index("exec") - 1] == "-d"


def test_recipe_and_cluster_decide_image_served_name_and_place():
    cluster = TWO.model_copy(update={"image": "cluster:1", "launcher_directory": "/opt/launcher"})

    words = launch_command(plan_of(cluster=cluster, served_name="qwen")).words
    assert words[1] == "/opt/launcher/launch-cluster.sh"
    assert words[words.index("-t") + 1] == "cluster:1"
    assert words[words.index("--served-model-name") + 1] == "qwen"
    assert "recipe:2" in launch_command(plan_of(cluster=cluster, image="recipe:2")).words


def test_variables_are_set_inside_the_container_whatever_they_hold():
    words = launch_command(plan_of(env={"A": "two words", "B": "$HOME;'x'"})).words

    inside = words[words.index("exec") : words.index("vllm")]
    assert inside[-2:] == ("A=two words", "B=$HOME;'x'")
    assert words.count("-e") == 1, "the launcher would split such a value at its spaces"


def test_a_recipe_may_change_the_patience_of_the_engine():
    words = launch_command(plan_of(env={"VLLM_ENGINE_READY_TIMEOUT_S": "9"})).words

    assert [word for word in words if word.startswith("VLLM_ENGINE_READY")] == [
        "VLLM_ENGINE_READY_TIMEOUT_S=9"
    ]


@pytest.mark.parametrize("model", ["~/models/own", "~/models/own/"])
def test_a_local_folder_is_mounted_and_served_from_there(model: str):
    words = launch_command(plan_of(model=model)).words

    assert words[words.index("-v") + 1] == "/home/spark/models/own:/models/own"
    assert words.index("-v") < words.index("exec")
    assert words[words.index("serve") + 1] == "/models/own"


def test_a_repo_is_not_mounted():
    assert "-v" not in launch_command(plan_of()).words


@pytest.mark.parametrize("letter", UNFIT)
def test_a_folder_that_the_launcher_would_tear_apart_is_refused(letter: str):
    with pytest.raises(CannotLaunch, match="rename the folder"):
        launch_command(plan_of(model=f"~/models/a{letter}b"))
    with pytest.raises(CannotLaunch, match="rename the folder"):
        launch_command(plan_of(cluster=TWO.model_copy(update={"hf_cache": f"/mnt/a{letter}b"})))


def test_the_cache_of_the_settings_is_told_to_the_launcher():
    cluster = TWO.model_copy(update={"hf_cache": "~/hf"})

    assert launch_command(plan_of(cluster=cluster)).words[:2] == ("env", "HF_HOME=/home/spark/hf")


@pytest.mark.parametrize(
    ("path", "expanded"),
    [("~", "/home/spark"), ("~/a", "/home/spark/a"), ("/a/~", "/a/~"), ("~other", "~other"), ("a", "a")],
)
def test_the_tilde_is_the_users_home_on_the_host(path: str, expanded: str):
    assert expand(path, "/home/spark") == expanded


def test_more_hosts_than_there_are_make_no_plan():
    with pytest.raises(LookupError, match="needs 3 hosts"):
        plan_of(hosts=3)


arguments = st.lists(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)
    | st.sampled_from(
        ["--max-model-len", '{"method":"mtp"}', "$(id)", "'", "a b", "-x", "exec", "vllm", "serve"]
    ),
    max_size=8,
)


@given(arguments)
def test_the_recipes_arguments_stand_unchanged_and_together_at_the_end(args: list[str]):
    try:
        plan = plan_of(args=args)
    except ValidationError:
        assume(False)

    words = launch_command(plan).words
    assert list(words[len(words) - len(args) :]) == args
    assert words[words.index("serve") + 1 :] == serve_arguments(plan)


@given(arguments)
def test_they_reach_the_launcher_through_a_real_shell_as_they_are(args: list[str]):
    try:
        plan = plan_of(args=args)
    except ValidationError:
        assume(False)
    launcher = "/home/spark/spark-vllm-docker/launch-cluster.sh"
    spy = 'printf "%s\\0" "$@"'
    line = launch_command(plan).line.replace(launcher, f"bash -c '{spy}' -")

    said = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout

    assert said.split(b"\0")[:-1] == [word.encode() for word in launch_command(plan).words[2:]]
