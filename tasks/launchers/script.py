"""The launcher launch-cluster.sh of spark-vllm-docker, which reaches the other hosts itself (pure)."""

from blocks.cluster import Host
from tasks.check import Answer, Command, command
from tasks.engine import without_secrets
from tasks.launch import LAUNCH_MARK, CannotLaunch, LaunchPlan, expand, mounts, serve_arguments, variables
from tasks.launchers.containers import InContainer, mount_sources
from tasks.launchers.launcher import Step

ALREADY = "Cluster containers are already running"


class LaunchScript(InContainer):
    """`launch-cluster.sh`, called on the head."""

    def start(self, plan: LaunchPlan) -> tuple[Step, ...]:
        return (Step(plan.head, launch_command(plan)),)

    def refusal(self, answer: Answer) -> str:
        if not answer.ok:
            return without_secrets((answer.stdout + answer.stderr).strip()[-600:])
        if ALREADY in answer.stdout:
            return "a container of that name was already running: the launcher kept the old one"
        return ""

    def files(self, plan: LaunchPlan, host: Host) -> tuple[str, ...]:
        # The script mounts the head's paths on every host, word for word.
        mods = tuple(_mod(plan, mod) for mod in plan.recipe.mods)
        return (*((_script(plan), *mods) if host == plan.head else ()), *mount_sources(plan))


def launch_command(plan: LaunchPlan) -> Command:
    """
    The call of launch-cluster.sh, detached (spark-tools.md 1.1).

    Environment variables of the recipe are set by `env` inside the container: the launcher's own `-e`
    would split a value at its spaces.
    """
    cache = (f"HF_HOME={_whole(expand(plan.hf_cache, plan.home))}",) if plan.hf_cache else ()
    return command(
        *("env", *cache, _script(plan)),
        *_where(plan),
        *("-t", plan.image, "--name", plan.container, "-e", f"{LAUNCH_MARK}={plan.id}"),
        *(word for source, target in mounts(plan) for word in ("-v", f"{_whole(source)}:{target}")),
        *(word for mod in plan.recipe.mods for word in ("--apply-mod", _mod(plan, mod))),
        *("-d", "exec", "env", *(f"{name}={value}" for name, value in variables(plan).items())),
        *("vllm", "serve", *serve_arguments(plan)),
        timeout=600,
    )


def _script(plan: LaunchPlan) -> str:
    return f"{expand(plan.launcher_directory, plan.home)}/launch-cluster.sh"


def _mod(plan: LaunchPlan, mod: str) -> str:
    return f"{expand(plan.launcher_directory, plan.home)}/{mod}"


def _where(plan: LaunchPlan) -> tuple[str, ...]:
    if len(plan.hosts) == 1:
        return ("--solo",)
    return ("-n", ",".join(host.peer_address for host in plan.hosts))


def _whole(path: str) -> str:
    """A path that the launcher may hand to docker, which it does unquoted."""
    unfit = [letter for letter in path if letter.isspace() or letter in "*?[]:'\"\\$`&;|<>(){}!#"]
    if unfit:
        raise CannotLaunch(f"the launcher cannot mount {path}: it holds {unfit[0]!r}; rename the folder")
    return path
