"""`python -m control.bench [start|hotpath]`: measure one of them, or both."""

import argparse
import sys

from control.bench.hotpath import TARGETS, hotpath
from control.bench.scale import FULL, QUICK


def main() -> None:
    """Print tables in Markdown; ends with 1 when the gateway answered wrongly."""
    options = _options()
    right = True
    if options.what in {"hotpath", "both"}:
        right = hotpath(options.targets, options.rounds, QUICK if options.quick else FULL)
    if options.what in {"start", "both"}:
        from control.bench.start import start  # noqa: PLC0415  # it loads half the house, the hot path needs none

        start()
    sys.exit(0 if right else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m control.bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("start", "hotpath", "both"), default="both")
    parser.add_argument("--targets", type=_targets, default=list(TARGETS), metavar=",".join(TARGETS))
    parser.add_argument("--rounds", type=int, default=3, help="how often each target has its turn")
    parser.add_argument("--quick", action="store_true", help="a second or two; the figures mean nothing")
    return parser.parse_args()


def _targets(text: str) -> list[str]:
    names = text.split(",")
    unknown = [name for name in names if name not in TARGETS]
    if unknown:
        raise argparse.ArgumentTypeError(f"no target is named {', '.join(unknown)}")
    return names


if __name__ == "__main__":
    main()
