"""What ensure-state tells of its findings: a table, a sentence and a script for a person (pure)."""

from collections.abc import Mapping, Sequence

from blocks.ledger.state import StateFinding, script_of
from tasks.artifacts import Artifact
from tasks.markdown import code
from tasks.run_pages import headline

LONGEST_LINE = 400
Findings = Mapping[str, Sequence[StateFinding]]
"""By host."""


def as_rows(findings: Findings) -> list[dict[str, str]]:
    """The findings as a table, those that need somebody first."""
    rows = [(host, one) for host, these in findings.items() for one in these]
    order = ("failed", "unreadable", "fixed", "skipped", "ok")
    rows.sort(key=lambda row: order.index(row[1].outcome))
    return [
        {
            "host": host,
            "check": f"{one.group}: {one.check}",
            "outcome": one.outcome.upper(),
            "why": one.why,
            "wanted": one.wanted,
            "found": one.found,
            "fix": one.fix,
        }
        for host, one in rows
    ]


def in_words(findings: Findings) -> str:
    """What came of it in a few sentences, what is wrong by name and its first reason."""
    told = []
    for host, these in findings.items():
        by = {
            outcome: [one for one in these if one.outcome == outcome]
            for outcome in ("failed", "unreadable", "fixed")
        }
        told += [f"{host}: {one.check} FAILED: {one.why.partition('; ')[0]}." for one in by["failed"]]
        whys = dict.fromkeys(one.why for one in by["unreadable"])
        told += [
            f"{host}: {', '.join(one.check for one in by['unreadable'] if one.why == why)} UNREADABLE: {why}."
            for why in whys
        ]
        if by["fixed"]:
            told.append(f"{host}: FIXED {', '.join(one.check for one in by['fixed'])}.")
    well = sum(one.outcome == "ok" for these in findings.values() for one in these)
    return " ".join([*told, f"OK: {well}."])


def counts(findings: Findings) -> dict[str, int]:
    """How many findings there are of each outcome."""
    every = [one.outcome for these in findings.values() for one in these]
    return {outcome: every.count(outcome) for outcome in ("ok", "fixed", "failed", "skipped", "unreadable")}


def script_page(findings: Findings) -> Artifact | None:
    """The scripts that are left for a person, one for each host; None when nothing is."""
    scripts = {host: script for host, these in findings.items() if (script := script_of(host, these))}
    if not scripts:
        return None
    parts = [
        f"## {host}\n\nSave it as a file from `GET /api/state/{host}/script`, or from here:\n\n"
        f"{code(script.splitlines(), LONGEST_LINE)}"
        for host, script in scripts.items()
    ]
    told = f"What is left for a person to run on {' and '.join(scripts)}"
    return Artifact("state-by-hand", "markdown", headline(told), "\n\n".join([f"# {told}", *parts]) + "\n")
