"""`python -m simulator`: start simulated Sparks and keep them up until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from simulator.cluster import Cluster, Wish
from simulator.environment import host_environment
from simulator.host import SSHServer
from simulator.processes import end


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    parser.add_argument("--dir", type=Path, required=True, help="folder of the cluster, made if missing")
    parser.add_argument("--hosts", type=int, default=2, help="how many Sparks")
    parser.add_argument("--scale", default="0.05", help="a real second takes this many seconds")
    parser.add_argument("--ports", default="", help="SSH ports, comma-separated; free ones otherwise")
    parser.add_argument("--launcher", type=Path, help="a spark-vllm-docker checkout to copy in")
    parser.add_argument("--address", default="127.0.0.1", help="loopback address to bind")
    given = parser.parse_args()
    wish = Wish(
        given.dir.resolve(), given.hosts, str(float(given.scale)), given.address,
        [int(port) for port in given.ports.split(",") if port], given.launcher,
    )  # fmt: skip
    with _only_one(wish.folder):
        asyncio.run(_stay_up(Cluster(wish)))


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, since a second simulator would end the processes of the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"simulator: {folder} is in use by another simulator")
        yield


async def _stay_up(cluster: Cluster) -> None:
    asked_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, asked_to_stop.set)
    cluster.prepare()
    _end_all(cluster.folder)
    servers = [SSHServer(host, cluster.home(host), cluster.wish.scale) for host in cluster.hosts]
    try:
        await asyncio.gather(_boot(cluster), *(server.start() for server in servers))
        watching = [asyncio.ensure_future(server.watch()) for server in servers]
        print(f"ready {cluster.folder / 'cluster.yaml'}", flush=True)  # noqa: T201 - the one line
        await asyncio.wait(
            [*watching, asyncio.ensure_future(asked_to_stop.wait())],
            return_when=asyncio.FIRST_COMPLETED,
        )
        for watch in watching:
            watch.cancel()
    finally:
        for server in servers:
            await server.stop()
        _end_all(cluster.folder)


async def _boot(cluster: Cluster) -> None:
    """Start the services of every host, as its docker daemon would after a boot."""
    starting = []
    for host in cluster.hosts:
        folder = cluster.home(host)
        environment = host_environment(folder, cluster.wish.scale, cluster.wish.address)
        for container, image in cluster.images_of(host):
            command = f"docker run -d --name {container} --network host --restart unless-stopped {image}"
            process = await asyncio.create_subprocess_shell(
                command, env=environment, cwd=folder / "home", stdout=asyncio.subprocess.DEVNULL
            )
            starting.append(process.wait())
    await asyncio.gather(*starting)


def _end_all(folder: Path) -> None:
    """What a power cut leaves: no process, no container, all memory free, the disks as they were."""
    end(lambda environment: environment.get("SIM_HOST_DIR", "").startswith(f"{folder}/"))
    for host in folder.glob("spark-*"):
        for part in ("docker/containers", "memory", "memory-fading"):
            shutil.rmtree(host / part, ignore_errors=True)
            with contextlib.suppress(FileExistsError):
                (host / part).mkdir()


if __name__ == "__main__":
    main()
