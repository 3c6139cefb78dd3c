"""vLLM's argument parser: `-` and `_` are one, and `--json-arg.key value` builds a JSON object."""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any


class FlexibleArgumentParser(argparse.ArgumentParser):
    """argparse with vLLM's two liberties; errors stay argparse's (usage on stderr, rc 2)."""

    def parse_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        words = sys.argv[1:] if args is None else args
        return super().parse_args(normalise(words), namespace)


def normalise(words: Sequence[str]) -> list[str]:
    """Dashes for underscores in option names; dotted options gathered into one JSON value each."""
    plain: list[str] = []
    gathered: dict[str, dict[str, Any]] = {}
    pending = iter(words)
    for word in pending:
        if not word.startswith("--"):
            plain.append(word)
            continue
        name, equals, value = word.partition("=")
        option, dot, path = name.partition(".")
        option = option.replace("_", "-")
        if not dot:
            plain.append(option + equals + value)
            continue
        text = value if equals else next(pending, "")
        _place(gathered.setdefault(option, {}), path.split("."), _value(text))
    for option, nested in gathered.items():
        plain += [option, json.dumps(nested)]
    return plain


def _place(target: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        target = target.setdefault(key, {})
    target[path[-1]] = value


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
