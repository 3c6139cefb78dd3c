"""The launch command: what the launcher is asked to run, word by word (pure)."""

from dataclasses import dataclass

from blocks.cluster import Cluster, Host
from blocks.recipe import Recipe
from tasks.check import Command, command

LAUNCH_MARK = "SPARK_LAUNCH"
"""Environment variable of the container that says which launch of the ledger it is."""

LOCAL_MODEL_ROOT = "/models"
READY_TIMEOUT_SECONDS = 3600
"""vLLM's own patience with its engine: its default of 600 s is too short for a cold 156 GB model."""


class CannotLaunch(Exception):
    """The recipe and the cluster do not make a launch command."""


@dataclass(frozen=True)
class LaunchPlan:
    """
    Everything one launch consists of.

    Attributes:
        id: Name of the launch in the ledger and in the container's environment.
        home: The user's home on the head host, as looked up.
        hosts: Head first.
        port: Where the engine will listen, on the head.
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

    @property
    def head(self) -> Host:
        """The host that serves HTTP."""
        return self.hosts[0]


def plan_launch(cluster: Cluster, recipe: Recipe, launch_id: str, home: str) -> LaunchPlan:
    """The launch of a recipe on this cluster; `LookupError` when it has too few hosts."""
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
    )


def serve_arguments(plan: LaunchPlan) -> tuple[str, ...]:
    """The arguments of `vllm serve`, the model first: what the recipe says, and what the house decides."""
    return (
        model_in_container(plan.recipe),
        "--host",
        "0.0.0.0",  # noqa: S104 - inside the container; the launcher uses the host's network
        "--port",
        str(plan.port),
        "--served-model-name",
        plan.recipe.served,
        "--tensor-parallel-size",
        str(len(plan.hosts)),
        *plan.recipe.args,
    )


def launch_command(plan: LaunchPlan) -> Command:
    """
    The call of launch-cluster.sh, detached (spark-tools.md 1.1).

    An exit code of 0 means dispatched and nothing more.  Environment variables of the recipe are set by
    `env` inside the container: the launcher's own `-e` would split a value at its spaces.
    """
    cache = (f"HF_HOME={_mountable(plan.hf_cache, plan.home)}",) if plan.hf_cache else ()
    launcher = f"{expand(plan.launcher_directory, plan.home)}/launch-cluster.sh"
    variables = {"VLLM_ENGINE_READY_TIMEOUT_S": str(READY_TIMEOUT_SECONDS), **plan.recipe.env}
    return command(
        *("env", *cache, launcher),
        *_where(plan),
        *("-t", plan.image, "--name", plan.container, "-e", f"{LAUNCH_MARK}={plan.id}"),
        *_mount(plan),
        *("-d", "exec", "env", *(f"{name}={value}" for name, value in variables.items())),
        *("vllm", "serve", *serve_arguments(plan)),
        timeout=600,
    )


def model_in_container(recipe: Recipe) -> str:
    """What `vllm serve` is given as the model: the repo, or where a local folder is mounted."""
    if recipe.model.startswith(("/", "~")):
        return f"{LOCAL_MODEL_ROOT}/{_folder_name(recipe)}"
    return recipe.model


def expand(path: str, home: str) -> str:
    """A path of the settings as it is on a host: ~ is the user's home there."""
    return home + path[1:] if path == "~" or path.startswith("~/") else path


def _where(plan: LaunchPlan) -> tuple[str, ...]:
    if len(plan.hosts) == 1:
        return ("--solo",)
    return ("-n", ",".join(host.peer_address for host in plan.hosts))


def _mount(plan: LaunchPlan) -> tuple[str, ...]:
    """The volume of a local model."""
    if not plan.recipe.model.startswith(("/", "~")):
        return ()
    source = _mountable(plan.recipe.model, plan.home)
    return ("-v", f"{source}:{LOCAL_MODEL_ROOT}/{_folder_name(plan.recipe)}")


def _mountable(path: str, home: str) -> str:
    """A path as it is on the host; the launcher hands those that it mounts to docker unquoted."""
    source = expand(path, home)
    unfit = [letter for letter in source if letter.isspace() or letter in "*?[]:'\"\\$`&;|<>(){}!#"]
    if unfit:
        raise CannotLaunch(f"the launcher cannot mount {path}: it holds {unfit[0]!r}; rename the folder")
    return source


def _folder_name(recipe: Recipe) -> str:
    return recipe.model.rstrip("/").rpartition("/")[2]
