"""The cluster: its hosts, its services and where things lie on them."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from blocks.patches import SpeechPatches
from blocks.policies import MemoryGuard, RestartPolicy
from blocks.words import Address, Container, HostKey, Image, Mac, Name, Path, Plain, Port, UrlPath, User

ServiceKind = Literal["vllm", "stt", "tts", "embeddings", "qdrant", "http"]
Dialect = Literal["openai", "magpie"]

UNLIMITED = 0
USUAL_AT_ONCE: dict[str, int] = {"stt": 2, "tts": 2, "embeddings": 8}
"""Requests at once by kind of service, where a service sets none; other kinds take all that come."""

USUALLY_ON_GPU = frozenset({"vllm", "stt", "tts", "embeddings"})
"""Kinds of services that use the GPU, where a service does not say whether it does."""

MOST_AT_ONCE: dict[str, int] = {"stt": 3}
"""More at once than this and the service runs out of the memory it shares with the models."""

_FORM = ConfigDict(extra="ignore", frozen=True, protected_namespaces=())


TRUST_FIELDS = ("host_key",)
"""Fields of a host that cannot fall back to a default: any machine would be trusted in its place."""


class Host(BaseModel):
    """One DGX Spark, as the controller reaches it."""

    model_config = _FORM

    name: Name = Field(description="Short name, shown everywhere")
    address: Address = Field(description="IP address on the LAN (a .local name resolves to IPv6 first)")
    ssh_port: Port = 22
    user: User = Field(default="spark", description="User name on the host, in group docker")
    key_path: Path = Field(default="~/.ssh/id_ed25519", description="Private key file on the controller")
    host_key: HostKey = Field(
        default="",
        description="Known host key, 'ssh-ed25519 AAAA…'; blank: trusted on first use, recorded",
    )
    fabric_address: Address | None = Field(
        default=None, description="Address on the QSFP link; blank: the LAN address"
    )
    mac: Mac = Field(default="", description="Of the LAN interface, to wake it; blank: as it was last seen")
    wake_address: Address = Field(
        default="255.255.255.255", description="Where the packet that wakes it is sent"
    )
    wake_port: Port = 9

    @property
    def peer_address(self) -> str:
        """The address by which the other hosts reach this one."""
        return self.fabric_address or self.address


class Service(BaseModel):
    """One program that answers HTTP on a host."""

    model_config = _FORM

    name: Name
    kind: ServiceKind = "http"
    host: Name
    port: Port
    container: Container
    health_path: UrlPath = "/health"
    hidden: bool = False
    at_once: int | None = Field(
        default=None,
        ge=UNLIMITED,
        le=10000,
        description="Requests it gets at once, others wait; 0: all that come; blank: as usual for its kind",
    )
    queue: int = Field(
        default=64, ge=0, le=10000, description="How many may wait for their turn; one more is refused"
    )
    dialect: Dialect = Field(
        default="openai", description="How it speaks: 'magpie' is translated from and to OpenAI's form"
    )
    voice: Plain = Field(
        default="", description="Voice for clients that ask a 'magpie' service for one it does not have"
    )
    realtime: bool = Field(
        default=False, description="It answers the WebSocket /v1/realtime; the first such service is used"
    )
    idle_seconds: int = Field(
        default=600, ge=1, le=86400, description="An answer that is silent for so long has broken off"
    )
    heal: bool = Field(default=True, description="A deep check that fails may restart it")
    gpu: bool | None = Field(
        default=None, description="It uses the GPU, so that the swap lock holds for it; blank: as usual"
    )

    @field_validator("at_once")
    @classmethod
    def _within_memory(cls, value: int | None, info: ValidationInfo) -> int | None:
        most = MOST_AT_ONCE.get(info.data.get("kind", ""))
        if most is None or value is None or UNLIMITED < value <= most:
            return value
        raise ValueError(f"a service of kind {info.data['kind']} takes 1 to {most} requests at once")

    @property
    def uses_gpu(self) -> bool:
        """Starting and stopping it meets the swap lock."""
        return self.kind in USUALLY_ON_GPU if self.gpu is None else self.gpu

    @property
    def limit(self) -> int:
        """How many requests it gets at once; `UNLIMITED`: all that come."""
        return USUAL_AT_ONCE.get(self.kind, UNLIMITED) if self.at_once is None else self.at_once


class Cluster(BaseModel):
    """Everything the control plane knows about the hosts without asking them."""

    model_config = _FORM

    hosts: list[Host] = Field(default_factory=list, max_length=16)
    services: list[Service] = Field(default_factory=list, max_length=100)
    launcher_directory: Path = Field(
        default="~/spark-vllm-docker", description="Checkout of the launcher on the vLLM host"
    )
    hf_cache: Path | None = Field(
        default=None,
        description="Hugging Face cache on the hosts; blank: $HF_HOME or ~/.cache/huggingface",
    )
    models_directory: Path = Field(
        default="~/models", description="Folder on the hosts whose sub-folders are local models"
    )
    silence_seconds: int = Field(
        default=900, ge=5, le=86400, description="A start whose log is silent for so long has failed"
    )
    drain_seconds: int = Field(
        default=60,
        ge=0,
        le=3600,
        description="How long a swap lets answers under way end before it stops the engine; 0: not at all",
    )
    image: Image = Field(default="vllm-node", description="Image of recipes that name none")
    restarts: RestartPolicy = Field(default_factory=RestartPolicy)
    memory_guard: MemoryGuard = Field(default_factory=MemoryGuard)
    speech_patches: SpeechPatches = Field(default_factory=SpeechPatches)

    def host(self, name: str) -> Host:
        """The host of that name; `LookupError` names those that exist."""
        for host in self.hosts:
            if host.name == name:
                return host
        known = ", ".join(host.name for host in self.hosts) or "none"
        raise LookupError(f"there is no host named {name!r} in the cluster (known: {known})")

    def service(self, name: str) -> Service:
        """The service of that name; `LookupError` names those that exist."""
        for service in self.services:
            if service.name == name:
                return service
        known = ", ".join(service.name for service in self.services) or "none"
        raise LookupError(f"there is no service named {name!r} (known: {known})")

    @property
    def vllm(self) -> Service:
        """The service that models are swapped in: the first of kind vllm."""
        for service in self.services:
            if service.kind == "vllm":
                return service
        raise LookupError("the cluster has no service of kind 'vllm': add one to its settings")

    @property
    def realtime(self) -> Service:
        """The service of the WebSocket /v1/realtime: the first that is marked so."""
        for service in self.services:
            if service.realtime:
                return service
        raise LookupError("no service of the cluster is marked 'realtime': mark one in its settings")

    @property
    def patched(self) -> Service:
        """The service whose container is patched: the one named for it, else the first of kind stt."""
        if self.speech_patches.service:
            return self.service(self.speech_patches.service)
        for service in self.services:
            if service.kind == "stt":
                return service
        raise LookupError("the cluster has no service of kind 'stt' whose container could be patched")

    def hosts_for(self, count: int) -> list[Host]:
        """The hosts a model of that many hosts runs on: the vLLM host first, then the others in order."""
        head = self.host(self.vllm.host)
        chosen = [head, *(host for host in self.hosts if host.name != head.name)][:count]
        if len(chosen) < count:
            raise LookupError(f"the model needs {count} hosts, the cluster has {len(chosen)}")
        return chosen

    def base_url(self, service: Service) -> str:
        """Where a service answers, 'http://address:port'; IPv6 addresses in brackets."""
        address = self.host(service.host).address
        return f"http://[{address}]:{service.port}" if ":" in address else f"http://{address}:{service.port}"


DEFAULT_SERVICES: tuple[tuple[str, ServiceKind, int, int, str, str], ...] = (
    ("vllm", "vllm", 0, 8888, "vllm_node", "/health"),
    ("parakeet", "stt", 1, 8000, "parakeet-asr", "/health"),
    ("kokoro", "tts", 1, 8880, "kokoro-tts", "/health"),
    ("embeddings", "embeddings", 1, 8081, "embeddings", "/health"),
    ("qdrant", "qdrant", 1, 6333, "qdrant", "/readyz"),
)
"""Name, kind, index of the host, port, container and health path of mission.md's table."""


def with_default_services(cluster: Cluster) -> Cluster:
    """The cluster with mission.md's services where it names none; one host takes all of them."""
    if cluster.services or not cluster.hosts:
        return cluster
    last = len(cluster.hosts) - 1
    services = [
        Service(
            name=name,
            kind=kind,
            host=cluster.hosts[min(index, last)].name,
            port=port,
            container=container,
            health_path=health,
        )
        for name, kind, index, port, container, health in DEFAULT_SERVICES
    ]
    return cluster.model_copy(update={"services": services})


def faults_of(cluster: Cluster) -> list[str]:
    """What does not fit together: doubled names, services on hosts that do not exist."""
    names = [host.name for host in cluster.hosts]
    faults = [f"two hosts are named {n!r}" for n in sorted({n for n in names if names.count(n) > 1})]
    own = [service.name for service in cluster.services]
    faults += [f"two services are named {n!r}" for n in sorted({n for n in own if own.count(n) > 1})]
    faults += [
        f"service {service.name!r} is on host {service.host!r}, which is not in the cluster"
        for service in cluster.services
        if service.host not in names
    ]
    return faults
