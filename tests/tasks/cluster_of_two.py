"""A cluster of two hosts, a recipe for one and one for both, and what was seen of the hosts."""

from typing import Any

from blocks.cluster import Cluster, Host, with_default_services
from blocks.ledger.launches import Launch
from blocks.recipe import Recipe
from tasks.checks.memory import GIB
from tasks.launch import LaunchPlan, plan_launch
from tasks.sight import ContainerSeen, HostSight

TWO = with_default_services(
    Cluster(
        hosts=[
            Host(name="spark-1", address="10.0.0.1", fabric_address="192.168.9.1"),
            Host(name="spark-2", address="10.0.0.2", fabric_address="192.168.9.2"),
        ]
    )
)
SOLO = Recipe(key="solo", name="Solo 7B", model="org/solo", args=["--gpu-memory-utilization", "0.5"])
BOTH = Recipe(key="both", model="org/both", hosts=2, args=["--gpu-memory-utilization", "0.75"])


def plan_of(recipe: Recipe = SOLO, cluster: Cluster = TWO, **changes: Any) -> LaunchPlan:
    """The launch of a recipe, with changed fields."""
    changed = Recipe.model_validate({**recipe.model_dump(), **changes})
    return plan_launch(cluster, changed, "launch-1", "/home/spark")


def sight(available: float = 100, total: float = 120, container: str = "") -> HostSight:
    """A host with so many GiB of memory, and maybe a container."""
    containers = (ContainerSeen(container, "running", "Up", "vllm-node"),) if container else ()
    return HostSight(
        home="/home/spark",
        hostname="spark",
        cache="/home/spark/.cache/huggingface",
        uptime_seconds=9.0,
        load=(0.0, 0.0, 0.0),
        memory_total=int(total * GIB),
        memory_available=int(available * GIB),
        disk_free=1,
        gpu=None,
        gpu_fault="",
        containers=containers,
    )


def launch_of(recipe: Recipe, *hosts: str) -> Launch:
    """A launch of a recipe as the ledger keeps it."""
    kept = recipe.model_dump(mode="json")
    return Launch("l1", "r1", recipe.key, kept, [], list(hosts), "sha256:1", "abc", 1.0, ready=2.0)
