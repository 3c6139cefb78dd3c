"""The group "cuda": driver and toolkit as they are, and the environment of the commands that come by SSH."""

import re

from tasks.check import Unreadable, command
from tasks.remote import script_with
from tasks.state.check import Facts, Fix, Judged, StateCheck

CUDA = "/usr/local/cuda"
WANTED_MAJOR = 13
ENVIRONMENT = {
    "CUDA_HOME": CUDA,
    "TRITON_PTXAS_PATH": f"{CUDA}/bin/ptxas",
    "TORCH_CUDA_ARCH_LIST": "12.1a",
}
"""What a command that comes by SSH should find, besides the programs of CUDA on its PATH."""
FILE = "/etc/environment"
INSTALLED = re.compile(r"/usr/local/cuda-1\d(\.\d)?")
HANGS = ("124", "137")


class CudaCheck(StateCheck):
    """A check of this group."""

    group = "cuda"


class Driver(CudaCheck):
    """
    The driver answers, and is the same on every host.

    Asked: `nvidia-smi --query-gpu=name,driver_version`.
    Wanted: an answer within 5 seconds, and one version on all hosts that were looked at.
    Fix: none: another driver means a restart of the host.
    Source: spark-tools.md 5.6 and 6.2, step 2; versions are detected, not assumed.
    """

    name = "driver"

    def judge(self, facts: Facts) -> Judged:
        code, said = facts.one("driver_code"), facts.one("driver")
        if code in HANGS:
            return Judged("no answer", ("nvidia-smi hangs: the driver is wedged",))
        if code != "0":
            return Judged(said or "no answer", (f"nvidia-smi failed with exit code {code}",))
        if "," not in said:
            raise Unreadable(f"nvidia-smi does not tell the driver's version: {said}")
        different = sorted(name for name, other in facts.elsewhere("driver").items() if other != said)
        faults = (f"another GPU or driver than on {' and '.join(different)}",) if different else ()
        return Judged(said, faults)


class Toolkit(CudaCheck):
    """
    The CUDA toolkit is at `/usr/local/cuda`.

    Asked: where `/usr/local/cuda` leads, what nvcc and ptxas there say of their release, and which
        `/usr/local/cuda-13…` hold an nvcc.
    Wanted: release 13 or newer of both; a host that only runs containers may do without, and is told so.
    Fix: the link, when a toolkit is installed and nothing stands in its place; as root. The toolkit itself is
        installed by a person: `apt-get install cuda-toolkit-13-0`.
    Source: spark-tools.md 5.6 and 6.2, step 2.
    """

    name = "toolkit"

    def judge(self, facts: Facts) -> Judged:
        place = facts.one("cuda")
        if not place:
            there = " and ".join(facts.every("cuda_installed")) or "nowhere else"
            return Judged(f"not at {CUDA}", (f"there is no toolkit at {CUDA} (found: {there})",))
        releases = {name: facts.one(name) for name in ("nvcc", "ptxas")}
        faults = []
        for name, release in releases.items():
            told = re.match(r"(\d+)\.\d+", release)
            if told is None:
                faults.append(f"{CUDA}/bin/{name} does not run, or does not say its release")
            elif int(told[1]) < WANTED_MAJOR:
                faults.append(f"{name} is of release {release}, older than {WANTED_MAJOR}")
        return Judged(f"{place}: nvcc {releases['nvcc']}, ptxas {releases['ptxas']}", tuple(faults))

    def fix(self, facts: Facts) -> Fix | None:
        known = [place for place in facts.every("cuda_installed") if INSTALLED.fullmatch(place)]
        if facts.one("cuda_taken") == "yes":
            return None
        if not known:
            install = command("apt-get", "install", "-y", "--no-install-recommends", "cuda-toolkit-13-0")
            why = "it is some GB, and a host that only runs containers needs none of it"
            return Fix("Install the CUDA toolkit.", (install,), by_hand=why)
        newest = sorted(known)[-1]
        return Fix(f"Let {CUDA} lead to {newest}.", (command("ln", "-sn", newest, CUDA),))


class SshEnvironment(CudaCheck):
    """
    A command that comes by SSH finds CUDA.

    Asked: CUDA_HOME, TRITON_PTXAS_PATH, TORCH_CUDA_ARCH_LIST and the PATH of the very command that asks, for
        which no profile is read.
    Wanted: `/usr/local/cuda`, its ptxas by absolute path, 12.1a, and `/usr/local/cuda/bin` on the PATH.
    Fix: these lines of `/etc/environment`, as root; other lines stay, and its first state is kept beside it
        as `environment.before-spark-control`.
    Source: spark-tools.md 6.1: such commands do not read profile.d; 6.2, step 5; pam_env(8).
    """

    name = "ssh-environment"

    def judge(self, facts: Facts) -> Judged:
        if not facts.one("cuda"):
            return Judged("", skipped=f"there is no toolkit at {CUDA}: see the check toolkit")
        seen = {name: facts.one(f"env_{name}") for name in ENVIRONMENT}
        faults = [
            f"{name} is {seen[name] or 'not set'}, not {value}"
            for name, value in ENVIRONMENT.items()
            if seen[name] != value
        ]
        if f"{CUDA}/bin" not in facts.one("env_PATH").split(":"):
            faults.append(f"{CUDA}/bin is not on the PATH")
        return Judged(", ".join(f"{name}={value}" for name, value in seen.items()), tuple(faults))

    def fix(self, facts: Facts) -> Fix:
        del facts
        text = script_with("set_environment.py", file=FILE, values=ENVIRONMENT, on_path=f"{CUDA}/bin")
        words = f"Write the CUDA environment to {FILE}; what was there is kept beside it."
        return Fix(words, (command("python3", "-", stdin=text),))


def checks() -> tuple[StateCheck, ...]:
    """The checks of this group."""
    return Driver(), Toolkit(), SshEnvironment()
