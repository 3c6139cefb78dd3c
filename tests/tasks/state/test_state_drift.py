"""Drift on simulated hosts over real SSH: seen for what it is, put right where asked, and then left alone."""

import hashlib
from contextlib import ExitStack

import pytest

from blocks.ledger.state import CHECKS, read_state, script_of
from tasks.check import Answer
from tasks.ensure_state import words_of_refusal
from tests.tasks.state.conftest import Ward, fix, outcomes, whys

HOST_CHECKS = [name for name in (*CHECKS["cluster"], *CHECKS["prerequisites"], "driver") if name != "our-key"]


DRIFT = [
    ("disk", "disk-full", "", "less than 20 GiB are free on /"),
    ("docker", "docker-ps", "1\npermission denied while trying to connect", "may not speak to docker"),
    ("image", "image-drift", "", "another image than on spark-2"),
    ("packages", "packages-missing", "jq\nethtool", "jq is not installed; ethtool is not installed"),
    ("driver", "nvidia-smi", "9\nfailed", "nvidia-smi failed with exit code 9"),
]


def test_a_pair_as_it_should_be_is_ok_in_every_respect(ward: Ward):
    state = ward.look(*HOST_CHECKS)

    assert outcomes(state) == outcomes(state, "spark-2") == dict.fromkeys(HOST_CHECKS, "ok"), whys(state)
    assert state.due() == []


def test_a_host_that_drifted_fails_with_its_reasons(ward: Ward):
    with ExitStack() as faults:
        for _, fault, content, _ in DRIFT:
            faults.enter_context(ward.pair.fault(fault, content))
        state = ward.look()

    found = {finding.check: finding for finding in state.findings["spark-1"]}
    for name, _, _, why in DRIFT:
        assert (found[name].outcome, why in found[name].why) == ("failed", True), found[name]
        assert found[name].fix
    assert found["clock"].outcome == "ok"


def test_a_cable_that_is_pulled_fails_the_link(ward: Ward):
    port = "sys/class/infiniband/rocep1s0f1/ports/1/state"
    file = ward.pair.simulation.folder / "spark-1" / port
    file.write_text("1: DOWN\n")
    state = ward.look("link")
    file.write_text("4: ACTIVE\n")

    assert whys(state) == "the fast link at enp1s0f1np1 is DOWN"
    assert outcomes(state, "spark-2") == {"link": "ok"}


def test_the_line_of_our_key_is_found_and_its_limits_are_read(ward: Ward):
    file = ward.pair.simulation.home() / ".ssh/authorized_keys"
    before = file.read_text()
    file.write_text(before.replace("ssh-ed25519", 'restrict,pty,from="192.0.2.1" ssh-ed25519'))
    try:
        state = ward.look("our-key")
    finally:
        file.write_text(before)

    assert outcomes(state) == {"our-key": "ok"}, whys(state)
    assert outcomes(state, "spark-2") == {"our-key": "failed"}
    assert "none: a wrong word" in state.findings["spark-2"][0].fix


def test_an_image_that_cannot_be_asked_for_is_unreadable_not_missing(ward: Ward):
    with ward.pair.fault("docker-image", "1\nCannot connect to the Docker daemon"):
        state = ward.look("image")

    assert outcomes(state) == {"image": "unreadable"}
    assert outcomes(state, "spark-2") == {"image": "ok"}


def test_a_host_that_is_away_is_unreadable_and_does_not_stop_the_other(ward: Ward):
    with ward.pair.fault("unreachable"), ward.pair.fault("packages-missing", "jq", 2):
        ward.allow_root(2)
        state = ward.act("packages", "python")

    assert set(outcomes(state).values()) == {"unreadable"}
    assert "spark-1" in whys(state)
    assert outcomes(state, "spark-2") == {"packages": "fixed", "python": "ok"}


@pytest.mark.parametrize("name", ["packages", "clock"])
def test_act_leads_to_the_wanted_state_and_a_second_run_changes_nothing(ward: Ward, name: str):
    ward.allow_root()
    drift(ward)

    first, again = ward.act(name), ward.look(name)

    assert outcomes(first)[name] == "fixed"
    assert first.findings["spark-1"][0].why == "it was put right"
    assert (outcomes(again)[name], again.due(), again.sentences()) == ("ok", [], [])


def test_a_look_changes_nothing_on_the_host(ward: Ward):
    drift(ward)
    before = tree(ward)
    state = ward.look()

    assert tree(ward) == before
    assert {"clock", "packages"} <= {name for name, seen in outcomes(state).items() if seen == "failed"}
    assert "spark-1: Have the clock kept by the network. (as root)" in state.sentences()


def test_a_fix_changes_nothing_but_what_it_is_for(ward: Ward):
    ward.allow_root()
    drift(ward)
    before = tree(ward)
    ward.act("packages", "clock")

    changed = {name for name, digest in tree(ward).items() if before.get(name) != digest}
    assert changed == {"faults/packages-missing", "units/systemd-timesyncd.service"}


def test_without_root_rights_the_commands_are_left_as_a_script(ward: Ward):
    drift(ward)
    state = ward.act("packages", "clock")
    script = script_of("spark-1", read_state(ward.ledger)["spark-1"])

    assert outcomes(state) == {"packages": "failed", "clock": "failed"}
    assert "may not do this as root without a password" in whys(state)
    assert script.startswith("#!/bin/bash\n")
    assert "\nsudo timedatectl set-ntp true\n" in script
    assert "\nsudo apt-get install -y --no-install-recommends --no-upgrade --no-remove " in script


def test_what_needs_a_person_is_never_run(ward: Ward):
    ward.allow_root()
    with ward.pair.fault("docker-ps", "1\npermission denied"):
        state = ward.look("docker")

    assert (state.due(), fix(state)) == ([], {})
    finding = state.findings["spark-1"][0]
    assert (finding.by_hand, finding.script) == (True, "sudo usermod -aG docker spark\n")


def test_what_was_found_is_kept_beside_what_other_runs_found(ward: Ward):
    ward.look("clock")
    ward.look("packages", "python")

    kept = read_state(ward.ledger)
    assert [finding.check for finding in kept["spark-2"]] == ["clock", "packages", "python"]


def test_a_command_that_fails_as_root_is_told_in_its_own_words(ward: Ward):
    assert words_of_refusal(Answer(100, "", "E: no network"), ward.pair.one) == "E: no network"


def drift(ward: Ward) -> None:
    """A clock that nobody keeps, and a package that is missing."""
    host = ward.pair.simulation.folder / "spark-1"
    (host / "faults/packages-missing").write_text("jq\n")
    (host / "units/systemd-timesyncd.service").write_text("inactive\n")


@pytest.fixture(autouse=True)
def cured(ward: Ward):
    """The host is well after each test."""
    yield
    host = ward.pair.simulation.folder / "spark-1"
    (host / "faults/packages-missing").unlink(missing_ok=True)
    (host / "units/systemd-timesyncd.service").write_text("active\n")


def tree(ward: Ward) -> dict[str, str]:
    """Each file of the host that a check could change, with a digest of what is in it."""
    host = ward.pair.simulation.folder / "spark-1"
    places = [host / name for name in ("faults", "units", "home/.ssh", "home/.config", "home/.local")]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    return {str(file.relative_to(host)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
