"""Reading what a look at a host said: whole, with something missing, odd or cut short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.check import TIMED_OUT, Answer, Unreadable
from tasks.sight import number, read_sight

WHOLE = """home=/home/spark
hostname=spark-1
cache=/home/spark/.cache/huggingface
uptime=10.5
load=0.1 0.2 0.3
memory=130 100
disk_free=7
gpu=NVIDIA GB10, 1, 2, 3, 4, 0x0, 580.126.09
nvidia_smi_code=0
docker_code=0
"""


@pytest.mark.parametrize("code", ["124", "137"])
def test_a_docker_that_hangs_is_a_finding(code: str):
    sight = read_sight(Answer(0, WHOLE.replace("docker_code=0", f"docker_code={code}")))

    assert sight.docker_fault == "docker does not answer"


@pytest.mark.parametrize("line", [line for line in WHOLE.splitlines() if not line.startswith("gpu=")])
def test_a_look_that_lacks_something_is_unreadable_and_says_what(line: str):
    with pytest.raises(Unreadable, match=line.partition("=")[0]):
        read_sight(Answer(0, WHOLE.replace(f"{line}\n", "")))


@pytest.mark.parametrize(
    ("line", "odd"),
    [
        ("memory=130 100", "memory=130"),
        ("memory=130 100", "memory=a b"),
        ("disk_free=7", "disk_free="),
        ("0x0, 580.126.09", "580.126.09"),
        ("docker_code=0", "docker_code=0\ngpu_process=1"),
        ("docker_code=0", "docker_code=0\nlink=rocep1s0f0"),
        ("docker_code=0", "docker_code=0\nswap=1"),
        ("docker_code=0", "docker_code=0\ncontainer=null"),
        ("docker_code=0", 'docker_code=0\ncontainer={"State": "running"}'),
    ],
)
def test_a_look_with_something_odd_is_unreadable(line: str, odd: str):
    with pytest.raises(Unreadable):
        read_sight(Answer(0, WHOLE.replace(line, odd)))


def test_missing_gpu_line_with_a_good_exit_code_is_a_fault_not_a_gpu():
    line = "gpu=NVIDIA GB10, 1, 2, 3, 4, 0x0, 580.126.09\n"

    assert read_sight(Answer(0, WHOLE.replace(line, ""))).gpu is None


def test_what_hangs_so_that_nothing_can_end_it_is_a_finding():
    """A process in the kernel outlives SIGKILL: the look is ended at its limit, and says what it had."""
    whole = [line for line in WHOLE.splitlines() if not line.startswith(("docker_code", "disk_free"))]

    sight = read_sight(Answer(TIMED_OUT, "\n".join(whole)))

    assert (sight.docker_fault, sight.disk_free) == ("docker does not answer", None)


@pytest.mark.parametrize(("text", "value"), [(" 7 ", 7.0), ("11.5", 11.5), ("[N/A]", None), ("1,5", None)])
def test_a_number_or_none(text: str, value: float | None):
    assert number(text) == value


@given(st.text(), st.integers(0, 255))
def test_whatever_a_host_says_is_a_sight_or_unreadable(said: str, code: int):
    try:
        read_sight(Answer(code, WHOLE + said))
    except Unreadable:
        return


KEYS = ["gpu", "container", "inspected", "gpu_process", "link", "swap", "root", "pressure", "address", "lan"]


@given(st.lists(st.tuples(st.sampled_from(KEYS), st.text(max_size=60))))
def test_odd_values_are_a_sight_or_unreadable(lines: list[tuple[str, str]]):
    said = WHOLE + "".join(f"{key}={value}\n" for key, value in lines)
    try:
        sight = read_sight(Answer(0, said))
    except Unreadable:
        return
    assert sight.home == "/home/spark"
