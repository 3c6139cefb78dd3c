"""A preflight of simulated hosts: what it finds, and what of vLLM's failures it knows beforehand."""

import re
from pathlib import Path

import pytest

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tasks.findings import as_table, in_words
from tasks.preflight import Preflight, examine
from tasks.preflight import ask_at_once as ask
from tests.tasks.simulated import Sparks, sparks_in

CONTRACT = Path(__file__).parents[2] / "docs" / "contracts" / "preflight.md"
DOCKER = {"launcher": "docker", "args": ["--gpu-memory-utilization", "0.7"]}
VENV = {**DOCKER, "launcher": "venv", "venv": "~/vllm-env", "env": {"PTXAS_BIN": "~/vllm-env/bin/ptxas"}}
OVER_BOTH = {"model": "cyankiwi/MiniMax-M2.7-AWQ-4bit", "hosts": 2, "args": []}


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks")) as pair:
        yield pair


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory):
    """One ledger for this file: what was parsed stays known."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db"
    migrate(url)
    opened = Ledger(url)
    yield opened
    opened.close()


def look(sparks: Sparks, ledger: Ledger, **recipe: object) -> Preflight:
    recipe = {"model": "openai/gpt-oss-120b", **recipe}
    return examine(sparks.cluster, sparks.plan(**recipe), sparks.look(), ledger, ask)


@pytest.mark.parametrize("recipe", [{"args": ["--gpu-memory-utilization", "0.7"]}, DOCKER, VENV])
def test_a_model_that_would_start_is_found_well_in_every_respect(sparks, ledger, recipe):
    found = look(sparks, ledger, **recipe)

    assert [one for one in found.findings if one.state != "ok"] == []
    assert {one.about for one in found.findings} >= {
        "software", "files", "weights", "arguments", "memory", "port", "disk"
    }  # fmt: skip
    assert (found.image_id != "", len(found.revision), found.memory_gib > 60) == (True, 40, True)
    assert in_words("Qwen", found.findings) == "Qwen can be started."
    assert as_table(found.findings).count("\n") == len(found.findings) + 2


def test_a_preflight_leaves_no_trace_on_the_hosts(sparks, ledger):
    def trace():
        hosts = sparks.simulation.folder
        return sorted(p.name for p in hosts.glob("spark-*/docker/containers/*")), sparks.look().engine_hosts

    before = trace()
    look(sparks, ledger, args=["--max-model-len", "4096"])

    assert trace() == before


def test_the_parser_is_asked_once_for_the_same_arguments_of_the_same_image(sparks, ledger):
    recipe = {**DOCKER, "args": ["--max-model-len", "8192"]}
    look(sparks, ledger, **recipe)

    with sparks.simulation.fault("docker-run", "1\nno parser today"):
        again = look(sparks, ledger, **recipe)
        other = look(sparks, ledger, **{**recipe, "args": ["--max-model-len", "4096"]})

    assert again.faults == []
    assert "no parser today" in other.faults[0]


def test_everything_that_is_wrong_is_said_at_once(sparks, ledger):
    mounts = [f"{sparks.simulation.home()}/nowhere:/data"]
    args = ["--gpu-memory-utilization", "1.0", "--colour", "green"]

    found = look(sparks, ledger, launcher="docker", mounts=mounts, args=args, model="mistralai/nothing")

    wrong = {one.about for one in found.findings if one.prevents}
    assert wrong == {"files", "weights", "arguments", "memory"}
    assert all(one.advice for one in found.findings if one.prevents and one.about != "memory")
    assert in_words("X", found.findings).startswith("X would not start: ")


def test_a_mod_that_the_launcher_does_not_have_is_named(sparks, ledger):
    found = look(sparks, ledger, mods=["mods/nothing"], args=[])

    assert any("mods/nothing does not exist" in fault for fault in found.faults)


def test_a_port_that_another_program_holds_is_named(sparks, ledger):
    port = sparks.cluster.services[-1].port
    services = [
        s.model_copy(update={"port": port}) if s.kind == "vllm" else s for s in sparks.cluster.services
    ]
    plan = sparks.plan(model="openai/gpt-oss-120b", args=["--gpu-memory-utilization", "0.7"])
    taken = type(plan)(**{**vars(plan), "port": port})

    found = examine(
        sparks.cluster.model_copy(update={"services": services}), taken, sparks.look(), ledger, ask
    )

    assert found.faults == [f"spark-1: another program listens at port {port}"]


def test_a_host_that_is_away_is_the_only_thing_that_is_said(sparks, ledger):
    plan, situation = sparks.plan(**OVER_BOTH), sparks.look()
    away = type(situation)(**{**vars(situation), "unreachable": {"spark-2": "down"}})

    assert examine(sparks.cluster, plan, away, ledger, ask).faults == ["spark-2 cannot be reached: down"]


@pytest.mark.parametrize("kind", [OVER_BOTH, {**VENV, **OVER_BOTH}])
def test_software_that_differs_between_hosts_is_refused(sparks, ledger, kind):
    other = sparks.simulation.home(2) / "vllm-env/lib/python3.12/site-packages/extra-1.0.dist-info"
    other.mkdir()
    with sparks.simulation.fault("image-drift", number=2):
        faults = look(sparks, ledger, **kind).faults
    other.rmdir()

    assert "is not the same on all hosts" in faults[0]


KNOWN_BEFOREHAND = {
    "Free memory on device": (["--gpu-memory-utilization", "1.0"], "GiB free once"),
    "No available memory for the cache blocks": (
        ["--gpu-memory-utilization", "0.1"],
        "larger than the memory",
    ),
    "is larger than the available KV cache memory": (
        ["--gpu-memory-utilization", "0.7", "--max-model-len", "20000000"],
        "GiB of cache",
    ),
    "must be greater than or equal to": (
        ["--max-num-seqs", "512", "--max-num-batched-tokens", "256"],
        "must be greater than or equal to",
    ),
    "requires --tool-call-parser": (["--enable-auto-tool-choice"], "--tool-call-parser"),
    "unrecognized arguments": (["--colour", "green"], "unrecognized arguments"),
}


@pytest.mark.parametrize("text", KNOWN_BEFOREHAND)
def test_a_failure_that_can_be_known_beforehand_is_known(sparks, ledger, text: str):
    args, words = KNOWN_BEFOREHAND[text]

    assert any(words in fault for fault in look(sparks, ledger, **{**DOCKER, "args": args}).faults)


def test_a_ptxas_that_does_not_know_the_gpu_is_known_beforehand(sparks, ledger):
    with sparks.simulation.fault("old-ptxas"):
        assert any("sm_121" in fault for fault in look(sparks, ledger, **VENV).faults)


def test_the_contract_lists_every_failure_that_is_known_beforehand():
    rows = re.findall(r"^\| `(.+?)` \| (yes|in part|no) \|", CONTRACT.read_text(), re.MULTILINE)
    known = [text for text, answer in rows if answer != "no"]

    for text in KNOWN_BEFOREHAND:
        assert any(text in row for row in known), text
    assert len(rows) >= 14
