"""The command line of `vllm serve`, read by the parser of the stand-in package in site/."""

import argparse
import importlib
import sys

from vllm.flag_values import (
    REASONING_PARSERS,
    TOOL_PARSERS,
)
from vllm.utils.argparse_utils import FlexibleArgumentParser
from vllm.versions import HAS_COMMON, VERSION

__all__ = ["REASONING", "TOOLS", "VERSION", "parse"]

TOOLS: list[str] = TOOL_PARSERS.split()
REASONING: list[str] = REASONING_PARSERS.split()
USAGE = "vllm serve [model_tag] [options]"


def parse(words: list[str]) -> argparse.Namespace:
    """Arguments of `vllm serve`, and as `given` those that differ from their defaults.

    Exits with 2 on errors and 0 after `--help`; raises what vLLM's own validation raises.
    """
    home = "common" if HAS_COMMON else "openai"
    place = importlib.import_module(f"vllm.entrypoints.{home}.cli_args")
    parser = place.make_arg_parser(FlexibleArgumentParser(prog="vllm serve", usage=USAGE))
    helped = next((word for word in words if word.startswith(("--help", "-h"))), None)
    if helped is not None:
        sys.stdout.write(_help(parser, helped.partition("=")[2]))
        sys.exit(0)
    args: argparse.Namespace = parser.parse_args(words)
    place.validate_parsed_serve_args(args)
    defaults = vars(parser.parse_args([]))
    args.given = {key: value for key, value in vars(args).items() if value != defaults[key]}
    args.model_tag = args.model_tag or args.model or "Qwen/Qwen3-0.6B"
    return args


def _help(parser: argparse.ArgumentParser, topic: str) -> str:
    """Everything for `all`, the options that contain a keyword, or where to look."""
    if topic == "all":
        return parser.format_help()
    if not topic:
        return f"usage: {USAGE}\n\nUse `--help=all` or `--help=<keyword>` to see the options.\n"
    wanted = topic.replace("_", "-").lower()
    lines = [line.strip(" []") for line in parser.format_help().splitlines() if "--" in line]
    return "\n".join([f"usage: {USAGE}", "", *(line for line in lines if wanted in line)]) + "\n"
