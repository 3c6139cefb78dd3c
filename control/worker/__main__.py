"""Command line of the worker: `python -m control.worker --pool control`."""

import argparse
import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from socket import gethostname

from prefect.settings import PREFECT_WORKER_QUERY_SECONDS
from prefect.settings.context import temporary_settings

from control.worker.worker import SparkWorker, say

# What events do not tell: a scheduled time has come, a waiting run may ask for its slot again.
POLL_SECONDS = 5.0


def options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="control.worker", description=__doc__)
    parser.add_argument("--pool", default="control", help="work pool; created when missing")
    parser.add_argument("--flows", type=Path, default=Path("flows"), help="folder of flow files")
    parser.add_argument("--name", default=gethostname(), help="its name in Prefect's UI")
    parser.add_argument(
        "--grace", type=float, default=60, help="seconds a stopped flow has to reach a known state"
    )
    parser.add_argument(
        "--leave-runs", action="store_true", help="when stopped, leave runs to the next worker"
    )
    return parser.parse_args()


async def serve(given: argparse.Namespace) -> None:
    """Run the worker until SIGINT or SIGTERM; a second one kills what has not ended."""
    worker = SparkWorker(given.pool, given.flows, given.grace, given.name)
    serving = asyncio.create_task(worker.start(printer=say))

    def stop() -> None:
        worker.ends_runs = not given.leave_runs
        serving.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop)
    with suppress(asyncio.CancelledError):
        await serving


def main() -> None:
    """Serve, with our poll unless Prefect's settings name another."""
    with temporary_settings(set_defaults={PREFECT_WORKER_QUERY_SECONDS: POLL_SECONDS}):
        asyncio.run(serve(options()))


if __name__ == "__main__":
    main()
