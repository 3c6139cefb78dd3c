"""Weights, continued: the hub's own list of files, which snapshot counts, and folders of one's own."""

import os
from pathlib import Path

import pytest

from tests.tasks.weights_on_disk import SHARDS, Disk, whole


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_a_file_of_another_size_than_the_list_says_is_named(disk: Disk):
    repo = whole(disk)
    repo.add("tokenizer.json", "{}")
    repo.tree(tokenizer__json=2)
    assert disk.only().complete

    repo.tree(tokenizer__json=3)
    assert disk.only().missing == ("tokenizer.json",)


@pytest.mark.parametrize("name", ["tokenizer.json", "chat_template.jinja", "merges.txt", "tokenizer.model"])
def test_a_setting_of_the_list_that_is_not_there_is_named(disk: Disk, name: str):
    whole(disk).tree(**{name.replace(".", "__"): 9})

    assert disk.only().missing == (name,)


def test_what_was_left_out_on_purpose_is_not_missed(disk: Disk):
    """Downloads by pattern: without the read-me, without a second copy of the weights in a sub-folder."""
    whole(disk).tree(**{"README__md": 9, "original/config__json": 9, "metal/model__bin": 10**9})

    assert disk.only().complete


def test_one_of_many_gguf_files_is_enough(disk: Disk):
    repo = disk.repo()
    repo.add("model-Q4.gguf", b"xxxx")
    repo.tree(**{"model-Q4__gguf": 4, "model-Q8__gguf": 8})

    assert disk.only().complete


def test_a_shard_is_missed_with_a_list_as_well_as_without(disk: Disk):
    repo = whole(disk)
    repo.tree(**{shard.replace(".", "__"): 100 for shard in SHARDS})
    (repo.snapshot / SHARDS[0]).unlink()

    assert disk.only().missing == (SHARDS[0],)


@pytest.mark.parametrize("text", ["{", "[]", '{"files": []}', '{"files": {"a": {}}}', '{"files": {"a": 1}}'])
def test_a_list_that_cannot_be_read_is_named(disk: Disk, text: str):
    whole(disk).write_tree(text)

    assert disk.only().missing == ("a readable file list",)


def test_the_snapshot_that_refs_main_names_counts(disk: Disk):
    old = whole(disk)
    new = disk.repo(commit="f" * 40)

    assert (disk.only().revision, disk.only().complete) == (new.commit, False)
    old.refer(old.commit + "\n")
    assert (disk.only().revision, disk.only().complete) == (old.commit, True)


@pytest.mark.parametrize("text", ["", ".", "..", "not-there", "../..", "a/b"])
def test_without_a_usable_refs_main_the_newest_snapshot_counts(disk: Disk, text: str):
    repo = whole(disk)
    old = repo.folder / "snapshots" / "older"
    old.mkdir()
    os.utime(old, (1, 1))
    repo.refer(text)

    assert disk.only().revision == repo.commit
    assert disk.only().complete


def test_a_refs_main_that_is_no_text_hides_no_other_model(disk: Disk):
    whole(disk, "org/good")
    (whole(disk, "org/odd").folder / "refs" / "main").write_bytes(b"\xff\xfe")

    assert set(disk.models()) == {"org/good", "org/odd"}


def test_a_repo_of_which_only_the_ref_was_written_is_not_whole(disk: Disk):
    repo = disk.repo()
    repo.snapshot.rmdir()

    assert not disk.only().complete


def test_a_folder_of_ones_own_with_a_config_is_a_model(disk: Disk):
    folder = disk.local / "My Fine-Tune"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"xx")
    (disk.local / "notes").mkdir()
    (disk.local / "notes" / "a.txt").write_text("no model")

    found = disk.only()

    assert (found.model, found.bytes, found.revision) == ("~/models/My Fine-Tune", 4, "")
    assert found.complete


def test_a_folder_whose_name_is_no_text_is_listed_all_the_same(disk: Disk):
    folder = os.fsencode(disk.local) + b"/odd-\xff"
    Path(os.fsdecode(folder)).mkdir(parents=True)
    Path(os.fsdecode(folder), "config.json").write_text("{}")

    assert disk.only().model == "~/models/odd-?"


def test_the_cache_is_that_of_the_settings_else_of_the_environment(disk: Disk, tmp_path: Path):
    elsewhere = Disk(tmp_path / "mnt")
    whole(elsewhere, "org/elsewhere")
    cache = str(elsewhere.hub.parent)

    assert set(disk.models(cache)) == {"org/elsewhere"}
    assert set(disk.models(HF_HOME=cache)) == {"org/elsewhere"}
    assert disk.models("~/no-such-cache", HF_HOME=cache) == {}


def test_listing_changes_nothing(disk: Disk):
    whole(disk).partial(age=1)
    before = {path: path.lstat().st_mtime_ns for path in disk.home.rglob("*")}

    disk.answer()

    assert {path: path.lstat().st_mtime_ns for path in disk.home.rglob("*")} == before
