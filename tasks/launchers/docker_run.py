"""The launcher `docker run` of any image: vLLM from it, or whatever its recipe's own command is (pure)."""

from blocks.cluster import Host
from tasks.check import Answer, Command, command
from tasks.engine import without_secrets
from tasks.launch import (
    LAUNCH_MARK,
    CannotLaunch,
    LaunchPlan,
    mounts,
    rank_arguments,
    serve_arguments,
    variables,
)
from tasks.launchers.containers import InContainer, mount_sources, mountable
from tasks.launchers.launcher import Step
from tasks.remote import script

LABEL = "spark-control.launch"
"""Label of a container whose first process is the engine itself."""

CACHE_INSIDE = "/cache/huggingface"
LINK_VARIABLES = ("NCCL_SOCKET_IFNAME", "GLOO_SOCKET_IFNAME", "TP_SOCKET_IFNAME")
"""Set by remote/on_link.sh to the interface of the fast link."""


class DockerRun(InContainer):
    """`docker run` on every host, the workers first."""

    def start(self, plan: LaunchPlan) -> tuple[Step, ...]:
        if plan.recipe.command and len(plan.hosts) > 1:
            raise CannotLaunch("a command of its own runs on one host: only vLLM is spread over several")
        ranks = reversed(list(enumerate(plan.hosts)))
        return tuple(Step(host, self._run(plan.on(host), host, rank)) for rank, host in ranks)

    def refusal(self, answer: Answer) -> str:
        return "" if answer.ok else without_secrets((answer.stdout + answer.stderr).strip()[-600:])

    def files(self, plan: LaunchPlan, host: Host) -> tuple[str, ...]:
        return mount_sources(plan.on(host))

    def _run(self, plan: LaunchPlan, host: Host, rank: int) -> Command:
        link = host.peer_address if len(plan.hosts) > 1 else ""
        words = (
            *("docker", "run", "-d", "--name", plan.container, "--label", f"{LABEL}={plan.id}"),
            *("--gpus", "all", "--network", "host", "--ipc", "host", "--ulimit", "memlock=-1"),
            *(_fast_link(host) if link else ()),
            *("-e", f"{LAUNCH_MARK}={plan.id}", "-e", f"HF_HOME={CACHE_INSIDE}"),
            *(word for pair in variables(plan).items() for word in ("-e", "=".join(pair))),
            *("-v", f"{mountable(plan.cache)}:{CACHE_INSIDE}"),
            *(word for source, target in mounts(plan) for word in ("-v", f"{mountable(source)}:{target}")),
            *_engine(plan, rank),
        )
        return command("bash", "-s", "--", link, *words, stdin=script("on_link.sh"), timeout=600)


def _engine(plan: LaunchPlan, rank: int) -> tuple[str, ...]:
    """Image and command; the entrypoint is vLLM's own, whatever the image has (some have `vllm serve`)."""
    if plan.recipe.command:
        return (plan.image, *plan.recipe.command)
    return ("--entrypoint", "vllm", plan.image, "serve", *serve_arguments(plan), *rank_arguments(plan, rank))


def _fast_link(host: Host) -> tuple[str, ...]:
    """What a container needs to speak RDMA; the interface's names come from the caller's environment."""
    named = (word for name in LINK_VARIABLES for word in ("-e", name))
    return (
        *("--device", "/dev/infiniband", "--cap-add", "IPC_LOCK"),
        *("-e", f"VLLM_HOST_IP={host.peer_address}", *named),
    )
