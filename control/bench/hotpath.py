"""The hot path, measured: targets take turns at the same jobs; the best of several rounds counts."""

import os
import platform
import resource
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from control.bench.measure import Measurement
from control.bench.peers import litellm, nginx
from control.bench.report import OURS, Figures, best_of, ratios, table
from control.bench.scale import Scale
from control.bench.targets import Skipped, Start, Target, direct, gateway, upstream
from control.processes import NotReady

TARGETS: dict[str, Start] = {"direct": direct, "gateway": gateway, "nginx": nginx, "litellm": litellm}
_FILES = 16_384


def hotpath(names: Sequence[str], rounds: int, scale: Scale) -> bool:
    """Measure the targets of those names and print tables; False when an answer of the gateway was wrong."""
    _allow_many_sockets()
    figures: dict[str, list[Figures]] = {}
    notes: list[str] = []
    left = list(names)
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, upstream(Path(folder)) as engine:
        for number in range(1, rounds + 1):
            for name in tuple(left):
                print(f"round {number} of {rounds}: {name}", file=sys.stderr)
                try:
                    taken = _measured(name, engine, scale)
                except (Skipped, NotReady) as reason:
                    left.remove(name)
                    notes.append(f"{name} was not measured: {reason}")
                    continue
                figures.setdefault(name, []).append(taken.figures)
                notes.extend(taken.wrong)
    print(_told(figures, notes, rounds, scale))
    return not any(note.startswith(OURS) for note in notes)


def _measured(name: str, engine: Target, scale: Scale) -> Measurement:
    with tempfile.TemporaryDirectory(prefix=f"bench-{name}-") as folder:
        with TARGETS[name](engine, Path(folder)) as target:
            taken = Measurement(target, scale)
            taken.take()
        return taken


def _told(figures: dict[str, list[Figures]], notes: Sequence[str], rounds: int, scale: Scale) -> str:
    best = best_of(figures, scale)
    parts = [
        f"{_machine()}; the best of {rounds} rounds.",
        table(best, scale),
        ratios(best, scale),
        "\n".join(f"- {note}" for note in notes) or "Every answer was right.",
    ]
    return "\n\n".join(part for part in parts if part)


def _machine() -> str:
    """Cores, processor, Python and how busy it is."""
    about = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in about if line.startswith("model name")), "")
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    return (
        f"{os.cpu_count()} cores ({model or platform.machine()}), Python {platform.python_version()}, {load}"
    )


def _allow_many_sockets() -> None:
    """Let this process's children open as many files as they are ever allowed to, up to a number."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
