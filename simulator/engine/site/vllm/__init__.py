"""Stand-in for the vllm package inside a simulated container: its version and argument parser."""

from vllm.versions import VERSION

__version__ = VERSION
