"""One launch: what it consists of, and the words of `vllm serve` (pure)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from blocks.cluster import Cluster, Host
from blocks.recipe import Recipe

LAUNCH_MARK = "SPARK_LAUNCH"
"""Environment variable of the engine that says which launch of the ledger it is."""

LOCAL_MODEL_ROOT = "/models"
MASTER_PORT = 29501
"""Where the halves of an engine on several hosts meet, on the head."""

READY_TIMEOUT_SECONDS = 3600
"""vLLM's own patience with its engine: its default of 600 s is too short for a cold 156 GB model."""


class CannotLaunch(Exception):
    """The recipe and the cluster do not make a launch command."""


@dataclass(frozen=True)
class LaunchPlan:
    """
    Everything one launch consists of.

    Attributes:
        id: Name of the launch in the ledger and in the engine's environment.
        home: The user's home on the head host, as looked up.
        hosts: Head first.
        container: Name of the container, or of the process where there is none.
        port: Where the engine will listen, on the head.
        cache: The Hugging Face cache on the head, as looked up.
        places: Home and cache of every host, by its name, where they were looked up.
    """

    id: str
    recipe: Recipe
    hosts: tuple[Host, ...]
    image: str
    container: str
    port: int
    home: str
    launcher_directory: str
    hf_cache: str | None
    cache: str
    places: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def head(self) -> Host:
        """The host that serves HTTP."""
        return self.hosts[0]

    def on(self, host: Host) -> "LaunchPlan":
        """The same with home and cache as they are on one of the hosts."""
        home, cache = self.places.get(host.name, (self.home, self.cache))
        return replace(self, home=home, cache=cache)

    @property
    def argv(self) -> tuple[str, ...]:
        """What the engine is started as on the head."""
        return tuple(self.recipe.command) or ("vllm", "serve", *serve_arguments(self))


def plan_launch(
    cluster: Cluster,
    recipe: Recipe,
    launch_id: str,
    home: str,
    places: Mapping[str, tuple[str, str]] | None = None,
) -> LaunchPlan:
    """The launch of a recipe on this cluster; `LookupError` when it has too few hosts."""
    head = cluster.vllm.host
    usual = expand(cluster.hf_cache or "~/.cache/huggingface", home)
    return LaunchPlan(
        id=launch_id,
        recipe=recipe,
        hosts=tuple(cluster.hosts_for(recipe.hosts)),
        image=recipe.image or cluster.image,
        container=cluster.vllm.container,
        port=cluster.vllm.port,
        home=home,
        launcher_directory=cluster.launcher_directory,
        hf_cache=cluster.hf_cache,
        cache=(places or {}).get(head, (home, usual))[1],
        places=places or {},
    )


def serve_arguments(plan: LaunchPlan) -> tuple[str, ...]:
    """The arguments of `vllm serve`, the model first: what the recipe says, and what the house decides."""
    return (
        model_argument(plan),
        "--host",
        "0.0.0.0",  # noqa: S104 - the engine is there for the LAN; a container uses the host's network
        "--port",
        str(plan.port),
        "--served-model-name",
        plan.recipe.served,
        "--tensor-parallel-size",
        str(len(plan.hosts)),
        *plan.recipe.args,
    )


def rank_arguments(plan: LaunchPlan, rank: int) -> tuple[str, ...]:
    """What `vllm serve` is told on each of several hosts, without Ray (spark-tools.md 1.1.4)."""
    if len(plan.hosts) == 1:
        return ()
    return (
        *("--nnodes", str(len(plan.hosts)), "--node-rank", str(rank)),
        *("--master-addr", plan.head.peer_address, "--master-port", str(MASTER_PORT)),
        *(("--headless",) if rank else ()),
    )


def variables(plan: LaunchPlan) -> dict[str, str]:
    """The engine's environment: the recipe's own over ours."""
    return {"VLLM_ENGINE_READY_TIMEOUT_S": str(READY_TIMEOUT_SECONDS), **plan.recipe.env}


def is_folder(recipe: Recipe) -> bool:
    """True for a model that is a folder on the hosts, not a repo."""
    return recipe.model.startswith(("/", "~"))


def model_argument(plan: LaunchPlan) -> str:
    """What `vllm serve` is given as the model: the repo, or the local folder as the engine sees it."""
    if not is_folder(plan.recipe):
        return plan.recipe.model
    if plan.recipe.launcher == "venv":
        return expand(plan.recipe.model, plan.home)
    return f"{LOCAL_MODEL_ROOT}/{folder_name(plan.recipe)}"


def mounts(plan: LaunchPlan) -> list[tuple[str, str]]:
    """What a container sees of the host, as (path on the host, 'path inside' or 'path inside:ro')."""
    own = [mount.partition(":")[::2] for mount in plan.recipe.mounts]
    if is_folder(plan.recipe):
        own.insert(0, (plan.recipe.model, f"{LOCAL_MODEL_ROOT}/{folder_name(plan.recipe)}"))
    return [(expand(source, plan.home), target) for source, target in own]


def config_path(plan: LaunchPlan, revision: str) -> str:
    """Where the model's config.json lies on the head; `revision` is the commit of a repo's snapshot."""
    if is_folder(plan.recipe):
        return f"{expand(plan.recipe.model, plan.home)}/config.json"
    folder = f"models--{plan.recipe.model.replace('/', '--')}"
    return f"{plan.cache}/hub/{folder}/snapshots/{revision}/config.json"


def expand(path: str, home: str) -> str:
    """A path of the settings as it is on a host: ~ is the user's home there."""
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def folder_name(recipe: Recipe) -> str:
    """The last part of a local model's path."""
    return recipe.model.rstrip("/").rpartition("/")[2]
