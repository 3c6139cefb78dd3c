"""Conversations of probes with services that are told what to reply."""

import json
from typing import Any

import pytest

from blocks.cluster import Service
from tasks.probes.probe import Ask, Outcome, Reply

MODELS = Reply(200, b'{"data": [{"id": "alpha"}]}')
MISSING = Reply(404, b'{"detail": "Not Found"}')


def service(kind: str = "tts", **more: Any) -> Service:
    return Service.model_validate(
        {"name": "one", "kind": kind, "host": "spark-1", "port": 1, "container": "one", **more}
    )


def reply(data: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(data).encode(), "application/json")


def talk(probe, *replies: Reply) -> tuple[str, list[Ask]]:
    """Have the conversation; what it says in the end, and what it asked."""
    asked = [next(probe)]
    for each in replies:
        try:
            asked.append(probe.send(each))
        except StopIteration as end:
            return end.value, asked
    raise AssertionError(f"it goes on with {asked[-1]}")


def outcome(probe, *replies: Reply) -> Outcome:
    with pytest.raises(Outcome) as caught:
        talk(probe, *replies)
    return caught.value
