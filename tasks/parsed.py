"""What vLLM's parser said before, kept in the ledger by model: asking it again takes up to twenty seconds."""

import hashlib
import json

from blocks.ledger.seen import read_seen, write_seen
from blocks.ledger.store import Ledger
from tasks.checks.arguments import ArgumentsParse, Parsed

PARSED = "parsed/"
"""Subjects of the ledger: one for each model, with the answer to its last question."""


def parsed_before(ledger: Ledger, model: str, identity: str, check: ArgumentsParse) -> Parsed | None:
    """The answer to the very same question of the same software; None when it was not asked."""
    sight = read_seen(ledger, f"{PARSED}{model}").get(f"{PARSED}{model}")
    if sight is None or sight.data.get("question") != _question(identity, check):
        return None
    return Parsed(sight.data["fault"], sight.data["version"])


def remember(ledger: Ledger, model: str, identity: str, check: ArgumentsParse, said: Parsed) -> None:
    """Keep an answer."""
    kept = {"question": _question(identity, check), "fault": said.fault, "version": said.version}
    write_seen(ledger, f"{PARSED}{model}", kept)


def _question(identity: str, check: ArgumentsParse) -> str:
    """A digest of software, arguments, environment and the way of asking."""
    probe = check.probe()
    asked = json.dumps([identity, probe.words, probe.stdin])
    return hashlib.sha256(asked.encode()).hexdigest()
