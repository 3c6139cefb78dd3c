"""A whole answer on its way back (pure)."""

from typing import Any

from gateway.redaction.restore import as_it_is, in_json, restored
from gateway.redaction.task_map import TaskMap

_JSON_TEXT = frozenset(("arguments", "partial_json"))


def restored_answer(value: Any, task: TaskMap, field: str = "") -> Any:
    """Every text of a JSON value with its originals back, written as JSON wants them inside JSON."""
    if isinstance(value, str):
        return restored(value, task, escape=in_json if field in _JSON_TEXT else as_it_is).text
    if isinstance(value, list):
        return [restored_answer(one, task, field) for one in value]
    if isinstance(value, dict):
        return {_name(name, task): restored_answer(one, task, name) for name, one in value.items()}
    return value


def _name(name: str, task: TaskMap) -> str:
    return restored(name, task).text if ("_" in name and name.isupper()) or name.startswith("[") else name
