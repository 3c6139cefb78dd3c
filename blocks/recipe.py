"""Recipes: how a model is launched; and the catalogue of them."""

import re
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from pathlib import Path as File
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from blocks.flag_names import canonical
from blocks.flag_rules import SHARE_FLAG, owned_flag, share_from
from blocks.flags import Value, split, text_of, value_in
from blocks.knobs import Knobs, turned
from blocks.words import EnvName, Image, ModelSource, Name, Path, Plain

LAUNCH_FIELDS = ("hosts", "launcher", "image", "command", "args", "env", "mods", "mounts", "venv")
"""Fields of a recipe that cannot fall back to a default: it would launch something else."""

FIELDS_OF_LAUNCHERS: dict[str, tuple[str, ...]] = {
    "command": ("docker",),
    "image": ("launch-cluster", "docker"),
    "mods": ("launch-cluster",),
    "mounts": ("launch-cluster", "docker"),
    "venv": ("venv",),
}
"""Fields that mean nothing to another launcher: they are refused there, not passed over."""


AMOUNT_FLAG = "--gpu-memory-utilization-gb"
"""The share in GiB, as the launcher's mod gpu-mem-util-gb has it."""

MEMORY_GIB = 121.69
"""MemTotal of a GB10 (127 600 748 kB)."""

USUAL_SHARE = 0.92
"""What vLLM 0.20 to 0.33 take when they are not told."""


def flag_in(args: Sequence[str], name: str) -> str | None:
    """The value of a flag in any of its spellings; None when it is absent or a switch (vLLM: last wins)."""
    value = value_in(args, canonical(name))
    return None if value is None or isinstance(value, bool) else text_of(value)


Mod = Annotated[
    str,
    StringConstraints(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$", max_length=200
    ),
]
"""A mod of the launcher: a folder or zip below its checkout, as in mods/name."""

Mount = Annotated[
    str, StringConstraints(pattern=r"^(~/|/)[A-Za-z0-9_./@+-]*:/[A-Za-z0-9_./@+-]+(:ro)?$", max_length=1024)
]
"""A folder of the host as the container sees it: '/host/path:/container/path', ':ro' to read only."""


class Recipe(BaseModel):
    """How one model is launched with vLLM."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    key: Name = Field(description="Short name by which the model is swapped to")
    name: Plain = Field(default="", description="Name for people")
    description: Plain = ""
    model: ModelSource = Field(description="Hugging Face repo (org/name) or a folder on the hosts")
    served_name: Annotated[Plain, StringConstraints(pattern=r"^([^-].*)?$", max_length=200)] = Field(
        default="", description="Id in /v1/models; blank: the key"
    )
    hosts: int = Field(default=1, ge=1, le=16, description="How many hosts it runs on (tensor parallel)")
    hosts_limit: Literal["any", "solo", "cluster"] = Field(
        default="any", description="Whether it can only run on one host, or only across several"
    )
    launcher: Literal["launch-cluster", "docker", "venv"] = Field(
        default="launch-cluster", description="What starts it: launch-cluster.sh, docker run, a venv"
    )
    image: Image | None = Field(default=None, description="Container image; blank: the cluster's")
    command: list[Plain] = Field(
        default_factory=list,
        max_length=200,
        description="docker: the container's own command; blank: vllm serve with the arguments",
    )
    venv: Path | None = Field(default=None, description="Folder of the virtual environment; launcher venv")
    mods: list[Mod] = Field(default_factory=list, description="Mods of launch-cluster.sh, as in mods/name")
    mounts: list[Mount] = Field(default_factory=list, description="/host/path:/container/path, or …:ro")
    args: list[Plain] = Field(default_factory=list, max_length=200, description="Arguments of vllm serve")
    env: dict[EnvName, Plain] = Field(default_factory=dict, description="Environment of the engine")
    tags: list[Plain] = Field(default_factory=list)
    size_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    expected_seconds: Annotated[int, Field(ge=1, le=7200)] = 300

    @field_validator("args")
    @classmethod
    def _no_owned_flag(cls, args: list[str]) -> list[str]:
        for part in split(args):
            if owner := owned_flag(part.flag):
                raise ValueError(f"{owner} is set by Spark Control: leave it out of the recipe's arguments")
        return args

    @field_validator("args")
    @classmethod
    def _share_is_a_share(cls, args: list[str]) -> list[str]:
        share = value_in(args, SHARE_FLAG)
        if share is not None:
            share_from(text_of(share))
        return args

    @field_validator("mounts")
    @classmethod
    def _no_climbing(cls, mounts: list[str]) -> list[str]:
        for mount in mounts:
            if ".." in mount.replace(":", "/").split("/"):
                raise ValueError(f"{mount!r} climbs with '..'")
        return mounts

    @model_validator(mode="after")
    def _fields_of_the_launcher(self) -> Self:
        for field, launchers in FIELDS_OF_LAUNCHERS.items():
            if getattr(self, field) and self.launcher not in launchers:
                raise ValueError(f"{field} is for the launcher {' or '.join(launchers)}, not {self.launcher}")
        if self.launcher == "venv" and not self.venv:
            raise ValueError("venv is missing: the launcher venv needs the folder of its environment")
        return self

    @model_validator(mode="after")
    def _hosts_within_the_limit(self) -> Self:
        if self.hosts > 1 and self.hosts_limit == "solo":
            raise ValueError(f"hosts is {self.hosts}, but hosts_limit says it runs on one host only")
        if self.hosts == 1 and self.hosts_limit == "cluster":
            raise ValueError("hosts is 1, but hosts_limit says it runs only across several hosts")
        return self

    @property
    def served(self) -> str:
        """The id under which the engine answers."""
        return self.served_name or self.key

    @property
    def is_folder(self) -> bool:
        """Whether the model is a folder on the hosts, not a repo."""
        return self.model.startswith(("/", "~"))

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name or self.key

    @property
    def memory_share(self) -> float:
        """`--gpu-memory-utilization` of the recipe; vLLM's default where it names none."""
        amount = self.flag(AMOUNT_FLAG)
        return float(self.flag(SHARE_FLAG) or USUAL_SHARE) if amount is None else _share_of(amount)

    def flag(self, name: str) -> str | None:
        """The value of a flag of the recipe, as `flag_in` finds it."""
        return flag_in(self.args, name)

    def with_knobs(self, knobs: Mapping[str, Value | None]) -> Self:
        """The same with these values in the place of its own flags."""
        return self.model_copy(update={"args": turned(self.args, knobs)}) if knobs else self


class Catalog(BaseModel):
    """The operator's own recipes, laid over the bundled ones by key."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recipes: list[Recipe] = Field(
        default_factory=list, description="Own recipes; same key replaces a bundled one"
    )
    knobs: dict[Name, Knobs] = Field(
        default_factory=dict, description="Own values for the flags of any recipe, by its key"
    )

    @cached_property
    def unturned(self) -> dict[str, Recipe]:
        """All recipes by key without the operator's knobs: the bundled ones, then the own ones."""
        return {recipe.key: recipe for recipe in (*bundled_recipes(), *self.recipes)}

    @cached_property
    def menu(self) -> dict[str, Recipe]:
        """All recipes by key as they are launched: with the operator's knobs."""
        return {key: self._turned(recipe) for key, recipe in self.unturned.items()}

    def recipe(self, key: str) -> Recipe:
        """The recipe of that key; `LookupError` names those that exist."""
        try:
            return self._turned(self.unturned[key])
        except KeyError:
            known = ", ".join(sorted(self.unturned))
            raise LookupError(f"there is no recipe named {key!r} (known: {known})") from None

    def for_model(self, model: str) -> Recipe | None:
        """The recipe that launches that repo or folder; the operator's own wins."""
        for recipe in (*self.recipes, *bundled_recipes()):
            if recipe.model == model:
                return self._turned(recipe)
        return None

    def _turned(self, recipe: Recipe) -> Recipe:
        return recipe.with_knobs(self.knobs.get(recipe.key, {}))


@cache
def bundled_recipes() -> tuple[Recipe, ...]:
    """The recipes that come with Spark Control (blocks/recipes.yaml)."""
    text = File(__file__).with_name("recipes.yaml").read_text(encoding="utf-8")
    return tuple(Recipe.model_validate(entry) for entry in yaml.safe_load(text))


def _share_of(gib: str) -> float:
    try:
        return min(1.0, max(0.0, float(gib) / MEMORY_GIB))
    except ValueError:
        return USUAL_SHARE


def key_for(model: str) -> str:
    """A recipe key made from a repo or folder name: its last part, in the letters a key may have."""
    last = model.rstrip("/").rpartition("/")[2].lower()
    return re.sub(r"[^a-z0-9._-]+", "-", last).strip("-._")[:63] or "model"
