"""The checks of containers, images, memory and arguments: what an answer means."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.check import TIMED_OUT, Answer, Unreadable
from tasks.checks.arguments import ArgumentsParse
from tasks.checks.containers import ContainerGone, ImageThere
from tasks.checks.memory import GIB, MemoryFree
from tasks.checks.weights import HasWeights
from tasks.engine import read_engine
from tasks.sight import read_sight


def row(name: str, state: str = "running") -> str:
    return json.dumps({"Names": name, "State": state, "Image": "vllm"}) + "\n"


def test_a_container_that_is_not_listed_is_gone():
    assert ContainerGone("vllm_node").find(Answer(0, "")).verdict.ok


@pytest.mark.parametrize("state", ["running", "exited", "created", "dead"])
def test_a_container_is_there_in_whatever_state(state: str):
    found = ContainerGone("vllm_node").find(Answer(0, row("vllm_node", state)))

    assert found.verdict.faults == (f"container vllm_node is still there ({state})",)


def test_a_container_of_a_longer_name_is_another_one():
    assert ContainerGone("vllm_node").find(Answer(0, row("vllm_node_2"))).verdict.ok


def test_only_a_running_container_is_stopped_before_it_is_removed():
    gone = ContainerGone("vllm_node")

    assert [fix.words[1] for fix in gone.fix("running")] == ["stop", "rm"]
    assert [fix.words for fix in gone.fix("exited")] == [("docker", "rm", "-f", "vllm_node")]


def test_a_name_is_asked_for_as_it_is_and_not_as_a_pattern():
    assert r"name=^/a\.b$" in ContainerGone("a.b").probe().words


@pytest.mark.parametrize(
    "answer", [Answer(1, "", "Cannot connect to the Docker daemon"), Answer(TIMED_OUT), Answer(0, "not json")]
)
def test_a_docker_that_cannot_be_asked_is_no_proof_that_a_container_is_gone(answer: Answer):
    with pytest.raises(Unreadable, match="docker"):
        ContainerGone("vllm_node").read(answer)


def test_an_image_is_known_by_its_id():
    there = ImageThere("vllm-node")

    assert there.find(Answer(0, "sha256:abc\n")).seen == "sha256:abc"
    missing = there.find(Answer(1, "[]\n", "Error: No such image: vllm-node"))
    assert missing.verdict.faults == ("image vllm-node is not on the host",)
    with pytest.raises(Unreadable, match="vllm-node"):
        there.read(Answer(1, "", "Cannot connect to the Docker daemon"))


def free(*available: int) -> Answer:
    """`free -b`, one reading after the other."""
    head = "       total        used        free      shared  buff/cache   available\n"
    return Answer(0, "".join(f"{head}Mem: 130 1 1 1 1 {size}\nSwap: 0 0 0\n" for size in available))


@pytest.mark.parametrize(
    ("readings", "fault"),
    [
        ((100 * GIB, 100 * GIB), ""),
        ((100 * GIB, 100.9 * GIB), ""),
        ((80 * GIB, 100 * GIB), "80.0 GiB are free, 90.0 are needed"),
        ((100 * GIB, 80 * GIB), "80.0 GiB are free, 90.0 are needed"),
        ((95 * GIB, 99 * GIB), "free memory is still changing (95.0 to 99.0 GiB)"),
    ],
)
def test_memory_must_be_enough_and_steady(readings: tuple[float, float], fault: str):
    found = MemoryFree(90).find(free(*map(int, readings)))

    assert found.verdict.faults == ((fault,) if fault else ())


@pytest.mark.parametrize("answer", [free(1), free(1, 2, 3), Answer(0, "Mem: 1\nMem: 2\n"), Answer(127)])
def test_memory_that_cannot_be_read_is_no_memory(answer: Answer):
    with pytest.raises(Unreadable):
        MemoryFree(1).read(answer)


PARSE = ArgumentsParse("vllm:1", ("org/name", "--max-model-len", "9"))


def test_arguments_are_given_to_the_image_as_they_are():
    assert PARSE.probe().words[-4:] == ("-", *PARSE.arguments)
    assert "vllm:1" in PARSE.probe().words


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (Answer(0, 'some warning\n{"ok": true, "version": "0.33.0"}\n'), ""),
        (Answer(0, '{"ok": false, "error": "bad parser", "version": "0.33.0"}'), "bad parser"),
        (Answer(0, '{"ok": false, "error": "", "version": "0.33.0"}'), "without a word"),
        (
            Answer(2, "", "usage: x\nvllm serve: error: unrecognized arguments: --x\n"),
            "unrecognized arguments: --x",
        ),
    ],
)
def test_what_vllms_own_parser_says_decides(answer: Answer, fault: str):
    found = PARSE.find(answer)

    assert found.verdict.faults == ((f"vLLM refuses the arguments: {fault}",) if fault else ())


@pytest.mark.parametrize(
    "answer",
    [
        Answer(TIMED_OUT),
        Answer(125, "", "docker: Cannot connect to the Docker daemon"),
        Answer(1, "", "ModuleNotFoundError: No module named 'vllm'"),
        Answer(0, "null"),
        Answer(0, "[1]"),
    ],
)
def test_a_parser_that_could_not_be_asked_is_no_refusal(answer: Answer):
    with pytest.raises(Unreadable, match="parser"):
        PARSE.read(answer)


READERS = (
    ContainerGone("vllm_node").read,
    MemoryFree(1).read,
    PARSE.read,
    HasWeights("a/b", None, "~/models").read,
    read_sight,
    lambda answer: read_engine(answer, ""),
)
pieces = st.sampled_from(
    ["Mem:", "{}", "[]", "null", '{"models": [1]}', '{"ok": 1}', "state=", "\nlog\n", "="]
)
texts = st.lists(st.text(max_size=9) | pieces, max_size=8).map(" ".join) | st.lists(pieces).map("\n".join)


@pytest.mark.parametrize("read", READERS)
@given(st.builds(Answer, st.sampled_from([0, 1, 2, 124, 137]), texts, texts))
def test_no_answer_makes_a_reader_fail_in_another_way_than_unreadable(read, answer: Answer):
    with contextlib.suppress(Unreadable):
        read(answer)
