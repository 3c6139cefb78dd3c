"""What one look at a host says: reading the answer of remote/look.sh (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.check import TIMED_OUT, Answer, Command, Unreadable, command
from tasks.remote import script
from tasks.sight_parts import (
    Address,
    ContainerSeen,
    Gpu,
    GpuProcess,
    Lan,
    Link,
    ProcessSeen,
    number,
    read_addresses,
    read_containers,
    read_gpu,
    read_gpu_processes,
    read_lan,
    read_links,
    read_pressure,
    read_process,
    vpn_of,
)

NO_DOCKER = "docker is not installed"
OUT_OF_TIME = ("124", "137")
"""Exit codes of `timeout -k`: it ended the command, or had to kill it."""

LOOK_SECONDS = 20
"""What the host gives a look; its programs that may hang run side by side, none longer than 16 s."""
FIRST_WORD_SECONDS = 8
"""The look begins with what no program has to be asked for: a host that does not even say that is wedged."""

__all__ = ["ContainerSeen", "Gpu", "HostSight", "ProcessSeen", "look_command", "number", "read_sight"]


@dataclass(frozen=True)
class HostSight:
    """
    One look at a host; sizes in bytes, None for what the host did not tell.

    Attributes:
        memory_total, memory_available: Available is what the kernel could give, page cache included.
        page_cache: Of the memory that is used, what the kernel holds of files and buffers.
        pressure: Percent of the last 10 s in which `some` or all (`full`) work waited for memory.
        disk_free, disk_total: Where the Hugging Face cache is, or will be; None: the disk does not answer.
        root_free, root_total: Of the file system `/`.
        gpu: None when nvidia-smi failed or hung (`gpu_fault` says which).
        gpu_processes: Who holds memory of the GPU; a GB10 tells it by process and in no other way.
        docker_fault: Blank, or why the containers could not be listed.
        lan: The interface of the default route; None without one.
        vpn: The address in a VPN; None without one.
        links: The ports of the fast link (RoCE).
        public_key: The host's own public SSH key; blank without one.
    """

    home: str
    hostname: str
    cache: str
    uptime_seconds: float
    load: tuple[float, ...]
    memory_total: int
    memory_available: int
    disk_free: int | None
    gpu: Gpu | None
    gpu_fault: str
    containers: tuple[ContainerSeen, ...] = field(default_factory=tuple)
    docker_fault: str = ""
    processes: tuple[ProcessSeen, ...] = ()
    kernel: str = ""
    page_cache: int | None = None
    swap_total: int | None = None
    swap_used: int | None = None
    pressure: Mapping[str, float] | None = None
    disk_total: int | None = None
    root_free: int | None = None
    root_total: int | None = None
    gpu_processes: tuple[GpuProcess, ...] = ()
    lan: Lan | None = None
    vpn: Address | None = None
    links: tuple[Link, ...] = ()
    public_key: str = ""

    def container(self, name: str) -> ContainerSeen | None:
        """The container of that name, running or not."""
        return next((seen for seen in self.containers if seen.name == name), None)

    def process(self, name: str) -> ProcessSeen | None:
        """The process of that name, running or not."""
        return next((seen for seen in self.processes if seen.name == name), None)

    def holds(self, name: str) -> bool:
        """True when a container or a process of that name is there, running or not."""
        return self.container(name) is not None or self.process(name) is not None

    def runs(self, name: str) -> bool:
        """True when a container or a process of that name runs."""
        return any(seen and seen.state == "running" for seen in (self.container(name), self.process(name)))


def look_command(hf_cache: str | None) -> Command:
    """The one command that looks at a host."""
    words = ("bash", "-s", "--", hf_cache or "")
    return command(*words, stdin=script("look.sh"), timeout=LOOK_SECONDS, first_word=FIRST_WORD_SECONDS)


def read_sight(answer: Answer) -> HostSight:
    """The sight in an answer; `Unreadable` names what is missing."""
    facts: dict[str, list[str]] = {}
    for line in answer.stdout.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            facts.setdefault(key, []).append(value)
    if answer.code == TIMED_OUT:  # the look was ended: what hangs so that nothing can end it told no code
        for key in ("nvidia_smi_code", "docker_code", "disk_code"):
            facts.setdefault(key, [str(TIMED_OUT)])
    try:
        return _sight(facts, answer.stderr)
    except (KeyError, ValueError, IndexError, TypeError, AttributeError) as error:
        raise Unreadable(f"the look at the host cannot be read ({error!r}): {answer.said}") from error


def _sight(facts: Mapping[str, list[str]], stderr: str) -> HostSight:
    total, available = facts["memory"][0].split()
    gpu, gpu_fault = _gpu(facts)
    addresses = read_addresses(facts.get("address", []))
    containers = read_containers(facts.get("container", []), facts.get("inspected", []))
    return HostSight(
        home=facts["home"][0],
        hostname=facts["hostname"][0],
        cache=facts["cache"][0],
        uptime_seconds=float(facts["uptime"][0]),
        load=tuple(float(each) for each in facts["load"][0].split()),
        memory_total=int(total),
        memory_available=int(available),
        gpu=gpu,
        gpu_fault=gpu_fault,
        containers=containers,
        docker_fault=_docker_fault(facts["docker_code"][0], stderr),
        processes=tuple(read_process(line) for line in facts.get("process", [])),
        gpu_processes=read_gpu_processes(facts.get("gpu_process", []), containers),
        kernel=_first(facts, "kernel"),
        page_cache=int(facts["page_cache"][0]) if "page_cache" in facts else None,
        pressure=read_pressure(facts.get("pressure", [])),
        lan=read_lan(_first(facts, "lan"), addresses),
        vpn=vpn_of(addresses),
        links=read_links(facts.get("link", [])),
        public_key=_first(facts, "public_key"),
        **_sizes(facts),
    )


def _first(facts: Mapping[str, list[str]], key: str) -> str:
    return facts.get(key, [""])[0]


def _sizes(facts: Mapping[str, list[str]]) -> dict[str, int | None]:
    """Swap and disks; a disk that does not answer in time has no size."""
    swap_total, swap_used = _two(facts, "swap")
    root_free, root_total = _two(facts, "root")
    hangs = _first(facts, "disk_code") in OUT_OF_TIME
    return {
        "swap_total": swap_total,
        "swap_used": swap_used,
        "root_free": root_free,
        "root_total": root_total,
        "disk_free": None if hangs else int(facts["disk_free"][0]),
        "disk_total": int(facts["disk_total"][0]) if "disk_total" in facts else None,
    }


def _two(facts: Mapping[str, list[str]], key: str) -> tuple[int | None, int | None]:
    if key not in facts:
        return None, None
    first, second = facts[key][0].split()
    return int(first), int(second)


def _gpu(facts: Mapping[str, list[str]]) -> tuple[Gpu | None, str]:
    code = facts["nvidia_smi_code"][0]
    if code in OUT_OF_TIME:
        return None, "nvidia-smi hangs: the driver is wedged"
    if code != "0" or "gpu" not in facts:
        return None, f"nvidia-smi failed with exit code {code}"
    return read_gpu(facts["gpu"][0]), ""


def _docker_fault(code: str, stderr: str) -> str:
    if code == "0":
        return ""
    if code in OUT_OF_TIME:
        return "docker does not answer"
    if code == "127":
        return NO_DOCKER
    return f"docker failed with exit code {code}: {stderr.strip()[-300:]}"
