"""The one door to a host: commands over kept-open SSH connections with verified host keys."""

import contextlib
import logging
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import paramiko
from fabric import Config, Connection

from blocks.cluster import Host
from tasks.check import Answer, Command
from tasks.known_hosts import known_hosts_file, known_name, made_known_hosts_file

log = logging.getLogger(__name__)

CONNECT_SECONDS = 10
QUIET_SECONDS = 1.0  # how long output may follow the exit code while something holds the streams open
MAX_OUTPUT = 32 * 1024 * 1024
Line = Literal["unreachable", "wedged", "refused"]
_BROKEN = (OSError, EOFError, paramiko.SSHException)


class Unreachable(Exception):
    """
    There is no line to a host; `may_have_run`: the command had been sent.

    `line`: unreachable, nobody answers; wedged, it takes the connection and says nothing; refused, for a key.
    """

    def __init__(self, message: str, *, may_have_run: bool = False, line: Line = "unreachable") -> None:
        super().__init__(message)
        self.may_have_run, self.line = may_have_run, line


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
        line: Line = "wedged" if isinstance(error, TimeoutError) else "unreachable"
        raise Unreachable(message, may_have_run=True, line=line) from error
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
            where = f"{host.name} ({host.address}:{host.ssh_port})"
            raise Unreachable(f"{where}: {_words(error)}", line=_state(error)) from error


def _channel(connection: Connection) -> paramiko.Channel:
    return cast(paramiko.Transport, connection.transport).open_session(timeout=CONNECT_SECONDS)


def _drop(host: Host) -> None:
    with _guard:
        gone = _lines.pop(host, None) or _Line(host)
    gone.close()


def _connect(host: Host) -> Connection:
    """An authenticated connection; neither an agent nor the user's SSH configuration has a say."""
    connection = Connection(
        host.address, user=host.user, port=host.ssh_port, connect_timeout=CONNECT_SECONDS,
        config=Config(overrides={"load_ssh_configs": False}),
        connect_kwargs={
            "key_filename": str(Path(host.key_path).expanduser()),
            "allow_agent": False, "look_for_keys": False, "auth_timeout": CONNECT_SECONDS,
            "banner_timeout": CONNECT_SECONDS * 0.8,  # the first to run out, or paramiko does not say why
        },
    )  # fmt: skip
    _trust(connection.client, host)
    connection.open()
    connection.transport.set_keepalive(15)
    return connection


def _trust(client: paramiko.SSHClient, host: Host) -> None:
    """Believe the host key of the settings, else the one recorded at the first contact, and no other."""
    if host.host_key:
        entry = paramiko.hostkeys.HostKeyEntry.from_line(f"{known_name(host)} {host.host_key}")
        if entry is None or entry.key is None:
            raise ValueError("the host key of the settings is not a public key")
        client.get_host_keys().add(known_name(host), entry.key.get_name(), entry.key)
        client.set_missing_host_key_policy(paramiko.RejectPolicy())
        return
    client.load_host_keys(str(made_known_hosts_file()))
    client.set_missing_host_key_policy(_RecordFirst())


class _RecordFirst(paramiko.MissingHostKeyPolicy):
    """Trust on first use: the key is added to the file, said in the log, and from then on required."""

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:
        if known := client.get_host_keys().lookup(hostname):  # it shows another kind of key than that
            raise paramiko.BadHostKeyException(hostname, key, next(iter(known.values())))
        with known_hosts_file().open("a", encoding="ascii") as recorded:
            recorded.write(f"{hostname} {key.get_name()} {key.get_base64()}\n")
        log.warning("first contact with %s: its %s key is trusted from now on", hostname, key.get_name())


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
    began = time.monotonic()
    threading.Thread(target=_give, args=(channel, command.stdin), daemon=True).start()
    channel.settimeout(0.2)
    out, err, heard = bytearray(), bytearray(), time.monotonic()
    while not _said_all(channel, heard):
        if _take(channel, out, err) or not channel.exit_status_ready():
            heard = time.monotonic()
        if len(out) + len(err) > MAX_OUTPUT:
            raise OutputTooLong(f"'{command}' said more than {MAX_OUTPUT} bytes")
        if time.monotonic() - began > (allowed := command.patience(spoke=bool(out or err))):
            raise TimeoutError(f"no end after {allowed:g} s")
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
    (paramiko.ssh_exception.NoValidConnectionsError, "nobody answers: it is off, or its SSH does not run"),
    (socket.gaierror, "its name does not resolve"),
)
_OF_KEYS = (*(kind for kind, _ in _WORDS[:4]), FileNotFoundError, PermissionError, ValueError)


def _state(error: Exception) -> Line:
    """What the line is like after an error of connecting; why SSH said nothing only the cause tells."""
    silent = isinstance(error.__context__, TimeoutError) or "timeout" in str(error).lower()
    if isinstance(error, paramiko.SSHException) and silent:
        return "wedged"
    of_keys = isinstance(error, _OF_KEYS) or "known_hosts" in str(error)
    return "refused" if of_keys else "unreachable"


def _words(error: Exception) -> str:
    """The error in plain words."""
    if _state(error) == "wedged":
        return "it takes the connection, but its SSH says nothing: the host is wedged (mostly out of memory)"
    known = (words for kind, words in _WORDS if isinstance(error, kind))
    return next(known, str(error) or "no answer in time")
