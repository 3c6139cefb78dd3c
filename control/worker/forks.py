"""The fork server: imports Prefect and the flows once, then forks a process for each run."""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from prefect import Flow
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.importtools import load_script_as_module

from control.worker import child

WARM = b"warm"
MESSAGE_BYTES = 65536
# What Prefect's engine imports only when the first flow or task runs.
LATE = ("anyio._backends._asyncio", "encodings.idna", "prefect.task_engine")


def main() -> None:
    """Serve orders from the socket whose descriptor is the first argument; flows: the second."""
    door = socket.socket(fileno=int(sys.argv[1]))
    for module in LATE:
        importlib.import_module(module)
    flows = import_flows(Path(sys.argv[2]))
    gc.collect()
    gc.freeze()
    if threading.active_count() > 1:
        raise SystemExit("a flow module starts a thread when it is imported: forking is not safe")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with suppress(BrokenPipeError):  # the worker has died
        door.send(WARM)
        serve(door, flows)


def import_flows(folder: Path) -> dict[str, ModuleType]:
    """Import every flow file, by its path as entrypoints spell it; one that fails waits for its run."""
    modules = {}
    for path in sorted(folder.glob("[!_]*.py")):
        try:
            modules[str(path)] = load_script_as_module(str(path))
        except Exception as why:  # noqa: BLE001 (the run of this flow says so)
            sys.stderr.write(f"{path} cannot be imported: {why}\n")
    return modules


def serve(door: socket.socket, flows: dict[str, ModuleType]) -> None:
    """Fork a child for each order and answer its process id, until the worker is gone."""

    def load(entrypoint: str) -> Flow[..., Any]:
        path, _, function = entrypoint.rpartition(":")
        if path in flows:
            flow: Flow[..., Any] = getattr(flows[path], function)
            return flow
        return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)

    while order := door.recv(MESSAGE_BYTES):
        pid = os.fork()
        if pid == 0:
            door.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            child.execute(json.loads(order), load)
            return
        door.send(str(pid).encode())


if __name__ == "__main__":
    main()
