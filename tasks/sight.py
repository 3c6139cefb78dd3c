"""What one look at a host says: reading the answer of remote/look.sh (pure)."""

import json
from dataclasses import dataclass, field

from tasks.check import Answer, Command, Unreadable, command
from tasks.remote import script

NO_DOCKER = "docker is not installed"
_OUT_OF_TIME = ("124", "137")
"""Exit codes of `timeout -k`: it ended the command, or had to kill it."""


@dataclass(frozen=True)
class Gpu:
    """The GPU as nvidia-smi tells; None where a GB10 says [N/A]."""

    name: str
    utilization: float | None
    temperature: float | None
    power: float | None


@dataclass(frozen=True)
class ContainerSeen:
    """One container of `docker ps -a`."""

    name: str
    state: str
    status: str
    image: str


@dataclass(frozen=True)
class ProcessSeen:
    """One process that was started away from its session; `mark` says which launch of the ledger it is."""

    name: str
    state: str
    mark: str


@dataclass(frozen=True)
class HostSight:
    """
    One look at a host.

    Attributes:
        memory_total, memory_available: Bytes; available is what the kernel could give, page cache included.
        disk_free: Bytes left where the Hugging Face cache is, or will be.
        gpu: None when nvidia-smi failed or hung (`gpu_fault` says which).
        docker_fault: Blank, or why the containers could not be listed.
    """

    home: str
    hostname: str
    cache: str
    uptime_seconds: float
    load: tuple[float, ...]
    memory_total: int
    memory_available: int
    disk_free: int
    gpu: Gpu | None
    gpu_fault: str
    containers: tuple[ContainerSeen, ...] = field(default_factory=tuple)
    docker_fault: str = ""
    processes: tuple[ProcessSeen, ...] = ()

    def container(self, name: str) -> ContainerSeen | None:
        """The container of that name, running or not."""
        return next((seen for seen in self.containers if seen.name == name), None)

    def process(self, name: str) -> ProcessSeen | None:
        """The process of that name, running or not."""
        return next((seen for seen in self.processes if seen.name == name), None)

    def holds(self, name: str) -> bool:
        """True when a container or a process of that name is there, running or not."""
        return self.container(name) is not None or self.process(name) is not None


def look_command(hf_cache: str | None) -> Command:
    """The one command that looks at a host."""
    return command("bash", "-s", "--", hf_cache or "", stdin=script("look.sh"), timeout=45)


def read_sight(answer: Answer) -> HostSight:
    """The sight in an answer; `Unreadable` names what is missing."""
    facts: dict[str, list[str]] = {}
    for line in answer.stdout.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            facts.setdefault(key, []).append(value)
    try:
        total, available = facts["memory"][0].split()
        gpu, gpu_fault = _gpu(facts)
        return HostSight(
            home=facts["home"][0],
            hostname=facts["hostname"][0],
            cache=facts["cache"][0],
            uptime_seconds=float(facts["uptime"][0]),
            load=tuple(float(number) for number in facts["load"][0].split()),
            memory_total=int(total),
            memory_available=int(available),
            disk_free=int(facts["disk_free"][0]),
            gpu=gpu,
            gpu_fault=gpu_fault,
            containers=tuple(_container(line) for line in facts.get("container", [])),
            docker_fault=_docker_fault(facts["docker_code"][0], answer.stderr),
            processes=tuple(_process(line) for line in facts.get("process", [])),
        )
    except (KeyError, ValueError, IndexError, TypeError) as error:
        raise Unreadable(f"the look at the host cannot be read ({error!r}): {answer.said}") from error


def number(text: str) -> float | None:
    """A number, or None for what a GB10 prints in its place: [N/A], N/A, Not Supported or nothing."""
    try:
        return float(text.strip())
    except ValueError:
        return None


def _gpu(facts: dict[str, list[str]]) -> tuple[Gpu | None, str]:
    code = facts["nvidia_smi_code"][0]
    if code in _OUT_OF_TIME:
        return None, "nvidia-smi hangs: the driver is wedged"
    if code != "0" or "gpu" not in facts:
        return None, f"nvidia-smi failed with exit code {code}"
    name, *numbers = facts["gpu"][0].split(",")
    utilization, temperature, power = (number(text) for text in numbers)
    return Gpu(name.strip(), utilization, temperature, power), ""


def _container(line: str) -> ContainerSeen:
    row = json.loads(line)
    return ContainerSeen(row["Names"], row["State"], row.get("Status", ""), row.get("Image", ""))


def _process(line: str) -> ProcessSeen:
    name, state, mark = line.split(" ")
    return ProcessSeen(name, state, mark)


def _docker_fault(code: str, stderr: str) -> str:
    if code == "0":
        return ""
    if code in _OUT_OF_TIME:
        return "docker does not answer"
    if code == "127":
        return NO_DOCKER
    return f"docker failed with exit code {code}: {stderr.strip()[-300:]}"
