"""The launchers on simulated hosts: an engine starts, is seen and read, and goes when it is stopped."""

import httpx
import pytest

from tasks import ssh
from tasks.engine import read_engine
from tasks.launchers.kinds import launcher_of
from tests.tasks.simulated import Sparks, sparks_in

PTXAS = {"PTXAS_BIN": "~/vllm-env/bin/ptxas"}
KINDS = {
    "launch-cluster": {},
    "docker": {"launcher": "docker"},
    "own command": {
        "launcher": "docker",
        "command": ["vllm", "serve", "nvidia/Qwen3.6-35B-A3B-NVFP4", "--served-model-name", "qwen", "--port"],
    },
    "venv": {"launcher": "venv", "venv": "~/vllm-env", "env": PTXAS},
}
SHARE = ["--gpu-memory-utilization", "0.4"]


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks")) as pair:
        yield pair


def recipe_of(sparks: Sparks, kind: str) -> dict[str, object]:
    fields = {"args": SHARE, **KINDS[kind]}
    if command := fields.get("command"):
        fields["command"] = [*command, str(sparks.cluster.vllm.port), *SHARE]
    return fields


@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_starts_answers_is_seen_and_goes(sparks: Sparks, kind: str):
    plan = sparks.plan(f"launch-{kind.replace(' ', '-')}", **recipe_of(sparks, kind))
    launcher = launcher_of(plan.recipe)

    sparks.start(plan)
    try:
        look = read_engine(ssh.run(plan.head, launcher.look(plan.container, "")), "")
        assert (look.state, look.processes > 0) == ("running", True)
        assert any("Application startup complete" in line for _, line in look.lines)
        newest = look.lines[-1][0]
        again = read_engine(ssh.run(plan.head, launcher.look(plan.container, newest)), newest)
        assert all(stamp > newest for stamp, _ in again.lines)
        assert sparks.look().engine_hosts == (plan.head.name,)
        log = ssh.run(plan.head, launcher.logs(plan.container, 5))
        assert (log.stdout + log.stderr).count("\n") == 5
    finally:
        sparks.stop(plan)

    assert sparks.look().engine_hosts == ()
    with pytest.raises(httpx.HTTPError):
        httpx.get(f"{sparks.url}/health", timeout=2)


@pytest.mark.parametrize("kind", ["docker", "venv"])
def test_an_engine_over_both_hosts_starts_and_goes_on_both(sparks: Sparks, kind: str):
    fields = {
        "model": "cyankiwi/MiniMax-M2.7-AWQ-4bit",
        "hosts": 2,
        "args": ["--gpu-memory-utilization", "0.7"],
    }
    plan = sparks.plan("launch-two", **{**recipe_of(sparks, kind), **fields})

    sparks.start(plan)
    try:
        assert sparks.look().engine_hosts == ("spark-1", "spark-2")
    finally:
        sparks.stop(plan)

    assert sparks.look().engine_hosts == ()


@pytest.mark.parametrize("kind", ["docker", "own command", "venv"])
def test_an_engine_that_ends_by_itself_is_seen_as_ended_with_its_log(sparks: Sparks, kind: str):
    plan = sparks.plan("launch-bad", **{**recipe_of(sparks, kind), "model": "nobody/nothing"})
    if kind == "own command":
        plan = sparks.plan("launch-bad", launcher="docker", command=["vllm", "serve", "nobody/nothing"])
    launcher = launcher_of(plan.recipe)
    try:
        for step in launcher.start(plan):
            assert launcher.refusal(ssh.run(step.host, step.command)) == ""
        ask = launcher.look(plan.container, "")
        sparks.wait_until(lambda: read_engine(ssh.run(plan.head, ask), "").state == "exited", "its end", plan)
        assert any("nobody/nothing" in line for line in sparks.lines(plan))
        assert sparks.look().engine_hosts == ("spark-1",)
    finally:
        sparks.stop(plan)
    assert sparks.look().engine_hosts == ()


def test_a_program_that_is_not_there_is_refused_in_words(sparks: Sparks):
    plan = sparks.plan(launcher="venv", venv="~/nowhere", env=PTXAS)
    launcher = launcher_of(plan.recipe)
    [step] = launcher.start(plan)

    assert "No such file" in launcher.refusal(ssh.run(step.host, step.command))
    assert sparks.look().engine_hosts == ()


def test_a_second_process_of_the_same_name_is_refused(sparks: Sparks):
    plan = sparks.plan("launch-first", **recipe_of(sparks, "venv"))
    sparks.start(plan)
    try:
        [step] = launcher_of(plan.recipe).start(plan)
        assert "already running" in launcher_of(plan.recipe).refusal(ssh.run(step.host, step.command))
    finally:
        sparks.stop(plan)
