"""The map keeps originals to itself: encrypted, by caller, for a time, and gone when told."""

import stat
from pathlib import Path

import pytest

from gateway.redaction.master_key import WrongKey
from gateway.redaction.task_map import Entry
from gateway.redaction.vault import Conflict, Vault

SECRET = "Ylva Ceesay-Drobnik of Nowhere"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def opened(folder: Path, clock: Clock | None = None, key: str = "key") -> Vault:
    return Vault(folder / "map" / "map.db", folder / key, 3600, clock or Clock())


def test_no_original_stands_in_any_file_in_clear(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("crm", "a task's id", [Entry("PERSON", 1, "", SECRET)])
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.endswith("-wal") for path in files)
    for path in files:
        assert SECRET.encode() not in path.read_bytes()
        assert b"Ceesay" not in path.read_bytes()
        assert b"a task's id" not in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    vault.close()


def test_a_task_is_read_again_after_a_restart(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("crm", "t", [Entry("PERSON", 1, "B", SECRET)])
    vault.close()
    task = opened(tmp_path).read("crm", "t")
    assert task is not None
    assert task.values["[PERSON_1B]"].value == SECRET


def test_another_caller_has_no_such_task(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("crm", "t", [Entry("PERSON", 1, "", SECRET)])
    assert vault.read("phone", "t") is None


def test_a_wrong_key_is_refused_in_plain_words(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "other").touch(0o600)
    (tmp_path / "other").write_text("ab" * 32)
    with pytest.raises(WrongKey, match="not the one"):
        opened(tmp_path, key="other")


def test_a_map_without_its_key_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    with pytest.raises(WrongKey, match="missing"):
        opened(tmp_path, key="gone")


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    opened(tmp_path).close()
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(WrongKey, match="chmod 600"):
        opened(tmp_path)


def test_a_deleted_task_is_gone(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("", "t", [Entry("PERSON", 1, "", SECRET)])
    assert vault.delete("", "t")
    assert vault.read("", "t") is None
    assert not vault.delete("", "t")


def test_a_task_expires_after_its_last_use(tmp_path: Path) -> None:
    clock = Clock()
    vault = opened(tmp_path, clock)
    vault.write("", "t", [Entry("PERSON", 1, "", SECRET)])
    clock.now += 3000
    assert vault.read("", "t") is not None
    clock.now += 3000
    assert vault.read("", "t") is not None
    clock.now += 3601
    assert vault.read("", "t") is None
    assert vault.purge() == 1


def test_a_new_master_key_opens_what_the_old_one_closed(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("", "t", [Entry("PERSON", 1, "", SECRET)])
    before = (tmp_path / "key").read_text()
    vault.rotate()
    vault.close()
    assert (tmp_path / "key").read_text() != before
    task = opened(tmp_path).read("", "t")
    assert task is not None
    assert task.tokens[SECRET].number == 1


def test_the_same_token_is_not_given_out_twice(tmp_path: Path) -> None:
    vault = opened(tmp_path)
    vault.write("", "t", [Entry("PERSON", 1, "", SECRET)])
    with pytest.raises(Conflict):
        vault.write("", "t", [Entry("PERSON", 1, "", "Eskil Ilunga")])
