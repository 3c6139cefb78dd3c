"""`free`: the unified memory of a simulated GB10 host, as its account in memory.py has it."""

# ruff: noqa: T201 - printing is what this program is for

from __future__ import annotations

import sys

from simulator.environment import here
from simulator.memory import BASE_GIB, KB_IN_GIB, TOTAL_KB, available_kb
from simulator.options import UnknownFlag, parse

CACHE_KB = 9 * KB_IN_GIB  # page cache after a model was read
DROPPED_KB = KB_IN_GIB // 4  # and after it was dropped: what is in use stays
SWAP_KB = 16 * KB_IN_GIB
UNITS = {"bytes": 1 / 1024, "kibi": 1, "mebi": 1024, "gibi": KB_IN_GIB}


def main(words: list[str]) -> int:
    """Print the table; unknown arguments are refused."""
    try:
        options, rest = parse(words, "bytes/b kibi/k mebi/m gibi/g human/h wide/w total/t")
    except UnknownFlag as flag:
        print(f"free: unrecognized option '{flag}'", file=sys.stderr)
        return 1
    if rest:
        print(f"free: unknown argument: {rest[0]}", file=sys.stderr)
        return 1
    unit = next((size for name, size in UNITS.items() if name in options), 1)
    human, wide = "human" in options, "wide" in options
    heads = ["total", "used", "free", "shared", "buff/cache", "available"]
    if wide:
        heads[4:5] = ["buffers", "cache"]
    print(" " * 7 + "".join(f"{head:>12}" for head in heads))
    print(_row("Mem:", _memory(wide=wide), unit, human=human))
    print(_row("Swap:", [SWAP_KB, 0, SWAP_KB], unit, human=human))
    return 0


def _memory(*, wide: bool) -> list[int]:
    available = available_kb(here())
    dropped = (here() / "caches-dropped").exists()
    cache = min(DROPPED_KB if dropped else CACHE_KB, available // 2)
    shared = int(BASE_GIB * KB_IN_GIB / 100)
    cells = [TOTAL_KB, TOTAL_KB - available, available - cache, shared, cache, available]
    if wide:
        cells[4:5] = [cache // 20, cache - cache // 20]
    return cells


def _row(label: str, cells: list[int], unit: float, *, human: bool) -> str:
    shown = (_human(cell) if human else str(int(cell / unit)) for cell in cells)
    return f"{label:<7}" + "".join(f" {cell:>11}" for cell in shown)


def _human(kilobytes: int) -> str:
    if kilobytes < 1024:
        return f"{kilobytes}Ki"
    if kilobytes < KB_IN_GIB:
        return f"{kilobytes // 1024}Mi"
    gib = kilobytes / KB_IN_GIB
    return f"{gib:.1f}Gi" if gib < 10 else f"{gib:.0f}Gi"
