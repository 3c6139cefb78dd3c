"""Lines that break: before, between and during commands."""

import queue
import threading

import pytest

from tasks import check, ssh
from tasks.check import command
from tests.tasks.ssh_host import SshHost


def test_a_connection_dropped_between_commands_is_reopened_without_a_word(spark: SshHost):
    ssh.run(spark.as_host(), command("true"))
    spark.drop_connections()

    assert ssh.run(spark.as_host(), command("echo", "again")).stdout == "again\n"
    assert len(spark.connections) == 2


def run_in_thread(spark: SshHost, *words: str) -> queue.Queue:
    """Run a command in a thread; what it raised comes out of the queue."""
    came: queue.Queue = queue.Queue()

    def ask() -> None:
        try:
            came.put(ssh.run(spark.as_host(), command(*words, timeout=60)))
        except ssh.Unreachable as error:
            came.put(error)

    threading.Thread(target=ask).start()
    return came


def test_a_connection_dropped_during_a_command_says_that_it_may_have_run(spark: SshHost):
    came = run_in_thread(spark, "sleep", "60")
    assert spark.started.wait(20)
    spark.drop_connections()

    error = came.get(timeout=20)
    assert isinstance(error, ssh.Unreachable)
    assert error.may_have_run
    assert "spark-1" in str(error)
    assert "sleep 60" in str(error)


def test_a_command_is_never_sent_twice(spark: SshHost):
    came = run_in_thread(spark, "sleep", "60")
    assert spark.started.wait(20)
    spark.drop_connections()
    came.get(timeout=20)

    assert len(spark.commands) == 1


def test_after_a_broken_command_the_next_one_gets_a_new_connection(spark: SshHost):
    came = run_in_thread(spark, "sleep", "60")
    assert spark.started.wait(20)
    spark.drop_connections()
    came.get(timeout=20)

    assert ssh.run(spark.as_host(), command("echo", "again")).stdout == "again\n"


def test_a_line_that_was_silent_too_long_is_not_used_again(spark: SshHost, monkeypatch):
    monkeypatch.setattr(check, "SLACK_SECONDS", 0.2)
    with pytest.raises(ssh.Unreachable, match="no end after"):
        ssh.run(spark.as_host(), command("bash", "-c", "trap '' TERM; sleep 60", timeout=0.2))

    assert ssh.run(spark.as_host(), command("true", timeout=60)).ok


def test_a_command_that_speaks_at_once_and_says_nothing_shows_a_wedged_host(spark: SshHost):
    with pytest.raises(ssh.Unreachable, match=r"no end after 0\.5 s") as error:
        ssh.run(spark.as_host(), command("sleep", "30", first_word=0.5))

    assert error.value.line == "wedged"
    assert ssh.run(spark.as_host(), command("bash", "-c", "echo on; sleep 1", first_word=0.9)).ok
    assert len(spark.connections) == 2


def test_a_host_that_refuses_connections_is_unreachable_and_named_with_its_address(spark: SshHost):
    host = spark.as_host()
    spark.close_port()

    with pytest.raises(ssh.Unreachable, match=rf"spark-1 \(127\.0\.0\.1:{spark.port}\)") as error:
        ssh.run(host, command("true"))
    assert not error.value.may_have_run

    spark.start()
    assert ssh.run(host, command("true")).ok


def test_a_name_that_does_not_resolve_is_said_so(spark: SshHost):
    with pytest.raises(ssh.Unreachable, match="does not resolve"):
        ssh.run(spark.as_host(address="no-such-host.invalid"), command("true"))
