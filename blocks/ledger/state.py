"""What is asked of the hosts' state, by name, and what the last check of each found."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger

STATE = "state/"
"""Subject of `seen`, before a host's name."""

CHECKS: Mapping[str, tuple[str, ...]] = {
    "cluster": ("clock", "disk", "docker", "image", "link", "mtu", "our-key"),
    "prerequisites": ("packages", "python"),
    "cuda": ("driver", "toolkit", "ssh-environment"),
}
"""The names of the checks, by group."""

Group = Literal["cluster", "prerequisites", "cuda"]
Outcome = Literal["ok", "fixed", "failed", "skipped", "unreadable"]


@dataclass(frozen=True)
class StateFinding:
    """
    What came of one check of one host.

    Attributes:
        outcome: `ok`; `fixed`: it is now; `failed`: it is not; `skipped`: it does not matter here;
            `unreadable`: the host did not say it, and nothing was done.
        why: The reason in words; blank for `ok`.
        wanted, found: What should be, and what is, in words.
        fix: What a fix does, in words; blank: there is none, or none is needed.
        script: The commands of the fix, for a person to run on the host; blank without a fix.
        by_hand: The fix is left to a person whatever rights there are.
        at: When it was looked at, in seconds since 1970.
    """

    check: str
    group: str
    outcome: Outcome
    at: float
    why: str = ""
    wanted: str = ""
    found: str = ""
    fix: str = ""
    script: str = ""
    by_hand: bool = False


_FIELDS = {field.name for field in fields(StateFinding)}


def write_state(ledger: Ledger, host: str, findings: Sequence[StateFinding]) -> None:
    """Keep these findings of a host; those of other checks stay."""
    known = {finding.check: finding for finding in read_state(ledger).get(host, [])}
    known |= {finding.check: finding for finding in findings}
    write_seen(ledger, STATE + host, {"checks": [asdict(finding) for finding in known.values()]})


def read_state(ledger: Ledger) -> dict[str, list[StateFinding]]:
    """The last findings by host, group by group; what another version wrote is left out."""
    sights = read_seen(ledger, STATE)
    return {name.removeprefix(STATE): _findings(sight.data.get("checks")) for name, sight in sights.items()}


def script_of(host: str, findings: Sequence[StateFinding]) -> str:
    """One shell script with what is left for a person to do on a host; blank when nothing is."""
    left = [one for one in findings if one.outcome == "failed" and one.script]
    if not left:
        return ""
    told = f"# What is left to do on {host}, by its last check.  Read it, then run it there: bash FILE"
    return f"#!/bin/bash\n{told}\nset -eu\n" + "".join(
        f"\n# {one.check}: {one.fix}\n{one.script}" for one in left
    )


def _findings(told: Any) -> list[StateFinding]:
    order = [name for names in CHECKS.values() for name in names]
    rows = [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []
    known = {row["check"]: row for row in rows if row.keys() >= {"check", "group", "outcome", "at"}}
    return [
        StateFinding(**{key: value for key, value in known[name].items() if key in _FIELDS})
        for name in order
        if name in known
    ]
