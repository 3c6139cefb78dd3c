"""How the two halves of a multi-node engine find each other: one small file on each host.

A rank writes docker/rendezvous-<master port> in its own host's folder and looks for the other
ranks' files in the folders beside it.
"""

import asyncio
import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from simulator.engine.launch import Launch
from simulator.engine.plan import Refused
from simulator.processes import alive, started

LOOK_EVERY = 0.05  # seconds here, not scaled: it only costs a stat


async def meet(launch: Launch, seconds: float) -> None:
    """Say that this rank is there and wait for the others; TimeoutError after `seconds`."""
    pid, args = os.getpid(), launch.args
    mine = {"pid": pid, "since": started(pid), "rank": args.node_rank, "model": args.model_tag}
    _note(launch).parent.mkdir(parents=True, exist_ok=True)
    _note(launch).write_text(json.dumps(mine))
    async with asyncio.timeout(seconds * launch.world.scale):
        while len(ranks(launch)) < launch.nodes:  # noqa: ASYNC110 - another host's file
            await asyncio.sleep(LOOK_EVERY)


def leave(launch: Launch) -> None:
    """This rank is gone."""
    _note(launch).unlink(missing_ok=True)


def _note(launch: Launch) -> Path:
    return launch.world.host / "docker" / f"rendezvous-{launch.args.master_port}"


async def together(launch: Launch, work: Coroutine[Any, Any, None]) -> None:
    """Do this rank's work; raises Refused as soon as another rank is gone."""
    mine, gone = asyncio.ensure_future(work), asyncio.ensure_future(parted(launch))
    try:
        await asyncio.wait([mine, gone], return_when=asyncio.FIRST_COMPLETED)
        if mine.done():
            mine.result()
            return
    finally:
        mine.cancel()
        gone.cancel()
    raise Refused(
        "RuntimeError: [gloo/transport/tcp/pair.cc:544] Connection closed by peer "
        f"[{launch.args.master_addr}]:{launch.args.master_port}"
    )


async def parted(launch: Launch) -> None:
    """Return when another rank is gone."""
    while len(ranks(launch)) == launch.nodes:  # noqa: ASYNC110 - another host's process
        await asyncio.sleep(LOOK_EVERY * 4)


def ranks(launch: Launch) -> set[int]:
    """Ranks of this model whose process lives."""
    found = set()
    pattern = f"*/docker/rendezvous-{launch.args.master_port}"
    for note in launch.world.host.parent.glob(pattern):
        try:
            other = json.loads(note.read_text())
        except (OSError, ValueError):
            continue
        # Process ids are used again: the start time tells a rank from its successor.
        if alive(other["pid"], other["since"]) and other["model"] == launch.args.model_tag:
            found.add(int(other["rank"]))
    return found
