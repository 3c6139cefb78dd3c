"""The one door to a host: commands over kept-open SSH connections with verified host keys."""

import contextlib
import logging
import os
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import paramiko
from fabric import Config, Connection

from blocks.cluster import Host
from tasks.check import Answer, Command

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
SLACK_SECONDS = 10  # how much longer than the host our own side waits, so that its time limit speaks first
QUIET_SECONDS = 1.0  # how long output may follow the exit code while something holds the streams open
MAX_OUTPUT = 32 * 1024 * 1024
_BROKEN = (OSError, EOFError, paramiko.SSHException)


class Unreachable(Exception):
    """The line to a host is down, refused or not to be trusted; `may_have_run`: the command had been sent."""

    def __init__(self, message: str, *, may_have_run: bool = False) -> None:
        super().__init__(message)
        self.may_have_run = may_have_run


class OutputTooLong(Exception):
    """A command said more than `MAX_OUTPUT` bytes."""


def run(host: Host, command: Command) -> Answer:
    """
    Run a command on a host and return what it said; any exit code is an answer.

    Raises:
        Unreachable: No connection, a wrong host key, a refused user key, or silence past the time limit.
        OutputTooLong: It would not stop talking.
    """
    channel = _session(host)
    try:
        _begin(channel, command)
        return _converse(channel, command)
    except _BROKEN as error:
        _drop(host)
        message = f"{host.name}: the connection broke during '{command}': {_words(error)}"
        raise Unreachable(message, may_have_run=True) from error
    finally:
        _close(channel)


def close_all() -> None:
    """Close every kept connection of this process."""
    with _guard:
        while _lines:
            _lines.popitem()[1].close()


@dataclass
class _Line:
    """One kept connection to one host, as its settings were when it was opened."""

    host: Host
    lock: threading.Lock = field(default_factory=threading.Lock)
    connection: Connection | None = None

    def close(self) -> None:
        if self.connection is not None:
            _close(self.connection)
            self.connection = None


_lines: dict[Host, _Line] = {}
_guard = threading.Lock()


def _session(host: Host) -> paramiko.Channel:
    """A new channel on the kept connection, which is opened or, once, opened anew."""
    with _guard:
        line = _lines.setdefault(host, _Line(host))
    with line.lock:
        if line.connection is not None:
            try:
                return _channel(line.connection)
            except _BROKEN:
                line.close()  # it died while nobody used it: nothing was sent, so a new one may be tried
        try:
            line.connection = _connect(host)
            return _channel(line.connection)
        except (*_BROKEN, ValueError, paramiko.hostkeys.InvalidHostKey) as error:
            line.close()
            raise Unreachable(f"{host.name} ({host.address}:{host.ssh_port}): {_words(error)}") from error


def _channel(connection: Connection) -> paramiko.Channel:
    return cast(paramiko.Transport, connection.transport).open_session(timeout=CONNECT_SECONDS)


def _drop(host: Host) -> None:
    with _guard:
        gone = _lines.pop(host, None) or _Line(host)
    gone.close()


def _connect(host: Host) -> Connection:
    """An authenticated connection; neither an agent nor the user's SSH configuration has a say."""
    connection = Connection(
        host.address,
        user=host.user,
        port=host.ssh_port,
        connect_timeout=CONNECT_SECONDS,
        config=Config(overrides={"load_ssh_configs": False}),
        connect_kwargs={
            "key_filename": str(Path(host.key_path).expanduser()),
            "allow_agent": False,
            "look_for_keys": False,
            "banner_timeout": CONNECT_SECONDS,
            "auth_timeout": CONNECT_SECONDS,
        },
    )
    _trust(connection.client, host)
    connection.open()
    connection.transport.set_keepalive(15)
    return connection


def _trust(client: paramiko.SSHClient, host: Host) -> None:
    """Believe the host key of the settings, else the one recorded at the first contact, and no other."""
    if host.host_key:
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{_known_name(host)} {host.host_key}")
        if entry is None or entry.key is None:
            raise ValueError("the host key of the settings is not a public key")
        client.get_host_keys().add(_known_name(host), entry.key.get_name(), entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return
    known_hosts_file().parent.mkdir(parents=True, exist_ok=True)
    known_hosts_file().touch(mode=0o600)
    client.load_host_keys(str(known_hosts_file()))
    client.set_missing_host_key_policy(_RecordFirst())


class _RecordFirst(paramiko.MissingHostKeyPolicy):
    """Trust on first use: the key is added to the file, said in the log, and from then on required."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if client.get_host_keys().lookup(hostname):
            raise paramiko.SSHException(f"{hostname} shows another kind of key than the recorded one")
        with known_hosts_file().open("a", encoding="ascii") as recorded:
            recorded.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")
        log.warning("first contact with %s: its %s key is trusted from now on", hostname, key.get_name())


def known_hosts_file() -> Path:
    """Where keys trusted on first use are recorded, from SPARK_KNOWN_HOSTS."""
    return Path(os.environ.get("SPARK_KNOWN_HOSTS", ".state/known_hosts"))


def _known_name(host: Host) -> str:
    return host.address if host.ssh_port == 22 else f"[{host.address}]:{host.ssh_port}"


def _begin(channel: paramiko.Channel, command: Command) -> None:
    """Have the host begin the command; paramiko itself would wait for its word without end."""
    alarm = threading.Timer(CONNECT_SECONDS, _close, (channel,))
    alarm.start()
    try:
        channel.exec_command(command.line)
    finally:
        alarm.cancel()


def _close(line: paramiko.Channel | Connection) -> None:
    with contextlib.suppress(*_BROKEN):
        line.close()


def _converse(channel: paramiko.Channel, command: Command) -> Answer:
    """Give stdin, take stdout and stderr until the command has ended, within the time limit."""
    deadline = time.monotonic() + command.timeout + SLACK_SECONDS
    threading.Thread(target=_give, args=(channel, command.stdin), daemon=True).start()
    channel.settimeout(0.2)
    out, err, heard = bytearray(), bytearray(), time.monotonic()
    while not _said_all(channel, heard):
        if _take(channel, out, err) or not channel.exit_status_ready():
            heard = time.monotonic()
        if len(out) + len(err) > MAX_OUTPUT:
            raise OutputTooLong(f"'{command}' said more than {MAX_OUTPUT} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError(f"no end after {command.timeout + SLACK_SECONDS:g} s")
    code = channel.recv_exit_status()
    if code == -1:
        raise EOFError("the host closed the channel without an exit code")
    return Answer(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def _said_all(channel: paramiko.Channel, heard: float) -> bool:
    """True when nothing more will come: OpenSSH may tell the exit code before the last of the output."""
    if not channel.exit_status_ready() or channel.recv_ready() or channel.recv_stderr_ready():
        return False
    # What a command leaves running in the background may hold its output open for ever.
    return bool(channel.eof_received or channel.closed or time.monotonic() - heard > QUIET_SECONDS)


def _take(channel: paramiko.Channel, out: bytearray, err: bytearray) -> bool:
    """Wait a moment for output and keep it; False when there was none."""
    if channel.recv_stderr_ready():
        err += channel.recv_stderr(65536)
        return True
    with contextlib.suppress(TimeoutError):
        if data := channel.recv(65536):
            out += data
            return True
        channel.status_event.wait(0.2)  # stdout has ended; the exit code is on its way
    return False


def _give(channel: paramiko.Channel, text: str) -> None:
    """Write stdin to its end; a program that does not read all of it is within its rights."""
    waiting = text.encode()
    with contextlib.suppress(*_BROKEN):
        while waiting and not channel.closed:
            with contextlib.suppress(TimeoutError):
                waiting = waiting[channel.send(waiting[:65536]) :]
        channel.shutdown_write()


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (paramiko.BadHostKeyException, "its host key is not the known one: another machine, or set up anew"),
    (paramiko.hostkeys.InvalidHostKey, "the host key that is known of it is not a public key"),
    (paramiko.PasswordRequiredException, "our SSH key has a passphrase: name one without"),
    (paramiko.AuthenticationException, "it refuses our SSH key"),
    (socket.gaierror, "its name does not resolve"),
)


def _words(error: Exception) -> str:
    """The error in plain words."""
    return next(
        (words for kind, words in _WORDS if isinstance(error, kind)), str(error) or "no answer in time"
    )
