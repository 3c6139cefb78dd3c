"""A community file becomes our recipe, and everything it asks for beyond that is said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from blocks.community.command import Serve, serve_of
from blocks.community.notes import CannotRead, NotHonoured, Read
from blocks.community.template import fill_doubled, fill_plain, words_of
from blocks.community.version2 import command_from_defaults, notes_of_version2
from blocks.recipe import Recipe, key_for

LAUNCHER_IMAGE = "vllm-node"
"""The launcher's own image, which is the cluster's unless the operator says otherwise."""

OWN_SECTION = "spark_control"
"""Where an exported file keeps what the format has no word for; run-recipe.py passes over it."""

_VERSION1 = {
    "recipe_version", "name", "description", "model", "container", "command", "mods", "defaults", "env",
    "build_args", "cluster_only", "solo_only", "model_revision", OWN_SECTION,
}  # fmt: skip
_PLACES = {"args": "command", "image": "container", "hosts": "defaults.tensor_parallel", "key": "name"}


@dataclass
class _Reading:
    """One file on its way to a recipe."""

    raw: Mapping[str, Any]
    notes: list[NotHonoured] = field(default_factory=list)

    @property
    def is_version2(self) -> bool:
        version = str(self.raw.get("recipe_version", ""))
        old = "build_args" in self.raw or "mods" in self.raw
        return version == "2" or (version == "" and not old)

    def mapping(self, name: str) -> dict[str, Any]:
        found = self.raw.get(name)
        found = {} if found is None else found
        if not isinstance(found, Mapping):
            raise CannotRead(name, "it is no mapping of names to values")
        return {str(key): value for key, value in found.items()}

    def words(self, name: str) -> list[str]:
        found = self.raw.get(name)
        found = [] if found is None else found
        if not isinstance(found, list):
            raise CannotRead(name, "it is no list")
        return [str(word) for word in found]

    def note(self, place: str, why: str) -> None:
        self.notes.append(NotHonoured(place, why))


def is_community(raw: object) -> bool:
    """Whether parsed YAML is a file of spark-vllm-docker or sparkrun: it has their words."""
    if not isinstance(raw, Mapping):
        return False
    theirs = ("recipe_version", "runtime", "container", "defaults")
    return isinstance(raw.get("command"), str) or any(name in raw for name in theirs)


def read_recipe(raw: Mapping[str, Any], key: str = "", hosts: int | None = None, file: str = "") -> Read:
    """
    The recipe of a parsed community file.

    Args:
        raw: The file as YAML gives it; recipe version 1 (spark-vllm-docker) or 2 (sparkrun).
        key: The key it gets; blank: the one an exported file holds, else made from its name.
        hosts: On how many hosts it will run; None: as the file's tensor_parallel says.
        file: The file's name without its ending: a better key than what is written inside.

    Raises:
        CannotRead: It makes no recipe; the first reason, with its field.
    """
    reading = _Reading(raw)
    limit = _limit(reading)
    hosts = 1 if hosts is None and limit == "solo" else hosts
    serve = serve_of(_words(reading, hosts))
    if revision := raw.get("model_revision"):
        serve.pin(str(revision))
    reading.notes += serve.notes
    _note_the_rest(reading, serve)
    fields = {
        "key": key_for(file or str(raw.get("name") or raw.get("model") or serve.model)),
        "name": str(raw.get("name") or ""),
        "description": str(raw.get("description") or reading.mapping("metadata").get("description") or ""),
        "model": serve.model,
        "served_name": serve.served_name,
        "hosts": hosts or serve.hosts,
        "hosts_limit": limit,
        "image": _image(reading),
        "mods": [mod.rstrip("/").removeprefix("./") for mod in reading.words("mods")],
        "args": serve.args,
        "env": {**{k: str(v) for k, v in reading.mapping("env").items()}, **serve.env},
        **reading.mapping(OWN_SECTION),
        **({"key": key} if key else {}),
    }
    return Read(_recipe(fields), tuple(reading.notes))


def _limit(reading: _Reading) -> str:
    raw = reading.raw
    least, most = raw.get("min_nodes") or 1, raw.get("max_nodes")
    if raw.get("solo_only") or raw.get("mode") == "solo" or most == 1:
        return "solo"
    return "cluster" if raw.get("cluster_only") or raw.get("mode") == "cluster" or least > 1 else "any"


def _words(reading: _Reading, hosts: int | None) -> list[str]:
    """The command's words; `tensor_parallel` follows the hosts, as run-recipe's --solo has it."""
    raw = reading.raw
    values = {**reading.mapping("defaults"), **({"tensor_parallel": hosts} if hosts else {})}
    command = raw.get("command")
    if not reading.is_version2:
        for name in ("name", "container", "command"):
            if not isinstance(raw.get(name), str) or not raw[name].strip():
                raise CannotRead(name, "it is missing, and recipe version 1 needs it")
        if str(raw.get("recipe_version", "1")) != "1":
            raise CannotRead("recipe_version", f"{raw['recipe_version']!r} is neither 1 nor 2")
        return words_of(fill_doubled(str(command), values))
    reading.notes += notes_of_version2(raw)
    if not isinstance(raw.get("model"), str):
        raise CannotRead("model", "it is missing, and recipe version 2 needs it")
    if command is None:
        words, notes = command_from_defaults(str(raw["model"]), values)
        reading.notes += notes
        return words
    return words_of(fill_plain(str(command), {"model": raw["model"], **values}))


def _note_the_rest(reading: _Reading, serve: Serve) -> None:
    raw = reading.raw
    if build := " ".join(reading.words("build_args")):
        image = raw.get("container", LAUNCHER_IMAGE)
        reading.note("build_args", f"images are not built here: make {image} with build-and-copy.sh {build}")
    if raw.get("model") and raw["model"] != serve.model:
        reading.note("model", f"{raw['model']} is not what the command serves ({serve.model})")
    for name, value in reading.mapping("env").items():
        if not reading.is_version2 and any(letter in str(value) for letter in '$`"\\'):
            reading.note(f"env.{name}", "it is handed over as it stands; run-recipe's bash would rewrite it")
    if not reading.is_version2:
        for name in sorted(set(map(str, raw)) - _VERSION1):
            reading.note(name, "recipe version 1 has no such field: it is passed over")


def _image(reading: _Reading) -> str | None:
    image = reading.raw.get("container")
    return None if image in (None, "", LAUNCHER_IMAGE) else str(image)


def _recipe(fields: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(fields)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        name = str(first["loc"][0]) if first["loc"] else "hosts"
        place = ".".join([_PLACES.get(name, name), *map(str, first["loc"][1:])])
        raise CannotRead(place, first["msg"].removeprefix("Value error, ")) from None
