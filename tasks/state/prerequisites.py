"""The group "prerequisites": the packages and the Python that everything else stands on."""

import re

from tasks.check import Unreadable, command
from tasks.state.check import Facts, Fix, Judged, StateCheck

PACKAGES = (
    "git", "curl", "jq", "python3-venv", "build-essential", "ninja-build", "pkg-config",
    "iproute2", "ethtool", "rdma-core",
)  # fmt: skip
INSTALLED = "install ok installed"
OLDEST = (3, 10)
APT_SECONDS = 900


class Prerequisite(StateCheck):
    """A check of this group."""

    group = "prerequisites"


class Packages(Prerequisite):
    """
    The base packages are installed.

    Asked: `dpkg-query` of git, curl, jq, python3-venv, build-essential, ninja-build, pkg-config, iproute2,
        ethtool and rdma-core.
    Wanted: each of them installed, in whatever version.
    Fix: `apt-get update`, and `apt-get install` of those that are missing, as root: nothing is upgraded and
        nothing removed, and the lock of dpkg is waited for.
    Source: spark-tools.md 6.2, step 1; never a dist-upgrade, which may bring another kernel or driver.
    """

    name = "packages"

    def judge(self, facts: Facts) -> Judged:
        if (code := facts.one("packages_code")) not in ("0", "1"):  # 1: it does not know some of them
            raise Unreadable(f"dpkg-query failed with exit code {code}")
        missing = self.missing(facts)
        found = f"{len(PACKAGES) - len(missing)} of {len(PACKAGES)} are installed"
        return Judged(found, tuple(f"{package} is not installed" for package in missing))

    def fix(self, facts: Facts) -> Fix:
        missing = self.missing(facts)
        options = (
            "-y",
            "--no-install-recommends",
            "--no-upgrade",
            "--no-remove",
            "-o",
            "DPkg::Lock::Timeout=300",
        )
        install = command("apt-get", "install", *options, *missing, timeout=APT_SECONDS)
        update = command("apt-get", "update", "-q", timeout=APT_SECONDS)
        return Fix(f"Install {', '.join(missing)}.", (update, install))

    def missing(self, facts: Facts) -> list[str]:
        """The packages that are not installed."""
        there = {line.split(" ", 1)[0] for line in facts.every("package") if line.endswith(f" {INSTALLED}")}
        return [package for package in PACKAGES if package not in there]


class Python(Prerequisite):
    """
    The host's Python can make virtual environments.

    Asked: `python3` for its version, and whether it has `venv` and `ensurepip`.
    Wanted: Python 3.10 or newer, with both.
    Fix: the package python3-venv, by the check `packages`; another Python is installed by a person.
    Source: spark-tools.md 6.2, steps 1 and 3.
    """

    name = "python"

    def judge(self, facts: Facts) -> Judged:
        said = facts.one("python")
        if not said:
            return Judged("no python3", ("there is no python3",))
        told = re.fullmatch(r"(\d+)\.(\d+)\.\S+ (yes|no)", said)
        if told is None:
            raise Unreadable(f"python3 does not tell its version: {said}")
        faults = [] if told[3] == "yes" else ["python3 has no venv or no ensurepip"]
        if (int(told[1]), int(told[2])) < OLDEST:
            faults.append(f"Python is older than {OLDEST[0]}.{OLDEST[1]}")
        return Judged(f"Python {said.split()[0]}", tuple(faults))


def checks() -> tuple[StateCheck, ...]:
    """The checks of this group."""
    return Packages(), Python()
