"""Recipes: how a model is launched; and the catalogue of them."""

import contextlib
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path as File
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator

from blocks.words import EnvName, Image, ModelSource, Name, Plain

OWNED_FLAGS = (
    "--host", "--port", "--served-model-name", "--tensor-parallel-size", "-tp", "--nnodes", "--node-rank",
    "--master-addr", "--master-port", "--headless", "--api-key",
)  # fmt: skip
"""vLLM flags the control plane or the launcher sets itself (spark-tools.md 1.1.4)."""


LAUNCH_FIELDS = ("hosts", "image", "args", "env")
"""Fields of a recipe that cannot fall back to a default: it would launch something else."""


SHARE_FLAG = "--gpu-memory-utilization"
USUAL_SHARE = 0.92
"""What vLLM 0.20 to 0.33 take when they are not told."""


def flag_in(args: Sequence[str], name: str) -> str | None:
    """The value of the last `--flag value` or `--flag=value`; None when absent (vLLM: last wins)."""
    found = None
    for index, arg in enumerate(args):
        flag, equals, value = arg.partition("=")
        if flag.replace("_", "-") != name:
            continue
        found = value if equals else (args[index + 1] if index + 1 < len(args) else None)
    return found


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
    image: Image | None = Field(default=None, description="Container image; blank: the cluster's")
    args: list[Plain] = Field(default_factory=list, max_length=200, description="Arguments of vllm serve")
    env: dict[EnvName, Plain] = Field(default_factory=dict, description="Environment of the engine")
    tags: list[Plain] = Field(default_factory=list)
    size_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    expected_seconds: Annotated[int, Field(ge=1, le=7200)] = 300

    @field_validator("args")
    @classmethod
    def _no_owned_flag(cls, args: list[str]) -> list[str]:
        for arg in args:
            flag = arg.partition("=")[0].replace("_", "-")
            if flag in OWNED_FLAGS:
                raise ValueError(f"{flag} is set by Spark Control: leave it out of the recipe's arguments")
        return args

    @field_validator("args")
    @classmethod
    def _share_is_a_share(cls, args: list[str]) -> list[str]:
        share = flag_in(args, SHARE_FLAG) or str(USUAL_SHARE)
        with contextlib.suppress(ValueError):
            if 0 < float(share) <= 1:
                return args
        raise ValueError(f"{SHARE_FLAG} is a share between 0 and 1, not {share[:20]!r}")

    @property
    def served(self) -> str:
        """The id under which the engine answers."""
        return self.served_name or self.key

    @property
    def title(self) -> str:
        """The name for people."""
        return self.name or self.key

    @property
    def memory_share(self) -> float:
        """`--gpu-memory-utilization` of the recipe; vLLM's default where it names none."""
        return float(self.flag(SHARE_FLAG) or USUAL_SHARE)

    def flag(self, name: str) -> str | None:
        """The value of a flag of the recipe, as `flag_in` finds it."""
        return flag_in(self.args, name)


class Catalog(BaseModel):
    """The operator's own recipes, laid over the bundled ones by key."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    recipes: list[Recipe] = Field(
        default_factory=list, description="Own recipes; same key replaces a bundled one"
    )

    @property
    def menu(self) -> dict[str, Recipe]:
        """All recipes by key: the bundled ones, then the operator's over them."""
        return {recipe.key: recipe for recipe in (*bundled_recipes(), *self.recipes)}

    def recipe(self, key: str) -> Recipe:
        """The recipe of that key; `LookupError` names those that exist."""
        try:
            return self.menu[key]
        except KeyError:
            known = ", ".join(sorted(self.menu))
            raise LookupError(f"there is no recipe named {key!r} (known: {known})") from None

    def for_model(self, model: str) -> Recipe | None:
        """The recipe that launches that repo or folder; the operator's own wins."""
        for recipe in (*self.recipes, *bundled_recipes()):
            if recipe.model == model:
                return recipe
        return None


@cache
def bundled_recipes() -> tuple[Recipe, ...]:
    """The recipes that come with Spark Control (blocks/recipes.yaml)."""
    text = File(__file__).with_name("recipes.yaml").read_text(encoding="utf-8")
    return tuple(Recipe.model_validate(entry) for entry in yaml.safe_load(text))


def key_for(model: str) -> str:
    """A recipe key made from a repo or folder name: its last part, in the letters a key may have."""
    last = model.rstrip("/").rpartition("/")[2].lower()
    return re.sub(r"[^a-z0-9._-]+", "-", last).strip("-._")[:63] or "model"
