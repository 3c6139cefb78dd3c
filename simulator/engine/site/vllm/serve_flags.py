"""The arguments of `vllm serve`: names, kinds and allowed values, as the real 0.33 has them."""

import argparse
import json
import re
from pathlib import Path
from typing import Any

from vllm.flag_values import (
    CHOICES,
    COUNTS,
    JSONS,
    LISTS,
    NUMBERS,
    SHARES,
    SHORT,
    SWITCHES,
    WORDS,
)

_UNITS = {"k": 1000, "m": 1000**2, "g": 1000**3, "K": 1024, "M": 1024**2, "G": 1024**3}


def human_number(text: str) -> int:
    """An integer, or `256k` (thousands) and `256K` (1024s)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmgKMG]?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"Invalid integer value: {text}")
    return int(float(match[1]) * _UNITS.get(match[2], 1))


def context_length(text: str) -> int:
    """`--max-model-len`: tokens, `auto` is -1."""
    return -1 if text in {"auto", "-1"} else human_number(text)


def json_object(text: str) -> Any:
    """A JSON object given as one word."""
    try:
        return json.loads(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"Value {text} cannot be converted to json.loads") from None


def make_arg_parser(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Add every argument of `vllm serve` to parser and return it."""
    parser.add_argument("model_tag", nargs="?", help="the model to serve (repo id or path)")
    _options(parser, WORDS)
    _options(parser, NUMBERS, type=human_number)
    _options(parser, "max-model-len", type=context_length)
    _options(parser, JSONS, type=json_object)
    _options(parser, LISTS, nargs="+")
    _options(parser, SWITCHES, action=argparse.BooleanOptionalAction)
    for name, number in COUNTS.items():
        _options(parser, name, type=int, default=number)
    for name, share in SHARES.items():
        _options(parser, name, type=float, default=share)
    for name, (default, values) in CHOICES.items():
        _options(parser, name, default=default, choices=values.split())
    return parser


def _options(parser: argparse.ArgumentParser, names: str, **kind: Any) -> None:
    for name in names.split():
        short = [SHORT[name]] if name in SHORT else []
        parser.add_argument(f"--{name}", *short, **kind)


def validate_parsed_serve_args(args: argparse.Namespace) -> None:
    """Refuse combinations that vLLM refuses before it looks at the model.

    Raises:
        TypeError: automatic tool choice without a parser.
        ValueError: a chat template that is a path to nothing.
    """
    template = args.chat_template
    if template and not set("{}\n") & set(template) and not Path(template).exists():
        raise ValueError(
            f"The supplied chat template string ({template}) appears path-like, but doesn't exist!"
        )
    if args.enable_auto_tool_choice and not args.tool_call_parser:
        raise TypeError("Error: --enable-auto-tool-choice requires --tool-call-parser")
