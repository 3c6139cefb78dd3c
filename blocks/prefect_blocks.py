"""The settings as Prefect blocks, so that Prefect's UI shows and edits them; imports Prefect."""

from typing import Any, ClassVar

from prefect.blocks.core import Block
from prefect.types import SecretDict
from pydantic import Field, SecretStr

from blocks import cluster, patches, policies, recipe, webhook


class Cluster(Block):
    """The DGX Sparks, their services and where things lie on them."""

    _block_type_name: ClassVar[str | None] = "Cluster"
    _block_type_slug: ClassVar[str | None] = "cluster"

    hosts: list[cluster.Host] = Field(default_factory=list)
    services: list[cluster.Service] = Field(default_factory=list)
    launcher_directory: str = Field(default="", description="Blank: ~/spark-vllm-docker")
    hf_cache: str = Field(default="", description="Blank: $HF_HOME or ~/.cache/huggingface on the host")
    models_directory: str = Field(default="", description="Folder of local models; blank: ~/models")
    silence_seconds: int = Field(default=900, description="A start whose log is silent for so long failed")
    drain_seconds: int = Field(
        default=60, description="How long a swap lets answers under way end first; 0: not at all"
    )
    image: str = Field(default="", description="Image of recipes that name none; blank: vllm-node")
    restarts: policies.RestartPolicy = Field(
        default_factory=policies.RestartPolicy, description="How often a failing service is restarted"
    )
    memory_guard: policies.MemoryGuard = Field(
        default_factory=policies.MemoryGuard, description="What happens before a host freezes"
    )
    speech_patches: patches.SpeechPatches = Field(
        default_factory=patches.SpeechPatches, description="Where the speech container's patches belong"
    )


class Catalog(Block):
    """The operator's own recipes, laid over the bundled ones by key."""

    _block_type_name: ClassVar[str | None] = "Catalog"
    _block_type_slug: ClassVar[str | None] = "catalog"

    recipes: list[recipe.Recipe] = Field(default_factory=list)
    knobs: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description='By recipe: flags in the place of its own, as JSON, or "unset"'
    )


class Ledger(Block):
    """The database of the shared records; processes read its URL from SPARK_LEDGER_URL at their start."""

    _block_type_name: ClassVar[str | None] = "Ledger"
    _block_type_slug: ClassVar[str | None] = "ledger"

    url: SecretStr = Field(description="sqlite:///path or postgresql+psycopg://user:password@host/database")


class SwapWebhook(Block):
    """Where to tell what happens: swaps, restarts, hosts that come and go."""

    _block_type_name: ClassVar[str | None] = "Swap Webhook"
    _block_type_slug: ClassVar[str | None] = "swap-webhook"

    url: str = Field(default="", description="Blank: nobody is told")
    secret: SecretStr = Field(
        default=SecretStr(""), description="Signs the time stamp and the body (HMAC, SHA-256)"
    )
    targets: list[webhook.Target] = Field(default_factory=list, description="More of them")
    secrets: SecretDict = Field(
        default=SecretDict({}), description='Target to secret, as JSON: {"crm": "its secret"}'
    )
    allow_public: bool = Field(default=False, description="Also addresses that are not on the LAN")


class UpstreamKeys(Block):
    """Keys of services that ask for one; no other part of Spark Control shows them."""

    _block_type_name: ClassVar[str | None] = "Upstream Keys"
    _block_type_slug: ClassVar[str | None] = "upstream-keys"

    # Prefect masks the values of a SecretDict; those of a dict of SecretStr its API shows to everyone.
    keys: SecretDict = Field(
        default=SecretDict({}), description='Service to key, as JSON: {"embeddings": "its key"}'
    )


class Bot(Block):
    """A Docker Compose bot in a git checkout on a host, driven as its own SSH user; hidden without one."""

    _block_type_name: ClassVar[str | None] = "Bot"
    _block_type_slug: ClassVar[str | None] = "bot"

    host: str = Field(default="", description="Name of the host it runs on; blank: the last one")
    user: str = Field(default="", description="Its own SSH user; blank: there is no bot")
    key_path: str = Field(default="", description="Private key file on the controller; blank: the host's")
    directory: str = Field(default="", description="Its git checkout on the host")
    branch: str = Field(default="", description="Branch that an update takes; blank: main")
    compose_file: str = Field(default="", description="Within the checkout; blank: compose's own choice")


class NgcKey(Block):
    """The key for NVIDIA's registry nvcr.io, for NIM containers."""

    _block_type_name: ClassVar[str | None] = "NGC Key"
    _block_type_slug: ClassVar[str | None] = "ngc-key"

    key: SecretStr = Field(default=SecretStr(""), description="NGC API key; blank: none")
    registries: list[str] = Field(
        default_factory=list,
        description="Where images may come from besides nvcr.io: 'registry.example/nim/'",
    )


BLOCKS: tuple[type[Block], ...] = (Cluster, Catalog, Ledger, SwapWebhook, UpstreamKeys, Bot, NgcKey)
