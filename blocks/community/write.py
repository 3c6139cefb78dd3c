"""Our recipe as a file that spark-vllm-docker's run-recipe.py launches."""

import shlex
from typing import Any

import yaml

from blocks.community.notes import CannotWrite, NotHonoured, Written
from blocks.community.read import LAUNCHER_IMAGE, OWN_SECTION
from blocks.flags import split
from blocks.recipe import Recipe

_ADJUSTABLE = ("gpu_memory_utilization", "max_model_len", "max_num_seqs", "max_num_batched_tokens")
_OWN_FIELDS = ("key", "mounts", "tags", "size_gb", "expected_seconds")


def write_recipe(recipe: Recipe, port: int = 8000) -> Written:
    """
    The file of a recipe, in recipe version 1; read back, it is the same recipe.

    What the format has no word for stands in a section of our own, which run-recipe.py passes over.

    Raises:
        CannotWrite: It is launched by something else than launch-cluster.sh.
    """
    if recipe.launcher != "launch-cluster":
        raise CannotWrite(
            f"{recipe.key} is launched by {recipe.launcher}: the format knows the launcher only"
        )
    defaults: dict[str, Any] = {"port": port, "host": "0.0.0.0", "tensor_parallel": recipe.hosts}  # noqa: S104
    command = _command(recipe, defaults)
    file = {
        "recipe_version": "1",
        "name": recipe.title,
        "description": recipe.description,
        **({} if recipe.is_folder else {"model": recipe.model}),
        "container": recipe.image or LAUNCHER_IMAGE,
        **({} if recipe.hosts_limit == "any" else {f"{recipe.hosts_limit}_only": True}),
        "mods": recipe.mods,
        "defaults": defaults,
        "env": recipe.env,
        "command": command,
        OWN_SECTION: _own_section(recipe),
    }
    text = yaml.dump(file, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)
    return Written(text, tuple(_lost(recipe)))


def _own_section(recipe: Recipe) -> dict[str, Any]:
    fields = list(_OWN_FIELDS)
    fields += ["model"] if recipe.is_folder else []
    fields += ["name"] if not recipe.name else []
    fields += ["served_name"] if recipe.served_name in ("", recipe.key) else []
    return recipe.model_dump(mode="json", include=set(fields))


def _command(recipe: Recipe, defaults: dict[str, Any]) -> str:
    """The template; values that run-recipe.py has options for become placeholders."""
    lines = [
        f"vllm serve {_quoted(_folder(recipe) if recipe.is_folder else recipe.model)}",
        f"--served-model-name {_quoted(recipe.served)}",
        "--host {host}",
        "--port {port}",
        "--tensor-parallel-size {tensor_parallel}",
    ]
    for part in split(recipe.args):
        name = part.flag.removeprefix("--").replace("-", "_")
        word = part.words[-1]
        if name in _ADJUSTABLE and name not in defaults and len(part.words) == 2 and _quoted(word) == word:
            defaults[name] = word
            lines.append(f"{part.words[0]} {{{name}}}")
        else:
            lines.append(" ".join(_quoted(word) for word in part.words))
    return " \\\n    ".join(lines) + "\n"


def _folder(recipe: Recipe) -> str:
    """Where a local model is inside the container."""
    return f"/models/{recipe.model.rpartition('/')[2]}"


def _quoted(word: str) -> str:
    return shlex.quote(word).replace("{", "{{").replace("}", "}}")


def _lost(recipe: Recipe) -> list[NotHonoured]:
    volumes = [*recipe.mounts, *([f"{recipe.model}:{_folder(recipe)}"] if recipe.is_folder else [])]
    lost = [NotHonoured("mounts", f"run-recipe.py needs it on its line: -v {volume}") for volume in volumes]
    for name, value in recipe.env.items():
        if any(letter in value for letter in '$`"\\'):
            lost.append(NotHonoured(f"env.{name}", "run-recipe.py's bash rewrites the value"))
    return lost


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
