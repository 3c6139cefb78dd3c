"""Whom the door believes: host keys, user keys, and nothing of the controller's own SSH set-up."""

import logging
import socket
import stat
from pathlib import Path

import asyncssh
import pytest

from blocks.cluster import Host
from tasks import ssh
from tasks.check import command
from tests.tasks.ssh_host import SshHost, served


def ask(host: Host) -> str:
    return ssh.run(host, command("echo", "here")).stdout


def test_the_host_key_of_the_settings_is_believed_and_nothing_is_recorded(spark: SshHost, known_hosts: Path):
    assert ask(spark.as_host(host_key=spark.host_key_words)) == "here\n"
    assert not known_hosts.exists()


def test_another_host_key_than_that_of_the_settings_is_refused_in_plain_words(spark: SshHost):
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()

    with pytest.raises(ssh.Unreachable, match="host key is not the known one") as refused:
        ask(spark.as_host(host_key=" ".join(other.split()[:2])))

    assert not refused.value.may_have_run
    assert spark.commands == []


@pytest.mark.parametrize("words", ["ssh-ed25519 AAA", "ssh-ed25519 AAAA", "ssh-rsa AAAAB3NzaC1yc2E="])
def test_a_host_key_of_the_settings_that_is_none_makes_the_host_unreachable(spark: SshHost, words: str):
    with pytest.raises(ssh.Unreachable, match="spark-1"):
        ask(spark.as_host(host_key=words))

    assert spark.commands == []


def test_the_first_contact_is_recorded_and_said(spark: SshHost, known_hosts: Path, caplog):
    with caplog.at_level(logging.WARNING, "tasks.ssh"):
        ask(spark.as_host())

    assert known_hosts.read_text() == f"[127.0.0.1]:{spark.port} {spark.host_key_words}\n"
    assert stat.S_IMODE(known_hosts.stat().st_mode) == 0o600
    assert "first contact" in caplog.text


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256"])
def test_after_the_first_contact_no_other_key_is_believed(spark: SshHost, known_hosts: Path, kind: str):
    ask(spark.as_host())
    recorded = known_hosts.read_text()
    ssh.close_all()
    spark.close_port()
    spark.host_key = asyncssh.generate_private_key(kind)
    spark.start()

    with pytest.raises(ssh.Unreachable, match="host key is not the known one"):
        ask(spark.as_host())

    assert known_hosts.read_text() == recorded
    assert len(spark.commands) == 1


def test_a_record_that_cannot_be_read_is_not_taken_for_a_first_contact(spark: SshHost, known_hosts: Path):
    known_hosts.parent.mkdir()
    known_hosts.write_text(f"[127.0.0.1]:{spark.port} ssh-ed25519 AAA\n")

    with pytest.raises(ssh.Unreachable, match="not a public key"):
        ask(spark.as_host())

    assert spark.commands == []


def test_first_contacts_with_several_hosts_are_all_recorded(
    spark: SshHost, known_hosts: Path, tmp_path: Path
):
    with served(tmp_path / "other") as other:
        ask(spark.as_host())
        ask(other.as_host(name="spark-2"))
        ssh.close_all()

        assert known_hosts.read_text().splitlines() == [
            f"[127.0.0.1]:{host.port} {host.host_key_words}" for host in (spark, other)
        ]


def test_a_user_key_that_is_not_authorized_is_refused_in_plain_words(spark: SshHost, tmp_path: Path):
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")

    with pytest.raises(ssh.Unreachable, match="refuses our SSH key") as refused:
        ask(spark.as_host(key_path=str(tmp_path / "stranger")))

    assert not refused.value.may_have_run


def test_a_user_key_with_a_passphrase_is_named_as_such(spark: SshHost, tmp_path: Path):
    spark.user_key.write_private_key(tmp_path / "locked", passphrase="open sesame")

    with pytest.raises(ssh.Unreachable, match="passphrase"):
        ask(spark.as_host(key_path=str(tmp_path / "locked")))


def test_a_missing_or_broken_key_file_is_named(spark: SshHost, tmp_path: Path):
    (tmp_path / "broken").write_text("not a key")

    with pytest.raises(ssh.Unreachable, match="No such file"):
        ask(spark.as_host(key_path=str(tmp_path / "none")))
    with pytest.raises(ssh.Unreachable, match="spark-1"):
        ask(spark.as_host(key_path=str(tmp_path / "broken")))


def test_neither_ssh_config_nor_agent_nor_the_users_keys_have_a_say(
    spark: SshHost, tmp_path: Path, monkeypatch
):
    """The user's own key would open the host, an agent listens, and ssh_config would lead elsewhere."""
    dot_ssh = tmp_path / "user" / ".ssh"
    dot_ssh.mkdir(parents=True)
    (dot_ssh / "config").write_text(f"Host *\n  ProxyCommand touch {tmp_path}/pwned\n  User root\n  Port 1\n")
    spark.user_key.write_private_key(dot_ssh / "id_ed25519")
    asyncssh.generate_private_key("ssh-ed25519").write_private_key(tmp_path / "stranger")
    monkeypatch.setenv("HOME", str(tmp_path / "user"))

    with socket.socket(socket.AF_UNIX) as agent:
        agent.bind(str(tmp_path / "agent"))
        agent.listen()
        agent.setblocking(False)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        with pytest.raises(ssh.Unreachable, match="refuses our SSH key"):
            ask(spark.as_host(key_path=str(tmp_path / "stranger")))
        assert ask(spark.as_host()) == "here\n"
        with pytest.raises(BlockingIOError):
            agent.accept()

    assert not (tmp_path / "pwned").exists()


HOSTILE = [
    "-oProxyCommand=touch pwned",
    "x; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "a\nb",
    "../pwned",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", ["address", "user", "key_path", "host_key", "name"])
def test_hostile_values_that_slipped_past_the_settings_run_nothing(
    spark: SshHost, tmp_path: Path, monkeypatch, field: str, value: str
):
    """`model_construct` skips the validation that would have refused the value."""
    monkeypatch.chdir(tmp_path)
    host = Host.model_construct(**{**spark.as_host().model_dump(), field: value})

    try:
        ssh.run(host, command("true"))
    except ssh.Unreachable:
        assert spark.commands == []

    assert list(tmp_path.rglob("*pwned*")) == []
