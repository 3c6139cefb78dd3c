"""Knobs: the operator's own values for a recipe's flags; where a value comes from, what it does (pure)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, TypeAdapter, WithJsonSchema

from blocks.flag_names import canonical, switch
from blocks.flag_rules import check_flag, owned_flag
from blocks.flags import Value, parse, replaced, split, value_of
from blocks.knob_effects import Node, effect_of
from blocks.words import Plain

UNSET = "unset"
"""The word under which "leave the recipe's flag out" is stored: a blank would mean "as it is"."""

NAMES = {
    "--max-model-len": "Context length",
    "--gpu-memory-utilization": "Share of the memory",
    "--max-num-seqs": "Requests at once",
    "--enable-prefix-caching": "Prefix caching",
    "--kv-cache-dtype": "KV cache in FP8",
    "--load-format": "Fast loading of weights",
    "--max-num-batched-tokens": "Tokens per step",
    "--speculative-config": "Guessing ahead",
}
"""The well-known knobs, in the order in which they are shown."""

VLLM_DEFAULTS: Mapping[str, Value | None] = {
    "--max-model-len": None,
    "--gpu-memory-utilization": "0.92",
    "--max-num-seqs": "256",
    "--enable-prefix-caching": True,
    "--kv-cache-dtype": "auto",
    "--load-format": "auto",
    "--max-num-batched-tokens": "2048",
    "--speculative-config": None,
}
"""What vLLM 0.33 takes on a GB10 when it is not told (engine/arg_utils.py, config/cache.py)."""

Source = Literal["operator", "recipe", "inferred", "vllm"]

_FLAG = re.compile(r"--[a-z0-9][a-z0-9-]{0,79}")
_WORD: TypeAdapter[str] = TypeAdapter(Plain)


def _flag(text: str) -> str:
    """A flag in its one spelling; `max_model_len` will do."""
    flag = canonical(text if text.startswith("-") else f"--{text}")
    if not _FLAG.fullmatch(flag):
        raise ValueError(f"{text[:80]!r} is no flag such as --max-model-len")
    if owner := owned_flag(switch(flag)[0]):
        raise ValueError(f"{owner} is set by Spark Control: it is no knob")
    return flag


def _value(given: Any) -> Value | None:
    if given is None or given == UNSET:
        return None
    if isinstance(given, bool | dict):
        return given
    if isinstance(given, list | tuple):
        words = tuple(_WORD.validate_python(str(word)) for word in given)
        return words if len(words) != 1 else words[0]
    return value_of(_WORD.validate_python(str(given)))


def _stored(value: Value | None) -> Any:
    return UNSET if value is None else list(value) if isinstance(value, tuple) else value


def _checked(knobs: dict[str, Value | None]) -> dict[str, Value | None]:
    """Each switch under its one name, each value one that its flag may have."""
    named: dict[str, Value | None] = {}
    for flag, value in knobs.items():
        name, on = switch(flag, value if isinstance(value, bool) else True)
        named[name] = on if isinstance(value, bool) else value
        if value is not None:
            check_flag(name, named[name] or False)
    return named


KnobFlag = Annotated[str, AfterValidator(_flag)]
KnobValue = Annotated[
    Value | None,
    BeforeValidator(_value),
    PlainSerializer(_stored),
    WithJsonSchema(
        {
            "description": f"A word, a switch's true or false, an object; '{UNSET}': the flag is left out",
            "type": ["string", "number", "boolean", "array", "object", "null"],
        }
    ),
]
Knobs = Annotated[dict[KnobFlag, KnobValue], AfterValidator(_checked)]
"""Flag to the operator's value; None leaves the recipe's flag out."""


@dataclass(frozen=True)
class Knob:
    """
    One flag of a recipe as it will be launched.

    Attributes:
        name: For people; blank for a flag that is not one of the well-known.
        value: What vLLM will take; None: nothing, or the model's own.
        source: Who said so.
        effect: What it comes to on this machine, in plain words.
        otherwise: The value without the operator's word.
    """

    flag: str
    name: str
    value: Value | None
    source: Source
    effect: str
    otherwise: Value | None


def turned(args: Sequence[str], knobs: Mapping[str, Value | None]) -> list[str]:
    """The arguments with the operator's values in the place of the recipe's own."""
    return replaced(args, knobs)


def effective(
    args: Sequence[str],
    knobs: Mapping[str, Value | None],
    inferred: Mapping[str, Value] | None = None,
    defaults: Mapping[str, Value | None] = VLLM_DEFAULTS,
    node: Node | None = None,
) -> list[Knob]:
    """
    Every well-known knob, then every other flag of the recipe or the operator, as it will be launched.

    Args:
        args: The recipe's own arguments.
        knobs: The operator's, in canonical flags.
        inferred: What was read from the model's files: a recipe's value that equals it came from there.
        defaults: What vLLM takes when it is not told.
        node: The machine, for the numbers in the effects.
    """
    own = _flags(args)
    rest = [flag for flag in (*own, *knobs) if flag not in NAMES]
    return [
        _knob(flag, own, knobs, inferred or {}, defaults, node or Node())
        for flag in dict.fromkeys((*NAMES, *rest))
    ]


def _knob(
    flag: str,
    own: Mapping[str, Value],
    knobs: Mapping[str, Value | None],
    inferred: Mapping[str, Value],
    defaults: Mapping[str, Value | None],
    node: Node,
) -> Knob:
    otherwise = own.get(flag, defaults.get(flag))
    told = knobs.get(flag)
    value = otherwise if flag not in knobs else told if told is not None else defaults.get(flag)
    source: Source = "operator"
    if flag not in knobs:
        source = "vllm" if flag not in own else "inferred" if inferred.get(flag) == own[flag] else "recipe"
    return Knob(flag, NAMES.get(flag, ""), value, source, effect_of(flag, value, node), otherwise)


def _flags(args: Sequence[str]) -> dict[str, Value]:
    """The flags of arguments; words that belong to none are vLLM's to refuse."""
    return parse([word for part in split(args) if part.flag.strip("-") for word in part.words])
