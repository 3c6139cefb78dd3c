"""NIM containers: NVIDIA's images, where they may come from, and the key for their registry."""

import re
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from blocks.cluster import Dialect, ServiceKind

REGISTRY = "nvcr.io/"
"""NVIDIA's registry, which the key is for."""
LOG_IN_AS = "$oauthtoken"
"""The user name that goes with a key, literally (spark-tools.md 4.6)."""

Registry = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[A-Za-z0-9._-]+)*/$", max_length=200
    ),
]
"""How the names of images of a registry begin: 'registry.example:5000/nim/'; the slash ends it."""

_KEY = re.compile(r"[A-Za-z0-9_+/=.-]{20,200}")


class NgcKey(BaseModel):
    """The key for nvcr.io, blank: none; and the other registries that images may come from."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    key: SecretStr = SecretStr("")
    registries: list[Registry] = Field(default_factory=list, max_length=20)

    @property
    def there(self) -> bool:
        """True when there is something that can be a key."""
        return _KEY.fullmatch(self.key.get_secret_value()) is not None

    def refusal(self, image: str) -> str:
        """Why an image may not be installed: it comes from elsewhere; blank when it may."""
        allowed = (REGISTRY, *self.registries)
        if image.startswith(allowed) and ".." not in image:
            return ""
        return f"the image {image} is not from {' or '.join(allowed)}: name its registry in the block NGC Key"


@dataclass(frozen=True)
class Nim:
    """
    One NIM and what it needs.

    Attributes:
        kind, dialect: Of the service that it becomes.
        port: On the host, unless another one is asked for.
        inside_port: Where it listens in its container.
        memory_gib: Unified memory that it takes, with some room.
        disk_gib: Of its image and of what it downloads at its first start.
        start_seconds: What its first start may take, download included.
        environment: Variables besides the key.
    """

    key: str
    title: str
    image: str
    kind: ServiceKind
    port: int
    inside_port: int
    memory_gib: float
    disk_gib: float
    dialect: Dialect = "openai"
    shm_gib: int = 16
    start_seconds: int = 3000
    health_path: str = "/v1/health/ready"
    environment: tuple[tuple[str, str], ...] = ()
    note: str = ""


_SPEECH = (("NIM_HTTP_API_PORT", "9000"), ("NIM_GRPC_API_PORT", "50051"))

CATALOG: tuple[Nim, ...] = (
    Nim(
        "magpie", "Magpie TTS Multilingual", "nvcr.io/nim/nvidia/magpie-tts-multilingual:latest", "tts",
        port=9000, inside_port=9000, memory_gib=14, disk_gib=40, dialect="magpie", shm_gib=8,
        environment=_SPEECH, note="Speech in several languages, an alternative to Kokoro.",
    ),
    Nim(
        "parakeet-ctc", "Parakeet 1.1B CTC English", "nvcr.io/nim/nvidia/parakeet-1-1b-ctc-en-us:latest",
        "stt", port=9001, inside_port=9000, memory_gib=12, disk_gib=30, shm_gib=8, start_seconds=2400,
        environment=_SPEECH, note="English speech to text; no time stamps of words, no speakers.",
    ),
    Nim(
        "llama-3.1-8b", "Llama 3.1 8B Instruct", "nvcr.io/nim/meta/llama-3.1-8b-instruct-dgx-spark:latest",
        "http", port=8010, inside_port=8000, memory_gib=34, disk_gib=30, start_seconds=1800,
        environment=(("NIM_KVCACHE_PERCENT", "0.25"),),
        note="A small model beside the one that is swapped; reached below /upstream/NAME/.",
    ),
    Nim(
        "qwen3-32b", "Qwen3 32B", "nvcr.io/nim/qwen/qwen3-32b-dgx-spark:latest", "http",
        port=8011, inside_port=8000, memory_gib=64, disk_gib=60, start_seconds=1800,
        environment=(("NIM_KVCACHE_PERCENT", "0.5"),),
        note="Takes half of a host's memory beside the model that is swapped; reached below /upstream/NAME/.",
    ),
)  # fmt: skip
"""NIMs that are known to run on a DGX Spark (spark-tools.md 4.2, 4.5, 4.6)."""


def known_nim(key: str) -> Nim:
    """The NIM of that key; `LookupError` names those that exist."""
    for nim in CATALOG:
        if nim.key == key:
            return nim
    known = ", ".join(nim.key for nim in CATALOG)
    raise LookupError(f"there is no NIM named {key!r} in the catalogue (known: {known})")


def chosen_nim(nim: str, *, name: str = "", port: int = 0, kind: str = "", memory_gib: float = 0) -> Nim:
    """
    The NIM of the catalogue by its key, or one made of an image, with what is asked for in particular.

    `LookupError` for a key that the catalogue does not have.
    """
    given: dict[str, Any] = {"key": name, "port": port, "kind": kind, "memory_gib": memory_gib}
    wanted = {field: value for field, value in given.items() if value}
    return replace(_of_image(nim, kind) if "/" in nim else known_nim(nim), **wanted)


def _of_image(image: str, kind: str) -> Nim:
    """An image of one's own: what it needs is a guess that may be corrected; speech has ports of its own."""
    short = image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()
    key = re.sub(r"[^a-z0-9._-]+", "-", short).strip("._-")[:63] or "nim"
    nim = Nim(key, image, image, "http", port=8000, inside_port=8000, memory_gib=16, disk_gib=40)
    if kind not in ("stt", "tts"):
        return nim
    dialect: Dialect = "magpie" if kind == "tts" else "openai"
    return replace(nim, port=9000, inside_port=9000, dialect=dialect, environment=_SPEECH)
