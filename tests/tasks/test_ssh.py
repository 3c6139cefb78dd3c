"""Running commands on a host, over a real SSH connection."""

import threading

import pytest

from tasks import ssh
from tasks.check import TIMED_OUT, Answer, command
from tests.tasks.ssh_host import SshHost


def test_exit_code_and_both_streams_come_back_apart(spark: SshHost):
    asked = command("bash", "-c", "echo out; echo err >&2; exit 42")

    assert ssh.run(spark.as_host(), asked) == Answer(42, "out\n", "err\n")


def test_words_arrive_as_they_are(spark: SshHost):
    words = ["it's", '"', "$HOME", "$(id)", "a  b", "ä✓", "*", "line\nbreak", "", "-n", "`id`", "\\"]

    said = ssh.run(spark.as_host(), command("printf", "%s|", *words))

    assert said.stdout == "|".join(words) + "|"


def test_text_on_stdin_arrives_whole_and_ends(spark: SshHost):
    text = "ä1234567\n" * 100_000

    said = ssh.run(spark.as_host(), command("cat", stdin=text))

    assert said.stdout == text


def test_text_on_stdin_is_not_part_of_the_command_line(spark: SshHost):
    ssh.run(spark.as_host(), command("cat", stdin="hf_secret"))

    assert "hf_secret" not in spark.commands[0]


def test_a_program_that_does_not_read_its_stdin_is_within_its_rights(spark: SshHost):
    said = ssh.run(spark.as_host(), command("echo", "done", stdin="x" * 5_000_000))

    assert said == Answer(0, "done\n")


def test_large_output_on_both_streams_at_once_comes_back_whole(spark: SshHost):
    talk = "for i in $(seq 40); do head -c 100000 /dev/zero | tr '\\0' o; done; "
    said = ssh.run(spark.as_host(), command("bash", "-c", f"({talk}) & ({talk}) >&2; wait"))

    assert (len(said.stdout), len(said.stderr)) == (4_000_000, 4_000_000)


def test_bytes_that_are_not_text_do_not_break_the_answer(spark: SshHost):
    said = ssh.run(spark.as_host(), command("printf", r"a\377b"))

    assert said.stdout == "a\ufffdb"


def test_a_command_that_would_not_stop_talking_is_given_up(spark: SshHost, monkeypatch):
    monkeypatch.setattr(ssh, "MAX_OUTPUT", 100_000)

    with pytest.raises(ssh.OutputTooLong, match="100000 bytes"):
        ssh.run(spark.as_host(), command("yes"))

    assert ssh.run(spark.as_host(), command("echo", "next")).stdout == "next\n"


def test_a_command_that_outlives_its_limit_is_ended_by_the_host_itself(spark: SshHost):
    said = ssh.run(spark.as_host(), command("bash", "-c", "echo $$; sleep 600", timeout=0.5))

    assert said.code == TIMED_OUT
    assert ssh.run(spark.as_host(), command("kill", "-0", said.stdout.strip())).code != 0


def test_commands_share_one_connection(spark: SshHost):
    for _ in range(3):
        ssh.run(spark.as_host(), command("true"))

    assert len(spark.connections) == 1


def test_commands_run_at_the_same_time_on_the_one_connection(spark: SshHost):
    """Each waits for a file that only the other one makes."""
    meet = 'touch "$1"; until [ -e "$2" ]; do sleep 0.02; done'
    answers = {}

    def ask(mine: str, other: str) -> None:
        answers[mine] = ssh.run(spark.as_host(), command("bash", "-c", meet, "-", mine, other)).code

    threads = [threading.Thread(target=ask, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {"a": 0, "b": 0}
    assert len(spark.connections) == 1


def test_after_closing_everything_a_new_connection_is_made(spark: SshHost):
    ssh.run(spark.as_host(), command("true"))
    ssh.close_all()

    assert ssh.run(spark.as_host(), command("true")).ok
    assert len(spark.connections) == 2


def test_a_nul_never_leaves_the_controller(spark: SshHost):
    with pytest.raises(ValueError, match="NUL"):
        ssh.run(spark.as_host(), command("echo", "a\0b"))

    assert spark.commands == []
