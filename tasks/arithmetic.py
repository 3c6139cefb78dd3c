"""Memory arithmetic on a GB10: whether a model fits, before anything is stopped (pure)."""

from dataclasses import dataclass

from tasks.checks.memory import GIB

MARGIN_GIB = 1.0


@dataclass(frozen=True)
class MemoryNeed:
    """
    What a model will take of each host, in GiB.

    Attributes:
        budget: What vLLM will claim: its share of the whole memory.
        weights: The host's part of the weights.
    """

    budget: float
    weights: float


def need_per_host(share: float, weights_bytes: int, hosts: int, memory_total: int) -> MemoryNeed:
    """The need of a model on each of its hosts; vLLM takes `share` of the total at its start."""
    return MemoryNeed(share * memory_total / GIB, weights_bytes / GIB / hosts)


def faults_of_fit(need: MemoryNeed, available_after_stop: float, host: str) -> list[str]:
    """
    Why a model will not fit on a host; empty when it will.

    Two constraints at once (spark-tools.md 2.6): the budget must be free at the start, and the weights
    must fit into the budget.
    """
    faults = []
    if need.weights > need.budget:
        faults.append(
            f"the weights ({need.weights:.0f} GiB on {host}) are larger than the memory the recipe allows "
            f"({need.budget:.0f} GiB): raise --gpu-memory-utilization or run it on more hosts"
        )
    if need.budget + MARGIN_GIB > available_after_stop:
        faults.append(
            f"{host} will have {available_after_stop:.0f} GiB free once the present model has stopped, the "
            f"recipe asks for {need.budget:.0f} GiB: lower --gpu-memory-utilization or free memory there"
        )
    return faults
