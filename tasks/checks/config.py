"""A model's own config.json."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tasks.check import Answer, Check, Command, Unreadable, Verdict, command


@dataclass(frozen=True)
class ModelConfigRead(Check[Mapping[str, Any]]):
    """config.json can be read; seen is what it says."""

    path: str

    def __str__(self) -> str:
        return f"{self.path} can be read"

    def probe(self) -> Command:
        return command("cat", self.path)

    def read(self, answer: Answer) -> Mapping[str, Any]:
        try:
            said = json.loads(answer.stdout) if answer.ok else None
        except ValueError:
            said = None
        if not isinstance(said, Mapping):
            raise Unreadable(f"{self.path} is no JSON object: {answer.said[:200]}")
        return said

    def verdict(self, seen: Mapping[str, Any]) -> Verdict:
        return Verdict()
