"""What each check makes of what a host may say: wanted, wrong and unreadable; no host is asked."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blocks.cluster import Host
from blocks.ledger.state import CHECKS
from blocks.public_key import PublicKey
from tasks.check import Answer, Unreadable
from tasks.ensure_state import judge
from tasks.state.check import Facts
from tasks.state.kinds import chosen, every_check, read_facts
from tasks.state.prerequisites import PACKAGES

HOST = Host(name="spark-1", address="192.0.2.1", fabric_address="192.0.2.129")
KEY = PublicKey("ssh-ed25519", "AAAAC3Nz")
EVERY = every_check({"spark-1": KEY})
BY_NAME = {check.name: check for check in EVERY}
WELL = {
    "clock": ["yes"], "disk": [f"{30 * 1024**3} /", f"{900 * 1024**3} /cache"],
    "docker_code": ["0"], "docker_said": [""], "image": ["sha256:aa"],
    "fabric": ["enp1"], "mtu": ["9000"], "link": ["roce0 enp0 DOWN", "roce1 enp1 ACTIVE"],
    "authorized": ['from="192.0.2.9",restrict ssh-ed25519 AAAAC3Nz me'], "authorized_end": ["yes"],
    "package": [f"{name} install ok installed" for name in PACKAGES], "packages_code": ["0"],
    "python": ["3.12.3 yes"], "driver_code": ["0"], "driver": ["NVIDIA GB10, 580.126.09"],
    "cuda": ["/usr/local/cuda-13.0"], "cuda_taken": ["yes"], "cuda_installed": ["/usr/local/cuda-13.0"],
    "nvcc": ["13.0"], "ptxas": ["13.0"], "env_CUDA_HOME": ["/usr/local/cuda"],
    "env_TRITON_PTXAS_PATH": ["/usr/local/cuda/bin/ptxas"], "env_TORCH_CUDA_ARCH_LIST": ["12.1a"],
    "env_PATH": ["/usr/local/cuda/bin:/usr/bin"],
}  # fmt: skip
NO_CUDA = {"cuda": [""], "cuda_taken": ["no"], "nvcc": [""], "ptxas": [""]}

MATRIX = [
    ("clock", {"clock": ["no"]}, "failed", "not kept by the network"),
    ("clock", {"clock": [""]}, "unreadable", "does not say"),
    ("disk", {"disk": ["1000 /", "9999999999999 /x"]}, "failed", "less than 20 GiB are free on /"),
    ("disk", {"disk": [" /"]}, "unreadable", "df does not say"),
    ("docker", {"docker_code": ["127"]}, "failed", "docker is not installed"),
    ("docker", {"docker_code": ["124"]}, "failed", "docker does not answer"),
    ("image", {"image": [""]}, "failed", "missing here, spark-2 has it"),
    ("image", {"image": ["sha256:bb"]}, "failed", "another image than on spark-2"),
    ("link", {"fabric": [""]}, "failed", "no interface has 192.0.2.129"),
    ("link", {"link": ["roce1 enp1 DOWN"]}, "failed", "at enp1 is DOWN"),
    ("link", {"link": []}, "failed", "without an RDMA adapter"),
    ("mtu", {"mtu": ["1500"]}, "failed", "the MTU is 1500, not 9000"),
    ("mtu", {"mtu": [""]}, "unreadable", "does not tell the MTU"),
    ("mtu", {"fabric": [""]}, "skipped", "the fast link is not up"),
    ("our-key", {"authorized": ["ssh-ed25519 AAAAC3Nz"]}, "failed", "from any address"),
    ("our-key", {"authorized": ['from="x" ssh-ed25519 AAAAC3Nz']}, "failed", "may open a terminal"),
    ("our-key", {"authorized": ["#no-pty ssh-ed25519 AAAAC3Nz"]}, "skipped", "not in ~/.ssh/authorized_keys"),
    (
        "packages",
        {"package": ["git install ok installed", "jq deinstall ok config-files"]},
        "failed",
        "jq is",
    ),
    ("packages", {"packages_code": ["2"]}, "unreadable", "exit code 2"),
    ("python", {"python": [""]}, "failed", "there is no python3"),
    ("python", {"python": ["3.12.3 no"]}, "failed", "no venv"),
    ("python", {"python": ["3.8.10 yes"]}, "failed", "older than 3.10"),
    ("python", {"python": ["Python!"]}, "unreadable", "does not tell its version"),
    ("driver", {"driver_code": ["137"]}, "failed", "the driver is wedged"),
    ("driver", {"driver": ["NVIDIA GB10, 590.1"]}, "failed", "than on spark-2"),
    ("driver", {"driver": ["what?"]}, "unreadable", "does not tell"),
    ("toolkit", NO_CUDA, "failed", "there is no toolkit at /usr/local/cuda"),
    ("toolkit", {"nvcc": ["12.8"]}, "failed", "older than 13"),
    ("toolkit", {"ptxas": [""]}, "failed", "bin/ptxas does not run"),
    ("ssh-environment", {"env_CUDA_HOME": [""]}, "failed", "CUDA_HOME is not set"),
    ("ssh-environment", {"env_PATH": ["/usr/bin"]}, "failed", "is not on the PATH"),
    ("ssh-environment", NO_CUDA, "skipped", "see the check toolkit"),
]


def facts(**changes: list[str]) -> Facts:
    """What a host says that is as it should be, but for these keys; the other host is well."""
    said = {key: tuple(values) for key, values in {**WELL, **changes}.items() if values}
    return Facts(HOST, said, {"spark-2": {key: tuple(values) for key, values in WELL.items()}})


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_what_is_as_it_should_be_is_ok(check):
    finding, fix = judge(check, facts())

    assert (finding.outcome, finding.why, fix) == ("ok", "", None)
    assert finding.found


@pytest.mark.parametrize(("name", "changes", "outcome", "why"), MATRIX)
def test_each_wrong_and_each_unreadable_state_is_told_from_the_others(name, changes, outcome, why):
    finding, fix = judge(BY_NAME[name], facts(**changes))

    assert finding.outcome == outcome
    assert why in finding.why
    assert fix is None or outcome == "failed"


def test_every_check_has_a_wrong_state_in_the_matrix():
    assert {name for name, _, outcome, _ in MATRIX if outcome == "failed"} == BY_NAME.keys()


@pytest.mark.parametrize("check", EVERY, ids=lambda check: check.name)
def test_a_look_that_broke_off_is_unreadable_and_fixes_nothing(check):
    finding, fix = judge(check, Facts(HOST, {"nothing": ("",)}, {"spark-2": {}}))

    assert (finding.outcome, fix) == ("unreadable", None)


def test_the_names_of_the_checks_are_those_that_the_gateway_knows():
    assert {group: tuple(c.name for c in EVERY if c.group == group) for group in CHECKS} == CHECKS


def test_a_host_alone_without_a_fast_link_or_a_known_key_is_not_blamed_for_it():
    alone = Facts(HOST.model_copy(update={"fabric_address": None}), facts().said)
    checks = {check.name: check for check in every_check({})}

    found = [judge(checks[name], alone)[0].outcome for name in ("image", "link", "mtu", "our-key", "driver")]

    assert found == ["skipped", "skipped", "skipped", "skipped", "ok"]


def test_the_fix_of_a_toolkit_is_the_newest_that_is_there_or_a_persons():
    check = BY_NAME["toolkit"]
    there = ["/usr/local/cuda-13.0", "/usr/local/cuda-13.2", "/usr/local/cuda-13.9;reboot"]

    link, install = (
        check.fix(facts(**NO_CUDA, cuda_installed=there)),
        check.fix(facts(**NO_CUDA, cuda_installed=[])),
    )

    assert link.script == "sudo ln -sn /usr/local/cuda-13.2 /usr/local/cuda\n"
    assert [command.words[:3] for command in link.to_run] == [("sudo", "-n", "ln")]
    assert install.by_hand
    assert check.fix(facts(cuda=[""], cuda_taken=["yes"])) is None


@pytest.mark.parametrize("name", ["clock", "mtu", "packages", "ssh-environment", "toolkit"])
def test_a_script_for_a_person_is_shell(name):
    hostile = facts(fabric=["enp1; reboot"], package=[], cuda_taken=["no"], cuda_installed=[])
    script = BY_NAME[name].fix(hostile).script

    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0
    assert "reboot" not in [word for line in script.splitlines()[:1] for word in shlex.split(line)]


def test_groups_and_checks_are_chosen_by_name_and_unknown_ones_named():
    assert {check.group for check in chosen(EVERY, ["cuda"], [])} == {"cuda"}
    assert [check.name for check in chosen(EVERY, [], ["clock"])] == ["clock"]
    assert chosen(EVERY, [], []) == list(EVERY)
    with pytest.raises(LookupError, match=r"no group or check colour \(known: cluster: clock"):
        chosen(EVERY, ["colour"], ["clock"])


@given(st.text())
def test_whatever_a_host_says_is_facts_or_unreadable(text):
    try:
        said = read_facts(Answer(0, text))
    except Unreadable:
        return
    for check in EVERY:
        assert judge(check, Facts(HOST, said, {"spark-2": said}))[0].outcome in (
            "ok",
            "failed",
            "skipped",
            "unreadable",
        )
