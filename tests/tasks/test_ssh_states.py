"""Why there is no line to a host: nobody there, a host that is wedged, a key that is not believed."""

import socket
import threading
from pathlib import Path

import asyncssh
import pytest

from tasks import ssh
from tasks.check import command
from tests.tasks.ssh_host import SshHost


def line(spark: SshHost, **changes: object) -> tuple[str, str]:
    """The state of the line, and the words for it."""
    with pytest.raises(ssh.Unreachable) as error:
        ssh.run(spark.as_host(**changes), command("true"))
    assert not error.value.may_have_run
    return error.value.line, str(error.value)


def test_a_port_that_nobody_listens_at_is_unreachable(spark: SshHost):
    spark.close_port()

    assert line(spark)[0] == "unreachable"
    assert "nobody answers: it is off, or its SSH does not run" in line(spark)[1]


def test_a_name_that_does_not_resolve_is_unreachable(spark: SshHost):
    assert line(spark, address="nowhere.invalid")[0] == "unreachable"


def test_silence_after_the_connection_is_a_wedged_host(
    spark: SshHost, known_hosts: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(ssh, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        state, words = line(spark, ssh_port=silent.getsockname()[1])

    assert state == "wedged"
    assert "the host is wedged" in words


def test_an_end_in_place_of_a_banner_is_no_wedged_host(spark: SshHost, known_hosts: Path):
    """The simulated host has just been taken down: its last connections are cut."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            listener.accept()[0].close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        assert line(spark, ssh_port=listener.getsockname()[1])[0] == "unreachable"
        thread.join()


def test_a_key_that_is_refused_missing_or_of_another_host_is_refused(spark: SshHost, tmp_path: Path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "other")
    kinds = ("ssh-ed25519", "ecdsa-sha2-nistp256")
    keys = [asyncssh.generate_private_key(kind).export_public_key().decode() for kind in kinds]
    another, of_another_kind = (" ".join(key.split()[:2]) for key in keys)

    assert line(spark, key_path=str(tmp_path / "other"))[0] == "refused"
    assert line(spark, key_path=str(tmp_path / "missing"))[0] == "refused"
    assert line(spark, host_key=another)[0] == "refused"
    assert line(spark, host_key=of_another_kind)[0] == "refused"
