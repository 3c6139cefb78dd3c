"""One simulated host's SSH server: real keys, public key only, real commands; and its network faults."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import asyncssh

from simulator.bot import BOT
from simulator.environment import fault, home_of
from simulator.session import LOOK_SECONDS, Channel, serve
from simulator.wake import Card


@dataclass(frozen=True)
class Host:
    """What a host is, as kept in its host.json."""

    name: str
    address: str
    ssh_port: int
    user: str
    lan_address: str
    fabric_address: str
    peers: list[str]
    wake_port: int

    def save(self, folder: Path) -> None:
        (folder / "host.json").write_text(json.dumps(asdict(self), indent=1) + "\n")


class _Door(asyncssh.SSHServer):
    """Lets in the host's users with a key of their own authorized_keys, read anew each time."""

    def __init__(self, server: SSHServer) -> None:
        self._server = server

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self._connection)

    def begin_auth(self, username: str) -> bool:
        if username in (self._server.host.user, BOT):
            keys = home_of(self._server.folder, username) / ".ssh" / "authorized_keys"
            if keys.exists():
                self._connection.set_authorized_keys(str(keys))
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def password_auth_supported(self) -> bool:
        return False


class SSHServer:
    """Listens for one host, and closes or falls silent while a fault says so."""

    def __init__(self, host: Host, folder: Path, scale: str) -> None:
        self.host = host
        self.folder = folder
        self.scale = scale
        self.connections: set[asyncssh.SSHServerConnection] = set()
        self._unanswered: set[asyncio.StreamWriter] = set()
        self._listener: asyncio.AbstractServer | asyncssh.SSHAcceptor | None = None
        self._card: asyncio.BaseTransport | None = None
        self._manner = ""

    async def start(self) -> None:
        await self._become(self._wanted_manner())
        self._card, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Card(self.folder, self.scale), (self.host.address, self.host.wake_port)
        )

    async def watch(self) -> None:
        """Follow the fault files for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            wanted = self._wanted_manner()
            if wanted != self._manner:
                with contextlib.suppress(OSError):  # the port is still taken: tried again at the next look
                    await self._become(wanted)

    async def stop(self) -> None:
        if self._card:
            self._card.close()
        await self._become("unreachable")

    def _wanted_manner(self) -> str:
        faults = ("unreachable", "ssh-hang")
        return next((name for name in faults if fault(name, self.folder) is not None), "well")

    async def _become(self, manner: str) -> None:
        if self._listener:
            self._listener.close()
        self._listener = None
        for writer in list(self._unanswered):
            writer.transport.abort()
        if manner == "unreachable":
            for connection in list(self.connections):
                connection.abort()
        elif manner == "ssh-hang":
            self._listener = await asyncio.start_server(
                self._say_nothing, self.host.address, self.host.ssh_port
            )
        else:
            self._listener = await self._listen()
        self._manner = manner

    async def _listen(self) -> asyncssh.SSHAcceptor:
        return await asyncssh.listen(
            self.host.address,
            self.host.ssh_port,
            server_factory=lambda: _Door(self),
            server_host_keys=[str(self.folder / "host_key")],
            process_factory=self._serve,
            encoding=None,
            allow_pty=False,
            agent_forwarding=False,
            line_editor=False,
            kbdint_auth=False,
            password_auth=False,
            reuse_address=True,
        )

    async def _serve(self, channel: Channel) -> None:
        user = str(channel.get_extra_info("username"))
        await serve(channel, self.folder, self.scale, self.host.address, user)

    async def _say_nothing(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A wedged host: TCP answers, the banner never comes."""
        self._unanswered.add(writer)
        with contextlib.suppress(OSError):
            while await reader.read(1024):
                pass
        self._unanswered.discard(writer)
        writer.close()
