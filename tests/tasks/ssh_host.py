"""A small SSH host for the tests: asyncssh in a thread of its own, every command run by a real bash."""

import asyncio
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from blocks.cluster import Host


class SshHost:
    """
    A host that can be reached on a loopback port.

    Attributes:
        commands: Every line that was asked for, oldest first.
        connections: Every connection that was ever made, oldest first.
        started: Set when a command has begun; cleared by the test that waits for it.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.home = folder
        self.host_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key = asyncssh.generate_private_key("ssh-ed25519")
        self.user_key.write_private_key(folder / "id")
        self.commands: list[str] = []
        self.connections: list[asyncssh.SSHServerConnection] = []
        self.started = threading.Event()
        self.port = 0
        self._children: list[asyncio.subprocess.Process] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="ssh host")

    def as_host(self, **changes: object) -> Host:
        """The host as the settings would name it."""
        known = {
            "name": "spark-1",
            "address": "127.0.0.1",
            "ssh_port": self.port,
            "user": "spark",
            "key_path": str(self.home / "id"),
        }
        return Host.model_validate({**known, **changes})

    @property
    def host_key_words(self) -> str:
        """Its public key as a person would paste it into the settings."""
        return " ".join(self.host_key.export_public_key().decode().split()[:2])

    def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        if not self._thread.is_alive():
            self._thread.start()
        self._do(self._listen())

    def drop_connections(self) -> None:
        """Cut every line, without a word."""
        self._do(self._drop())

    def stop(self) -> None:
        """Cut every line, end every process, close the port and the thread."""
        self.drop_connections()
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def close_port(self) -> None:
        """Refuse new connections."""
        self._do(self._close())

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    async def _listen(self) -> None:
        authorized = asyncssh.import_authorized_keys(self.user_key.export_public_key().decode())
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_host_keys=[self.host_key],
            authorized_client_keys=authorized,
            process_factory=self._serve,
            server_factory=lambda: _Doorman(self.connections),
            encoding=None,
        )
        self.port = self._acceptor.get_port()

    async def _drop(self) -> None:
        for connection in self.connections:
            connection.abort()
            await connection.wait_closed()

    async def _close(self) -> None:
        self._acceptor.close()
        await self._acceptor.wait_closed()

    async def _end(self) -> None:
        await self._close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for child in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            await child.communicate()

    async def _serve(self, process: asyncssh.SSHServerProcess) -> None:
        self.commands.append(process.command)
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            *("bash", "-c", process.command),
            env={"HOME": str(self.home), "PATH": f"{self.home}/bin:{os.environ['PATH']}"},
            cwd=self.home,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            start_new_session=True,
        )
        self._children.append(child)
        self.started.set()
        given = asyncio.create_task(_pump(process.stdin, child.stdin))
        await asyncio.gather(_pump(child.stdout, process.stdout), _pump(child.stderr, process.stderr))
        process.exit(await child.wait())
        given.cancel()


class _Doorman(asyncssh.SSHServer):
    """Keeps the list of connections."""

    def __init__(self, connections: list[asyncssh.SSHServerConnection]) -> None:
        self.connections = connections

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.connections.append(conn)


async def _pump(source, sink) -> None:
    """Pass bytes on until their end; a reader that has gone is no error."""
    with contextlib.suppress(OSError, asyncssh.Error):
        while block := await source.read(65536):
            sink.write(block)
            await sink.drain()
        if isinstance(sink, asyncio.StreamWriter):
            sink.close()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[SshHost]:
    """A host that listens, until the block ends."""
    host = SshHost(folder)
    host.start()
    try:
        yield host
    finally:
        host.stop()
