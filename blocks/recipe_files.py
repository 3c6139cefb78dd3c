"""Files that hold recipes, ours and the community's; a fault is said with its line and field (pure)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from blocks.community import CannotRead, NotHonoured, is_community, read_recipe
from blocks.recipe import Catalog, Recipe

RECIPE_FILE: TypeAdapter[Any] = TypeAdapter(list[Recipe] | Catalog | Recipe)
"""What a file of our own holds: a list of recipes, recipes and knobs by name, or one recipe."""


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: line (from 1), field (blank: the file as a whole), and what in plain words."""

    line: int
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.field + ': ' if self.field else ''}{self.message}"


class BadFile(Exception):
    """A file cannot be used; `faults` are all that were found, in the order of their lines."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))


@dataclass(frozen=True)
class FileRead:
    """Recipes and knobs of a file, and what a community file asks for that does not happen."""

    recipes: tuple[Recipe, ...]
    knobs: Mapping[str, Any] = field(default_factory=dict)
    not_honoured: tuple[NotHonoured, ...] = ()


def read_recipe_file(text: str, key: str = "", hosts: int | None = None, name: str = "") -> FileRead:
    """
    Everything a recipe file says.

    Args:
        text: YAML or JSON.
        key: The key of a community file's recipe; blank: its own.
        hosts: On how many hosts a community file's recipe will run; None: as it says itself.
        name: The file's name without its ending, for a community file that holds no key.

    Raises:
        BadFile: With every fault, its line and its field.
    """
    root, raw = _parsed(text)
    if is_community(raw):
        try:
            read = read_recipe(raw, key, hosts, name)
        except CannotRead as error:
            raise BadFile([Fault(_line(root, error.field.split(".")), error.field, error.why)]) from None
        return FileRead((read.recipe,), {}, read.not_honoured)
    if isinstance(raw, list):
        return FileRead(tuple(_validated(TypeAdapter(list[Recipe]), raw, root)))
    if not isinstance(raw, Mapping):
        raise BadFile([Fault(1, "", "it holds neither a list of recipes nor recipes: and knobs: by name")])
    if "key" in raw:
        return FileRead((_validated(TypeAdapter(Recipe), raw, root),))
    if strange := [str(name) for name in raw if name not in Catalog.model_fields]:
        raise BadFile([Fault(_line(root, [name]), name, "there is no such field") for name in strange])
    catalog = _validated(TypeAdapter(Catalog), raw, root)
    return FileRead(tuple(catalog.recipes), catalog.knobs)


def _validated(kind: TypeAdapter[Any], raw: Any, root: yaml.Node) -> Any:
    try:
        return kind.validate_python(raw)
    except ValidationError as error:
        faults = [
            Fault(_line(root, each["loc"]), _spoken(each["loc"], raw), _message(each))
            for each in error.errors(include_url=False, include_context=False)
        ]
        raise BadFile(faults) from None


def _message(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    given = error["input"]
    if error["type"] == "missing" or isinstance(given, dict | list) or repr(given) in message:
        return message[:300]
    return f"{message[:300]} (given: {str(given)[:80]!r})"


def _parsed(text: str) -> tuple[yaml.Node, Any]:
    """The file as nodes, which know their lines, and as plain data."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise BadFile([Fault(line, "", f"it is not YAML: {error.problem}")]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadFile([Fault(1, "", f"it is not YAML: {str(error)[:200]}")]) from None
    if root is None:
        raise BadFile([Fault(1, "", "it is empty")])
    if twice := list(_given_twice(root)):
        raise BadFile(twice)
    return root, raw


def _given_twice(root: yaml.Node) -> list[Fault]:
    """Names that stand twice in one mapping: YAML would take the last without a word."""
    faults: list[Fault] = []
    pending, seen_nodes = [root], set()
    while pending:
        node = pending.pop()
        if id(node) in seen_nodes:
            continue
        seen_nodes.add(id(node))
        if isinstance(node, yaml.MappingNode):
            names = [name.value for name, _ in node.value]
            for at, (name, _) in enumerate(node.value):
                if isinstance(name, yaml.ScalarNode) and name.value in names[:at]:
                    faults.append(Fault(name.start_mark.line + 1, name.value, "it is given twice"))
            pending += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            pending += node.value
    return faults


def _line(root: yaml.Node, path: Sequence[str | int]) -> int:
    """The line of the deepest node of a path that is there; from 1."""
    node = root
    for step in path:
        found = _child(node, step)
        if found is None:
            break
        node = found
    return int(node.start_mark.line) + 1


def _child(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step]  # type: ignore[no-any-return]
    if isinstance(node, yaml.MappingNode):
        return next((value for name, value in node.value if name.value == str(step)), None)
    return None


def _spoken(path: Sequence[str | int], raw: Any) -> str:
    """The field for people; a recipe of a list by its key."""
    words, here = "", raw
    for step in path:
        here = _inside(here, step)
        if isinstance(step, int):
            name = here.get("key") if isinstance(here, dict) else None
            words += f"[{name if isinstance(name, str) else step}]"
        elif step != "[key]":
            words += f".{step}" if words else step
    return words


def _inside(here: Any, step: str | int) -> Any:
    if isinstance(here, list) and isinstance(step, int):
        return here[step] if step < len(here) else None
    return here.get(step) if isinstance(here, dict) else None
