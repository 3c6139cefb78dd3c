"""One block of settings as a form shows it: each field with its value, default, words and limits (pure)."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from blocks.bot import Bot
from blocks.cluster import TRUST_FIELDS, Cluster, faults_of, with_default_services
from blocks.nim import NgcKey
from blocks.own_document import Document
from blocks.recipe import LAUNCH_FIELDS, Catalog
from blocks.tolerant import read_settings, without_blanks
from blocks.webhook import Webhook

MASK = "********"
"""Stands for a secret that is set; sent back, it leaves the secret as it is."""

_BOUNDS = ("minimum", "maximum", "maxLength", "pattern", "maxItems")


class _UpstreamKeys(BaseModel):
    """Keys of services that ask for one."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    keys: dict[str, SecretStr] = Field(default_factory=dict, description="Service to key")


@dataclass(frozen=True)
class Kind:
    """
    One kind of block.

    Attributes:
        what: What people call it.
        essential: Fields of an item without which the item is left out.
    """

    model: type[BaseModel]
    what: str
    essential: tuple[str, ...] = ()


KINDS: dict[str, Kind] = {
    "cluster": Kind(Cluster, "cluster's settings", TRUST_FIELDS),
    "catalog": Kind(Catalog, "Catalog", LAUNCH_FIELDS),
    "swap-webhook": Kind(Webhook, "webhooks"),
    "upstream-keys": Kind(_UpstreamKeys, "upstream keys"),
    "bot": Kind(Bot, "bot's settings"),
    "ngc-key": Kind(NgcKey, "NGC key"),
}
"""By slug of the block's type."""


@dataclass(frozen=True)
class FieldView:
    """
    One field.

    Attributes:
        value: As it was typed, secrets masked; None where it is blank.
        used: What counts: the value, or the default in its place.
        type: string, integer, number, boolean, array or object.
        choices: The words it may be; empty where there is no such list.
        limits: `minimum`, `maximum` and the like, where there are any.
        secret: It, or each value in it, is shown as `MASK`.
        problem: Why the value is not used; blank when it is.
    """

    name: str
    value: Any
    used: Any
    default: Any
    description: str
    type: str
    choices: list[Any]
    limits: dict[str, Any]
    secret: bool
    problem: str


@dataclass(frozen=True)
class BlockView:
    """
    One block.

    Attributes:
        version: Changes with every value in it, secrets included, and tells none.
        form: JSON schema of the whole, for the fields that are lists and objects.
        problems: One sentence for each value that is not used.
    """

    block: str
    version: str
    fields: list[FieldView]
    form: dict[str, Any]
    problems: list[str]


def show(block: str, document: Document) -> BlockView:
    """A block as a form shows it."""
    kind = KINDS[block]
    settings, problems = read_settings(kind.model, document.data, kind.essential)
    if isinstance(settings, Cluster):
        settings = with_default_services(settings)
        problems = [*problems, *faults_of(settings)]
    form = kind.model.model_json_schema()
    problems = [_without_secret(problem, form) for problem in problems]
    fields = [
        _field(name, form, document.data.get(name), settings, problems) for name in kind.model.model_fields
    ]
    return BlockView(block, version_of(document), fields, form, problems)


def version_of(document: Document) -> str:
    """A word for the data; the key is the document's id, so that no secret can be guessed from it."""
    text = json.dumps(document.data, sort_keys=True, default=str)
    return hmac.new(document.id.encode(), text.encode(), hashlib.sha256).hexdigest()[:32]


def is_secret(block: str, name: str) -> bool:
    """The field, or each value in it, is a secret."""
    form = KINDS[block].model.model_json_schema()
    return _is_secret(form["properties"].get(name, {}))


def masked(value: Any) -> Any:
    """The same with every word of it masked; what is blank stays so."""
    if isinstance(value, Mapping):
        return {name: masked(each) for name, each in value.items()}
    return MASK if value else value


def default_of(block: str, name: str) -> Any:
    """The default of a field as it is stored; blank where it is none."""
    default = _plain(KINDS[block].model(), name, secret=is_secret(block, name))
    return "" if default is None else default


def _field(
    name: str, form: Mapping[str, Any], typed: Any, settings: BaseModel, problems: Sequence[str]
) -> FieldView:
    described = form["properties"][name]
    secret = _is_secret(described)
    shape = _shape(described, form)
    return FieldView(
        name=name,
        value=masked(typed) if secret else without_blanks({"": typed}).get(""),
        used=_plain(settings, name, secret=secret),
        default=_plain(type(settings)(), name, secret=secret),
        description=str(described.get("description", "")),
        type=str(shape.get("type", "string")),
        choices=list(shape.get("enum", [])),
        limits={bound: shape[bound] for bound in _BOUNDS if bound in shape},
        secret=secret,
        problem="; ".join(problem for problem in problems if _is_of(problem, name)),
    )


def _plain(settings: BaseModel, name: str, *, secret: bool) -> Any:
    """A field's value as JSON; pydantic itself writes stars for a secret, blank where there is none."""
    value = settings.model_dump(mode="json", include={name})[name]
    return masked(value) if secret else value


def _without_secret(problem: str, form: Mapping[str, Any]) -> str:
    """A sentence about a secret does not repeat what was typed."""
    names = (name for name, described in form["properties"].items() if _is_secret(described))
    mine = next((name for name in names if _is_of(problem, name)), "")
    return f"{mine}: it has to be text: not used" if mine else problem


def _is_secret(described: Mapping[str, Any]) -> bool:
    inner = described.get("additionalProperties")
    return "password" in (described.get("format"), inner.get("format") if isinstance(inner, dict) else None)


def _shape(described: Mapping[str, Any], form: Mapping[str, Any]) -> Mapping[str, Any]:
    """Type and limits: of the alternatives the first that is not null, behind a reference what it names."""
    options = [each for each in described.get("anyOf", ()) if each.get("type") != "null"]
    shape: Mapping[str, Any] = options[0] if options else described
    reference = str(shape.get("$ref", ""))
    return form["$defs"][reference.rpartition("/")[2]] if reference else shape


def _is_of(problem: str, name: str) -> bool:
    """A sentence about a field begins with the field's path, or with the kind of item at fault."""
    begins = {"hosts": ("two hosts ",), "services": ("service ", "two services ")}.get(name, ())
    return re.match(rf"{name}\b", problem) is not None or problem.startswith(begins)
