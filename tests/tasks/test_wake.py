"""Waking a simulated host by real packets: through its neighbour, directly, or not at all."""

import json
import socket
from pathlib import Path

import pytest

from blocks.ledger.seen import write_seen
from tasks.outcome import Failed
from tasks.wake import Wake, on_controller, packet_command
from tests.tasks.quiet import quiet_report
from tests.tasks.simulated import Sparks, sparks_in

MAC = "3c:6d:66:00:0c:01"
"""Of the LAN interface of the second host, whose address ends with 12."""


@pytest.fixture(scope="module")
def sparks(tmp_path_factory: pytest.TempPathFactory):
    """A pair of Sparks for this file."""
    with sparks_in(tmp_path_factory.mktemp("sparks")) as pair:
        yield pair


@pytest.fixture
def waking(sparks: Sparks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A waking of the second host, with little patience."""
    monkeypatch.setattr("tasks.wake.LOOK_SECONDS", 0.05)
    report = quiet_report(tmp_path)
    host = sparks.cluster.hosts[1].model_copy(update={"mac": MAC})
    yield Wake(sparks.cluster, report.ledger, report, host, seconds=20)
    report.ledger.close()


def asleep(sparks: Sparks, number: int = 2):
    """A host sleeps while the block lasts, unless it is woken."""
    return sparks.simulation.fault("unreachable", "asleep", number)


def wait_until_gone(waking: Wake, *, gone: bool = True) -> None:
    while waking.answers() == gone:
        pass


def test_a_sleeping_host_is_woken_by_its_neighbour(sparks: Sparks, waking: Wake):
    with asleep(sparks):
        wait_until_gone(waking)
        assert waking.look() is False

        said = waking.wake()

        assert said.startswith("spark-2 is awake: it answered ")
        assert said.endswith(" to a packet from spark-1.")
        assert waking.report.phases() == ["looking", "waking"]


def test_with_no_neighbour_in_reach_the_packet_comes_from_the_controller(sparks: Sparks, waking: Wake):
    with sparks.simulation.fault("unreachable", "", number=1), asleep(sparks):
        wait_until_gone(waking)
        waking.look()

        assert waking.wake().endswith("to a packet from the controller.")


def test_the_address_that_was_seen_while_the_host_was_on_will_do(sparks: Sparks, waking: Wake):
    waking.host = sparks.cluster.hosts[1]
    write_seen(waking.ledger, "host/spark-2", {"reachable": False, "mac": MAC})
    with asleep(sparks):
        wait_until_gone(waking)

        assert waking.look() is False
        assert waking.mac == MAC
        assert "Send the packet that wakes 3c:6d:66:00:0c:01 from spark-1." in waking.sentences()


def test_a_host_whose_address_nobody_knows_is_not_woken(sparks: Sparks, waking: Wake):
    waking.host = sparks.cluster.hosts[1]
    with asleep(sparks):
        wait_until_gone(waking)

        with pytest.raises(Failed, match="the MAC address of spark-2 is not known"):
            waking.look()


def test_a_host_that_is_on_is_left_alone(waking: Wake):
    wait_until_gone(waking, gone=False)

    assert waking.look() is True


def test_a_host_that_is_on_and_refuses_us_is_no_case_for_a_packet(sparks: Sparks, waking: Wake):
    wait_until_gone(waking, gone=False)
    strange = sparks.simulation.folder / "keys" / "bot_ed25519"
    waking.host = waking.host.model_copy(update={"key_path": str(strange)})

    with pytest.raises(Failed, match=r"it is on, so waking it does not help: .*refuses our SSH key"):
        waking.look()


def test_a_host_that_does_not_wake_is_said_to_with_what_to_do(sparks: Sparks, waking: Wake):
    waking.seconds = 0.4
    with sparks.simulation.fault("unreachable", "", number=2):
        wait_until_gone(waking)
        waking.look()

        with pytest.raises(Failed, match=r"did not answer within 0 s.*Press its power button"):
            waking.wake()


def test_the_packet_is_six_bytes_of_ones_and_sixteen_times_the_address():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as card:
        card.bind(("127.0.0.1", 0))
        card.settimeout(10)

        answer = on_controller(packet_command(MAC, "127.0.0.1", card.getsockname()[1]))

        assert json.loads(answer.stdout) == {"sent_to": ["127.0.0.1"]}
        assert card.recv(2000) == b"\xff" * 6 + bytes.fromhex(MAC.replace(":", "")) * 16


def test_a_packet_that_cannot_be_sent_is_told():
    answer = on_controller(packet_command(MAC, "nosuch.invalid", 9))

    assert not answer.ok
    assert "nosuch.invalid" in answer.stderr
