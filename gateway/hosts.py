"""The hosts a request names (pure)."""

from blocks.cluster import Cluster
from gateway.problem import Problem

ALL = "all"


def named_hosts(cluster: Cluster, names: list[str]) -> list[str]:
    """What a flow takes as `hosts`; `Problem` 422 for a host that does not exist."""
    known = {host.name for host in cluster.hosts}
    wanted = list(dict.fromkeys(names)) or [ALL]
    for name in wanted:
        if name not in known and name != ALL:
            there = ", ".join(sorted(known)) or "none yet"
            raise Problem(422, f"there is no host {name!r} (known: {there})", "unknown_host", param="hosts")
    return wanted
