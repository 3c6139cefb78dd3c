"""The groups of docs/contracts/ensure-state.md, made of the checks' own docstrings."""

import sys
from collections.abc import Iterator

from blocks.ledger.state import CHECKS
from tasks.state.check import StateCheck
from tasks.state.kinds import every_check

FIRST = "## Group "
"""How the part of the page begins that is made here."""


def sections() -> str:
    """All groups, in Markdown."""
    return "\n".join(_groups())


def _groups() -> Iterator[str]:
    every = every_check({})
    for group in CHECKS:
        yield f"{FIRST}`{group}`\n"
        yield from (_section(check) for check in every if check.group == group)


def _section(check: StateCheck) -> str:
    parts = [f"- {part}: {check.promise(part)}" for part in ("Asked", "Wanted", "Fix", "Source")]
    return "\n".join([f"### `{check.name}`: {check.promise('')[:-1]}\n", *parts, ""])


if __name__ == "__main__":
    sys.stdout.write(sections())
