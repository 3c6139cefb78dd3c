"""What surrounds an engine process: its host's folder, time scale, address, memory and faults.

Numbers of memory are GiB. Times given to `pause` are seconds of the real machine; SIM_SCALE turns
them into seconds here.
"""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from simulator import memory

TOTAL = round(memory.TOTAL_KB / memory.KB_IN_GIB, 2)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault asked for by a file: its name, the words after it, and its `key: value` lines."""

    name: str
    words: tuple[str, ...] = ()
    settings: tuple[tuple[str, str], ...] = ()

    def setting(self, key: str, default: str = "") -> str:
        """The value of the line `key: value`."""
        return dict(self.settings).get(key, default)

    def number(self, key: str, default: float) -> float:
        """The first word after the name, else the setting, else default."""
        for text in (*self.words, self.setting(key)):
            try:
                return float(text)
            except ValueError:
                continue
        return default


NO_FAULT = Fault("")


@dataclass(frozen=True, slots=True)
class World:
    """The environment the docker stand-in gives to a process."""

    host: Path
    scale: float
    address: str
    container: str
    home: Path

    async def pause(self, seconds: float) -> None:
        """Wait as long as `seconds` of the real machine last here."""
        await asyncio.sleep(seconds * self.scale)

    def fault(self, subject: str, model: str = "") -> Fault:
        """The fault in faults/SUBJECT now, if it is meant for this model."""
        try:
            lines = (self.host / "faults" / subject).read_text().splitlines()
        except OSError:
            return NO_FAULT
        name, *words = lines[0].split() if lines and lines[0].strip() else [""]
        pairs = [line.partition(":") for line in lines[1:] if ":" in line]
        found = Fault(name, tuple(words), tuple((k.strip(), v.strip()) for k, _, v in pairs))
        return found if found.setting("model") in model else NO_FAULT

    def available(self) -> float:
        """Memory that is free now, as the host's `free` says it."""
        return memory.available_kb(self.host) / memory.KB_IN_GIB

    def hold(self, gib: float) -> None:
        """Tell the host that this process now holds this much."""
        self._note("memory", f"{gib:.2f}")

    def work(self, percent: int, watts: float) -> None:
        """Tell the host that this process uses its GPU so much."""
        self._note("busy", f"{percent} {watts}")

    def rest(self) -> None:
        """This process uses the GPU no more."""
        (self.host / "busy" / str(os.getpid())).unlink(missing_ok=True)

    def release(self) -> None:
        """This process holds nothing and does nothing any more."""
        self.rest()
        (self.host / "memory" / str(os.getpid())).unlink(missing_ok=True)

    def _note(self, kind: str, text: str) -> None:
        entry = self.host / kind / str(os.getpid())
        entry.parent.mkdir(parents=True, exist_ok=True)
        # Readers must never see an empty file between truncation and write.
        fresh = entry.with_name(f".{entry.name}")
        fresh.write_text(text + "\n")
        fresh.replace(entry)


def from_environment() -> World:
    """The world of this process; every variable has a default, so a server also starts by hand."""
    env = os.environ
    return World(
        host=Path(env.get("SIM_HOST_DIR", ".")),
        scale=float(env.get("SIM_SCALE", "1")),
        address=env.get("SIM_ADDRESS", "127.0.0.1"),
        container=env.get("SIM_CONTAINER", "container"),
        home=Path(env.get("HOME", "/root")),
    )
