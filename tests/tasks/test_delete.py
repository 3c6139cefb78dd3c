"""Deleting one model on a real disk: exactly its own, nothing beyond its root, what it frees."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.check import Answer, Unreadable
from tasks.delete import DeletionRefused, Held, delete_command, read_held
from tests.tasks.weights_on_disk import Disk, Repo, whole


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def answer(disk: Disk, model: str, *, act: bool = True, cache: str | None = None) -> Answer:
    command = delete_command(model, cache, "~/models", act=act)
    done = subprocess.run(
        [sys.executable, *command.words[1:]],
        input=command.stdin.encode(),
        capture_output=True,
        check=False,
        env={"HOME": str(disk.home), "LC_ALL": "C"},
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def delete(disk: Disk, model: str = "org/name", *, act: bool = True) -> Held:
    return read_held(answer(disk, model, act=act))


def sizes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def share(disk: Disk, repo: Repo, name: str, blob: str, size: int) -> Path:
    """A file whose blob is a link to a shared one, as huggingface_hub 2.x makes it."""
    shared = disk.hub / "blobs" / blob[:2] / blob
    shared.parent.mkdir(parents=True, exist_ok=True)
    shared.write_bytes(b"x" * size)
    shared.with_name(f"{blob}.refs").write_text("a hint\n")
    own = repo.folder / "blobs" / f"etag-of-{name}"
    own.parent.mkdir(exist_ok=True)
    own.symlink_to(f"../../blobs/{blob[:2]}/{blob}")
    repo.link(name, own)
    return shared


def test_a_dry_run_says_the_bytes_and_deletes_nothing(disk: Disk):
    repo = whole(disk)
    before = sizes(disk.home)

    held = delete(disk, act=False)

    assert (held.there, held.bytes) == (True, sizes(repo.folder))
    assert sizes(disk.home) == before


def test_exactly_the_model_goes(disk: Disk):
    repo, other = whole(disk), whole(disk, "org/name-2")
    (disk.hub / ".locks" / repo.folder.name).mkdir(parents=True)
    (disk.hub / ".locks" / other.folder.name).mkdir()
    repo.partial(age=5)
    expected = sizes(repo.folder)

    held = delete(disk)

    assert held.bytes == expected
    assert set(disk.models()) == {"org/name-2"}
    assert disk.models()["org/name-2"].complete
    assert [path.name for path in (disk.hub / ".locks").iterdir()] == [other.folder.name]


def test_a_shared_blob_goes_with_the_last_repository_that_leads_to_it(disk: Disk):
    repo, other = whole(disk), whole(disk, "org/other")
    own = share(disk, repo, "own.safetensors", "aa11", 1000)
    both = share(disk, repo, "both.safetensors", "bb22", 3000)
    share(disk, other, "both.safetensors", "bb22", 3000)
    expected = sizes(repo.folder) + 1000

    held = delete(disk)

    assert held.bytes == expected
    assert (own.exists(), own.with_name("aa11.refs").exists()) == (False, False)
    assert (both.exists(), both.with_name("bb22.refs").exists()) == (True, True)
    assert disk.only().complete
    delete(disk, "org/other")
    assert not both.exists()


def test_a_model_that_is_not_there_frees_nothing(disk: Disk):
    whole(disk)

    assert delete(disk, "org/absent").there is False
    assert set(disk.models()) == {"org/name"}


def test_a_folder_of_ones_own_goes_too(disk: Disk):
    folder = disk.local / "My Fine-Tune"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"x" * 50)

    assert delete(disk, "~/models/My Fine-Tune").bytes == 52
    assert list(disk.local.iterdir()) == []


@pytest.mark.parametrize("model", ["~/models", "~/models/..", "~/models/a/b", "~/.ssh", "/etc", "~", "/"])
def test_what_is_outside_the_folder_of_models_is_refused(disk: Disk, model: str):
    (disk.local / "a" / "b").mkdir(parents=True)
    (disk.home / ".ssh").mkdir()

    with pytest.raises(DeletionRefused, match="is no folder of ~/models"):
        delete(disk, model)
    assert (disk.local / "a" / "b").exists()
    assert (disk.home / ".ssh").exists()


@pytest.mark.parametrize("model", ["org/name", "~/models/name"])
def test_a_model_that_is_a_link_is_refused_and_what_it_leads_to_stays(disk: Disk, model: str):
    precious = disk.home / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    for link in (disk.hub / "models--org--name", disk.local / "name"):
        link.parent.mkdir(parents=True)
        link.symlink_to(precious)

    with pytest.raises(DeletionRefused, match=r"is a link to .*precious"):
        delete(disk, model)
    assert (precious / "file").read_text() == "kept"


def test_links_within_a_model_are_removed_and_not_followed(disk: Disk):
    precious = disk.home / "precious"
    precious.mkdir()
    (precious / "file").write_text("kept")
    repo = whole(disk)
    (repo.snapshot / "escape").symlink_to(precious)
    (repo.folder / "blobs" / "escape").symlink_to(precious / "file")

    delete(disk)

    assert (precious / "file").read_text() == "kept"
    assert disk.models() == {}


def test_a_cache_that_is_itself_reached_by_a_link_is_a_known_root(disk: Disk, tmp_path: Path):
    large = tmp_path / "large-disk"
    large.mkdir()
    disk.hub.parent.mkdir(parents=True)
    disk.hub.symlink_to(large)
    whole(disk)

    assert delete(disk).there
    assert disk.models() == {}


def test_a_file_with_another_name_elsewhere_frees_nothing(disk: Disk):
    repo = whole(disk)
    held = delete(disk, act=False).bytes
    large = repo.add("large.bin", b"x" * 5000)
    os.link(large, disk.home / "kept")

    assert delete(disk).bytes == held
    assert (disk.home / "kept").stat().st_size == 5000


def test_a_deletion_that_was_broken_off_leaves_bytes_that_are_shown_but_never_a_model_that_is_offered(
    disk: Disk,
):
    repo = whole(disk)
    for part in ("refs", "snapshots"):
        subprocess.run(["rm", "-r", repo.folder / part], check=True)

    assert not disk.only().complete
    assert disk.only().disk_bytes > 200
    assert delete(disk).bytes > 200


@pytest.mark.parametrize(
    "said", [Answer(1, "", "Traceback\nOSError"), Answer(124), Answer(0, ""), Answer(0, json.dumps({"a": 1}))]
)
def test_what_is_no_answer_is_unreadable(said: Answer):
    with pytest.raises(Unreadable):
        read_held(said)
