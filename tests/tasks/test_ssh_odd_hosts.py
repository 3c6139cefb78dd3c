"""Hosts that behave as real ones do on bad days: silent, slow to answer, in another order than usual."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncssh
import paramiko
import pytest

from tasks import check, ssh
from tasks.check import Answer, command
from tests.tasks.ssh_host import SshHost


class OddServer(paramiko.ServerInterface):
    """Lets everybody in, and has `talk` do the talking once a command was asked for."""

    def __init__(self, talk: Callable[[paramiko.Channel], None]) -> None:
        self.talk = talk

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        threading.Thread(target=self.talk, args=(channel,)).start()
        return True


@contextlib.contextmanager
def odd_host(server: OddServer) -> Iterator[int]:
    """Serve one connection; gives the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        transports = []

        def accept() -> None:
            transport = paramiko.Transport(listener.accept()[0])
            transports.append(transport)
            transport.add_server_key(paramiko.ECDSAKey.generate())
            transport.start_server(server=server)

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            ssh.close_all()
            thread.join()
            for transport in transports:
                transport.close()
                transport.join()


def test_no_other_key_than_the_named_one_is_offered(spark: SshHost, tmp_path: Path, monkeypatch):
    offered = []

    class Refusing(OddServer):
        def get_allowed_auths(self, username):
            return "publickey"

        def check_auth_publickey(self, username, key):
            offered.append(key.get_base64())
            return paramiko.AUTH_FAILED

    (tmp_path / ".ssh").mkdir()
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / ".ssh" / "id_ed25519")
    monkeypatch.setenv("HOME", str(tmp_path))
    with (
        odd_host(Refusing(lambda channel: None)) as port,
        pytest.raises(ssh.Unreachable, match="refuses our SSH key"),
    ):
        ssh.run(spark.as_host(ssh_port=port), command("true"))

    assert offered == [spark.user_key.export_public_key().decode().split()[1]]


def test_output_that_follows_the_exit_code_is_not_lost(spark: SshHost, monkeypatch):
    """OpenSSH tells the exit code as soon as the program has ended, and then empties its pipes."""
    monkeypatch.setattr(ssh, "QUIET_SECONDS", 20.0)

    def talk(channel: paramiko.Channel) -> None:
        channel.send_exit_status(0)
        time.sleep(0.5)  # long enough for a reader that stops at the exit code
        channel.sendall(b"late")
        channel.sendall_stderr(b"later")
        channel.close()

    with odd_host(OddServer(talk)) as port:
        assert ssh.run(spark.as_host(ssh_port=port), command("true")) == Answer(0, "late", "later")


def test_a_background_process_that_holds_the_streams_open_does_not_hold_the_answer(
    spark: SshHost, monkeypatch
):
    """OpenSSH closes the channel only when nobody holds the program's output any more."""
    monkeypatch.setattr(ssh, "QUIET_SECONDS", 0.2)

    def talk(channel: paramiko.Channel) -> None:
        channel.sendall(b"started")
        channel.send_exit_status(3)

    with odd_host(OddServer(talk)) as port:
        assert ssh.run(spark.as_host(ssh_port=port), command("true")) == Answer(3, "started")


def test_a_channel_closed_without_an_exit_code_may_have_run(spark: SshHost):

    def talk(channel: paramiko.Channel) -> None:
        channel.recv(1)
        channel.close()

    with odd_host(OddServer(talk)) as port:
        with pytest.raises(ssh.Unreachable, match="without an exit code") as error:
            ssh.run(spark.as_host(ssh_port=port), command("cat", stdin="x"))
        assert error.value.may_have_run


def test_silence_past_the_hosts_own_time_limit_breaks_the_line(spark: SshHost, monkeypatch):
    monkeypatch.setattr(check, "SLACK_SECONDS", 0.2)

    with odd_host(OddServer(lambda channel: None)) as port:
        with pytest.raises(ssh.Unreachable, match=r"no end after 0\.4 s") as error:
            ssh.run(spark.as_host(ssh_port=port), command("true", timeout=0.2))
        assert error.value.may_have_run


def test_a_host_that_never_begins_the_command_is_given_up(spark: SshHost, monkeypatch):
    """A host out of memory accepts a session and then cannot start a shell in it."""
    let_go = threading.Event()

    class Stuck(OddServer):
        def check_channel_exec_request(self, channel, command):
            let_go.wait(30)
            return False

    def sessions_only(connection):
        channel = connection.transport.open_session(timeout=10)
        monkeypatch.setattr(ssh, "CONNECT_SECONDS", 0.3)
        return channel

    monkeypatch.setattr(ssh, "_channel", sessions_only)
    with odd_host(Stuck(lambda channel: None)) as port:
        with pytest.raises(ssh.Unreachable) as error:
            ssh.run(spark.as_host(ssh_port=port), command("true"))
        let_go.set()

    assert error.value.may_have_run


def test_a_host_that_takes_the_call_but_never_speaks_is_unreachable(spark: SshHost, monkeypatch):
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", 0.3)

    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(ssh.Unreachable, match="spark-1") as error,
    ):
        ssh.run(spark.as_host(ssh_port=mute.getsockname()[1]), command("true"))

    assert not error.value.may_have_run


def test_a_port_that_speaks_something_else_is_unreachable(spark: SshHost):
    def answer_as_http() -> None:
        with listener.accept()[0] as client:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_as_http)
        thread.start()
        with pytest.raises(ssh.Unreachable, match="spark-1"):
            ssh.run(spark.as_host(ssh_port=listener.getsockname()[1]), command("true"))
        thread.join()
