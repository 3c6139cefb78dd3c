"""Keeping the processes of the house up, and ending them without a trace."""

import os
import queue
import select
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from control import processes
from control.processes import House, NotReady, Process, read_procfile

PATIENCE = 30


class Ears:
    """What a house says, to be waited for."""

    def __init__(self) -> None:
        self.heard: queue.Queue[str] = queue.Queue()

    def __call__(self, sentence: str) -> None:
        self.heard.put(sentence)

    def next(self) -> str:
        return self.heard.get(timeout=PATIENCE)


@pytest.fixture
def ears() -> Ears:
    return Ears()


@pytest.fixture
def house(tmp_path: Path, ears: Ears) -> Iterator[House]:
    house = House(dict(os.environ), tmp_path / "logs", ears)
    yield house
    house.stop()


def shell(text: str) -> list[str]:
    return ["bash", "-c", text]


def told(path: Path) -> str:
    """What a process wrote into a pipe; waits for it."""
    return path.read_text().strip()


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


def test_a_procfile_is_read_line_by_line():
    text = "# comment\nserver: python -m prefect server start\n\nweb-2: gateway --name 'a b' # more\nBad: x\n"

    assert read_procfile(text) == {
        "server": [sys.executable, "-m", "prefect", "server", "start"],
        "web-2": ["gateway", "--name", "a b", "#", "more"],
    }


def test_the_procfile_of_the_house_names_its_four_processes():
    text = (Path(processes.CHECKOUT) / "Procfile").read_text()

    assert set(read_procfile(text)) == {"server", "gateway", "observer", "worker"}


def test_what_a_process_says_is_in_its_log(house: House, pipe: Path):
    house.add("talker", shell(f"echo out; echo err >&2; echo said > {pipe}; sleep 60"))
    assert told(pipe) == "said"

    assert (house.log_folder / "talker.log").read_text() == "out\nerr\n"


def test_a_process_gets_the_environment_of_the_house_and_no_terminal(tmp_path: Path, ears: Ears, pipe: Path):
    house = House({"PATH": os.environ["PATH"], "SPARK_X": "7"}, tmp_path, ears)
    house.add("p", shell(f'echo "$SPARK_X ${{HOME-unset}} $(readlink /proc/$$/fd/0)" > {pipe}; sleep 60'))

    assert told(pipe) == "7 unset /dev/null"
    house.stop()


def test_a_process_that_ends_by_itself_is_said_and_started_again(house: House, ears: Ears, pipe: Path):
    process = house.add("fragile", shell(f"echo $$ > {pipe}; exit 3"))
    first = told(pipe)
    assert ears.next().startswith("fragile ended with code 3 ")

    assert told(pipe) != first
    assert process.restarts == 1


def test_a_killed_process_is_started_again(house: House, ears: Ears, pipe: Path):
    process = house.add("victim", shell(f"echo up > {pipe}; exec sleep 60"))
    told(pipe)
    process.child.kill()

    assert "ended with code -9" in ears.next()
    assert told(pipe) == "up"


def test_stopping_leaves_no_process_not_even_grandchildren(house: House, pipe: Path):
    deaf = f"trap '' TERM; (trap '' TERM; sleep 600 & echo $$ $! > {pipe}; wait) & wait"
    house.add("family", [sys.executable, "-c", FAMILY, deaf])
    ends = [os.pidfd_open(int(pid)) for pid in told(pipe).split()]
    assert select.select(ends, [], [], 0)[0] == [], "they live"

    house.stop()

    for end in ends:
        assert select.select([end], [], [], PATIENCE)[0], "it has ended"
        os.close(end)


FAMILY = "import subprocess, sys; subprocess.run(['bash', '-c', sys.argv[1]])"
"""A parent that ends at SIGTERM and leaves its deaf children behind."""


def test_a_process_that_does_not_hear_is_killed_in_the_end(house: House, pipe: Path, monkeypatch):
    monkeypatch.setattr(processes, "USUAL_STOP_SECONDS", 0.2)
    process = house.add("deaf", shell(f"trap '' TERM; echo up > {pipe}; while :; do sleep 0.1; done"))
    told(pipe)

    house.stop()

    assert process.child.returncode == -9


def test_a_process_may_tidy_up_before_it_ends(house: House, pipe: Path, tmp_path: Path):
    tidy = tmp_path / "tidy"
    house.add(
        "tidy", shell(f"trap 'echo tidy > {tidy}; exit' TERM; echo up > {pipe}; while :; do sleep 0.1; done")
    )
    told(pipe)

    house.stop()

    assert tidy.read_text() == "tidy\n"


def test_a_stopped_process_is_not_started_again(house: House, ears: Ears, pipe: Path):
    process = house.add("calm", shell(f"echo up > {pipe}; exec sleep 60"))
    told(pipe)

    house.stop()

    assert process.restarts == 0
    assert ears.heard.empty()


def test_the_last_one_started_is_ended_first(house: House, pipe: Path, tmp_path: Path):
    note = tmp_path / "order"
    for name in ("first", "second"):
        trap = f"trap 'echo {name} >> {note}; exit' TERM"
        house.add(name, shell(f"{trap}; echo up > {pipe}; while :; do sleep 0.1; done"))
        told(pipe)

    house.stop()

    assert note.read_text().split() == ["second", "first"]


def test_ready_is_waited_for(house: House, tmp_path: Path):
    house.add("slow", shell(f"sleep 0.3; touch {tmp_path}/ready; sleep 60"))

    house.wait_for("slow", (tmp_path / "ready").exists, PATIENCE)

    assert (tmp_path / "ready").exists()


def test_what_does_not_get_ready_shows_the_end_of_its_log(house: House, pipe: Path):
    house.add("stuck", shell(f"echo 'no such module'; echo up > {pipe}; sleep 60"))
    told(pipe)

    with pytest.raises(NotReady, match=r"stuck did not get ready(.|\n)*stuck\.log(.|\n)*no such module"):
        house.wait_for("stuck", lambda: False, 0.1)


def test_what_crashes_again_and_again_is_not_waited_for_to_the_end(house: House, tmp_path: Path):
    process = house.add("fragile", shell("sleep 60"))
    process.restarts = 3

    with pytest.raises(NotReady, match="fragile"):
        house.wait_for("fragile", lambda: False, 3600)


def test_a_process_that_was_never_started_can_be_stopped(tmp_path: Path, ears: Ears):
    Process("idle", ["true"], {}, tmp_path / "idle.log", ears).stop()
