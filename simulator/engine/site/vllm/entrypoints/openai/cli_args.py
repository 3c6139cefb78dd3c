"""The server's arguments, at their path before vLLM 0.33."""

from vllm.serve_flags import make_arg_parser, validate_parsed_serve_args
from vllm.versions import HAS_COMMON

if HAS_COMMON:
    message = f"No module named '{__name__}'"
    raise ModuleNotFoundError(message, name=__name__)

__all__ = ["make_arg_parser", "validate_parsed_serve_args"]
