"""All checks of a host's state, and the one command that asks for their facts (pure)."""

from collections.abc import Mapping, Sequence

from blocks.cluster import Cluster, Host
from blocks.ledger.state import CHECKS
from blocks.public_key import PublicKey
from tasks.check import Answer, Command, Unreadable, command
from tasks.remote import script
from tasks.state import cuda, prerequisites
from tasks.state.check import Said, StateCheck
from tasks.state.cluster import checks as cluster_checks

LOOK_SECONDS = 60


def every_check(keys: Mapping[str, PublicKey | None]) -> tuple[StateCheck, ...]:
    """All of them, group by group; `keys` are our public keys by host, None where it is not known."""
    return *cluster_checks(keys), *prerequisites.checks(), *cuda.checks()


def chosen(checks: Sequence[StateCheck], groups: Sequence[str], names: Sequence[str]) -> list[StateCheck]:
    """Those of these groups and of these names; none named: all.  `LookupError` for one that is not known."""
    known = {name for group in CHECKS.values() for name in group}
    if unknown := sorted({*groups} - CHECKS.keys() | {*names} - known):
        told = "; ".join(f"{group}: {', '.join(these)}" for group, these in CHECKS.items())
        raise LookupError(f"there is no group or check {', '.join(unknown)} (known: {told})")
    in_groups = [check for check in checks if not groups or check.group in groups]
    return [check for check in in_groups if not names or check.name in names]


def facts_command(cluster: Cluster, host: Host, groups: Sequence[str]) -> Command:
    """The one command that asks for the facts of these groups; it changes nothing."""
    words = (cluster.image, host.fabric_address or "", cluster.hf_cache or "", *groups)
    return command("bash", "-s", "--", *words, stdin=script("state.sh"), timeout=LOOK_SECONDS)


def read_facts(answer: Answer) -> Said:
    """The lines by their keys; a look that broke off has fewer, and one that said nothing is `Unreadable`."""
    said: dict[str, list[str]] = {}
    for line in answer.stdout.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            said.setdefault(key, []).append(value)
    if not said:
        raise Unreadable(f"the host says nothing of its state: {answer.said}")
    return {key: tuple(values) for key, values in said.items()}
