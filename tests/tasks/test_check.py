"""The vocabulary of looking and changing: one line of shell for any words, and what an answer says."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.check import TIMED_OUT, Answer, Command, Finding, Verdict, command
from tests.tasks.one_check import FileHolds

BACK = ("bash", "-c", 'for word in "$@"; do printf "%s\\0" "$word"; done', "-")
"""A program that says its arguments, each followed by a NUL."""


def in_bash(line: str, given: str = "") -> subprocess.CompletedProcess[bytes]:
    """What sshd does with a line: give it to the user's shell."""
    return subprocess.run(["bash", "-c", line], input=given.encode(), capture_output=True, check=False)


unquotable = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
nasty = st.sampled_from(
    ["$(id)", "`id`", "it's", '"', "\\", "\n", "-rf", "", "*", "~", "!!", "a b", "&", "\u202e"]
)


@given(st.lists(unquotable | nasty, max_size=6))
def test_any_words_come_through_a_real_bash_byte_for_byte(words: list[str]):
    said = in_bash(command(*BACK, *words).line).stdout

    assert said == b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize("words", [("echo", "a\0b"), ("a\0",)])
def test_a_nul_cannot_be_sent(words: tuple[str, ...]):
    with pytest.raises(ValueError, match="NUL"):
        _ = command(*words).line


def test_a_command_that_outlives_its_limit_is_ended():
    assert in_bash(command("sleep", "60", timeout=0.1).line).returncode == TIMED_OUT


def test_the_language_of_the_answer_does_not_depend_on_the_host():
    assert in_bash("LC_ALL=de_DE.UTF-8 " + command("bash", "-c", "echo $LC_ALL").line).stdout == b"C\n"


def test_the_exit_code_is_that_of_the_program():
    assert in_bash(command("bash", "-c", "exit 7").line).returncode == 7


def test_stdin_goes_to_the_program_and_never_into_words():
    secret = command("cat", stdin="hf_secret")

    assert in_bash(secret.line, secret.stdin).stdout == b"hf_secret"
    assert "hf_secret" not in secret.line
    assert "hf_secret" not in str(secret)


@given(st.text(min_size=1).filter(lambda text: text not in "cat"))
def test_no_stdin_is_ever_shown(text: str):
    assert str(command("cat", stdin=text)) == "cat"


def test_a_command_is_shown_as_a_person_would_type_it():
    assert str(Command(("docker", "rm", "a b"), timeout=9)) == "docker rm 'a b'"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(1, "out\n", "err\n"), "err"),
        (Answer(1, "out\n"), "out"),
        (Answer(3), "nothing (exit code 3)"),
        (Answer(1, stderr="  \n"), "nothing (exit code 1)"),
        (Answer(1, stderr="x" * 5000 + "end"), "x" * 597 + "end"),
    ],
)
def test_a_message_shows_the_end_of_what_was_said(answer: Answer, said: str):
    assert answer.said == said


def test_a_verdict_without_faults_is_good():
    assert Verdict().ok
    assert not Verdict(("it is gone",)).ok


def test_a_finding_is_what_was_seen_and_whether_it_will_do():
    check = FileHolds("/etc/motd", "hello")

    assert check.find(Answer(0, "hello")) == Finding("hello", Verdict())
    assert check.find(Answer(0, "bye")).verdict.faults == ("/etc/motd holds 'bye'",)
