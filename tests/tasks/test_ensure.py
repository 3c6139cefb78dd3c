"""Looking, fixing and looking again, on a real host."""

from pathlib import Path

import pytest

from tasks.check import CheckFailed, Unreadable, command
from tasks.ensure import ensure_without_prefect, fix_and_confirm, look
from tests.tasks.one_check import FileHolds, FileWillHold
from tests.tasks.ssh_host import SshHost


@pytest.fixture
def file(spark: SshHost) -> Path:
    path = spark.home / "note"
    path.write_text("old")
    return path


def changes(spark: SshHost) -> list[str]:
    return [line for line in spark.commands if " cp " in line]


def test_what_holds_already_is_not_touched(spark: SshHost, file: Path):
    ensure_without_prefect(spark.as_host(), FileHolds(str(file), "old"))

    assert changes(spark) == []


def test_what_does_not_hold_is_fixed_once(spark: SshHost, file: Path):
    ensure_without_prefect(spark.as_host(), FileHolds(str(file), "new"))
    ensure_without_prefect(spark.as_host(), FileHolds(str(file), "new"))

    assert file.read_text() == "new"
    assert len(changes(spark)) == 1


def test_what_cannot_be_read_is_never_fixed(spark: SshHost, file: Path):
    file.unlink()

    with pytest.raises(Unreadable, match=r"^spark-1: .* cannot be read"):
        ensure_without_prefect(spark.as_host(), FileHolds(str(file), "new"))

    assert changes(spark) == []
    assert not file.exists()


def test_a_fix_that_does_not_help_fails_with_host_and_fault(spark: SshHost, file: Path):
    check = FileWillHold(str(file), "new", tries=3)

    with pytest.raises(CheckFailed, match=r"spark-1: .*note holds 'old'"):
        fix_and_confirm(spark.as_host(), check, look(spark.as_host(), check))

    assert len(spark.commands) == 1 + 3, "the first look, and one for each try"


def test_the_second_look_decides_and_not_the_exit_code_of_the_fix(spark: SshHost, file: Path):
    class BadMannered(FileHolds):
        def fix(self, seen):
            return (*super().fix(seen), command("false"))

    ensure_without_prefect(spark.as_host(), BadMannered(str(file), "new"))

    assert file.read_text() == "new"
