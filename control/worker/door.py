"""The worker's side of the fork server: start it, ask it for a process, start it again."""

import asyncio
import json
import socket
import subprocess
import sys
from pathlib import Path

from control.worker.child import Order
from control.worker.processes import FORK_SERVER


class ForkServer:
    """A fork server that is warm when it is asked.

    Ours, and not the one of `multiprocessing`: that one is kept alive by its children when the
    worker has died, is joined with all of them at exit, and cannot say that it is warm.
    """

    def __init__(self, flows: Path) -> None:
        self.children: set[int] = set()
        self._flows = flows
        self._turn = asyncio.Lock()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None

    async def warm(self) -> None:
        """Return once a fork server runs that has imported everything.

        Raises:
            RuntimeError: it ended before that; its standard error, which is ours, says why.
        """
        async with self._turn:
            await self._open()

    async def fork(self, order: Order) -> int:
        """Have one run executed; return the id of its process, which is among `children` now.

        Raises:
            RuntimeError: the fork server ended before it answered. The order is not repeated:
                it may have been carried out.
        """
        async with self._turn:
            door = await self._open()
            await asyncio.get_running_loop().sock_sendall(door, json.dumps(order).encode())
            pid = int(await self._hear(door))
            self.children.add(pid)
            return pid

    async def close(self) -> None:
        """End the fork server, for good; the runs it has forked go on."""
        async with self._turn:
            self._closed = True
            self._drop()

    async def _open(self) -> socket.socket:
        if self._closed:
            raise RuntimeError("the worker is stopping")
        if self._door is not None and self._process is not None and self._process.poll() is None:
            return self._door
        self._drop()
        self._door, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._door.setblocking(False)
        with theirs:
            self._process = self._start(theirs.fileno())
        await self._hear(self._door)
        return self._door

    def _start(self, door: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", FORK_SERVER, str(door), str(self._flows)],
            pass_fds=[door],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _drop(self) -> None:
        if self._door is not None:
            self._door.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._door = self._process = None

    async def _hear(self, door: socket.socket) -> bytes:
        try:
            answer = await asyncio.get_running_loop().sock_recv(door, 64)
        except ConnectionError:
            answer = b""
        if not answer:
            raise RuntimeError("the fork server ended")
        return answer
