"""Lines in vLLM's manner: `(EngineCore pid=N) INFO MM-DD hh:mm:ss [file.py:line] text`, and bars."""

import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from simulator.engine.world import World


@dataclass(frozen=True, slots=True)
class Voice:
    """One process of vLLM that writes to the log."""

    name: str
    pid: int

    def info(self, source: str, text: str) -> None:
        self._say("INFO", source, text)

    def warning(self, source: str, text: str) -> None:
        self._say("WARNING", source, text)

    def error(self, source: str, text: str) -> None:
        self._say("ERROR", source, text)

    def plain(self, text: str) -> None:
        """Text without level and time, as tracebacks and uvicorn's lines have it."""
        prefix = f"({self.name} pid={self.pid}) "
        sys.stdout.write("".join(f"{prefix}{line}\n" for line in text.split("\n")))
        sys.stdout.flush()

    def _say(self, level: str, source: str, text: str) -> None:
        # vLLM writes the machine's local time without a zone.
        now = datetime.now().astimezone()
        lead = f"{level} {now:%m-%d %H:%M:%S} [{source}] "
        self.plain("\n".join(lead + line for line in text.split("\n")))


async def shards(world: World, label: str, count: int, seconds: float) -> AsyncIterator[int]:
    """A bar of weight files over `seconds`; yields the number done; the last line comes twice."""
    each = seconds / max(count, 1)
    _bar(f"{label}:   0% Completed | 0/{count} [00:00<?, ?it/s]")
    for done in range(1, count + 1):
        await world.pause(each)
        times = f"{_clock(each * done)}<{_clock(each * (count - done))}, {each:5.2f}s/it"
        line = f"{label}: {done * 100 // count:3d}% Completed | {done}/{count} [{times}]"
        _bar(line)
        yield done
    _bar(line + "\n")


async def graphs(world: World, label: str, count: int, seconds: float) -> None:
    """The bar of CUDA graph capture."""
    for done in range(count + 1):
        filled = "█" * (10 * done // count)
        _bar(f"{label}: {100 * done // count:3d}%|{filled:<10}| {done}/{count}")
        await world.pause(seconds / count)
    sys.stderr.write("\n")
    sys.stderr.flush()


def _bar(line: str) -> None:
    sys.stderr.write("\r" + line)
    sys.stderr.flush()


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
