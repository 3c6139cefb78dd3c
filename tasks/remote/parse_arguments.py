"""Parse 'vllm serve' arguments with vLLM's own parser, in the container they are meant for; print JSON.

Arguments: those of `vllm serve`, the model first.  The parser's place: that of vLLM 0.33, then the older one.
"""

import json
import sys
from typing import Any


def parser_parts() -> tuple[Any, Any, Any]:
    """`make_arg_parser`, `validate_parsed_serve_args` and the parser class of this vLLM."""
    try:
        from vllm.entrypoints.common import cli_args
    except ImportError:
        from vllm.entrypoints.openai import cli_args
    try:
        from vllm.utils.argparse_utils import FlexibleArgumentParser
    except ImportError:
        from vllm.utils import FlexibleArgumentParser
    return cli_args.make_arg_parser, cli_args.validate_parsed_serve_args, FlexibleArgumentParser


def main() -> None:
    """Print {"ok", "version", "error"?}; argparse itself ends with rc 2 and its own words."""
    import vllm

    make_arg_parser, validate, parser_class = parser_parts()
    parser = make_arg_parser(parser_class(prog="vllm serve"))
    parsed = parser.parse_args(sys.argv[1:])
    try:
        validate(parsed)
    except (TypeError, ValueError) as error:
        print(json.dumps({"ok": False, "error": str(error), "version": vllm.__version__}))
        return
    print(json.dumps({"ok": True, "version": vllm.__version__}))


main()
