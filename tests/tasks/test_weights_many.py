"""A hundred models on a disk: one command, little work, and halves shown with their bytes."""

import json
import resource
from pathlib import Path

import pytest

from tasks.checks.weights import HasWeights, list_command
from tests.tasks.weights_on_disk import COMMIT, SHARDS, Disk, whole

TENSORS = 5_000


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_a_hundred_models_are_listed_by_one_command_within_two_seconds_of_work(disk: Disk):
    for number in range(100):
        repo = disk.repo(f"org/model-{number}")
        shards = [f"model-{shard:05d}-of-00012.safetensors" for shard in range(1, 13)]
        for shard in shards:
            repo.add(shard, b"x" * 100)
        repo.add("config.json", '{"model_type": "qwen3"}')
        names = {f"model.layers.{n}.mlp.experts.weight": shards[n % 12] for n in range(TENSORS)}
        index = {"metadata": {"total_size": 1200}, "weight_map": names}
        repo.add("model.safetensors.index.json", json.dumps(index))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    models = disk.models()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert len(models) == 100
    assert all(model.complete for model in models.values())
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2


def test_the_script_and_what_it_is_given_go_by_stdin(disk: Disk):
    command = list_command("~/cache", "~/models", only="org/name")

    assert command.words == ("python3", "-")
    assert "org/name" in command.stdin


def test_a_half_download_is_shown_with_its_bytes(disk: Disk):
    repo = whole(disk)
    (repo.snapshot / SHARDS[1]).unlink()
    repo.partial(age=10**6)

    found = disk.only()

    assert not found.complete
    assert found.partial_bytes == 4
    assert found.disk_bytes == sum(
        path.stat().st_size for path in repo.folder.rglob("*") if path.is_file() and not path.is_symlink()
    )


def test_an_unfinished_copy_of_rsync_counts_as_under_way(disk: Disk):
    blobs = whole(disk).folder / "blobs"
    (blobs / ".rsync-partial").mkdir()
    (blobs / ".rsync-partial" / "ab").write_bytes(b"half of it")

    assert disk.only().missing == ("a file that is being downloaded",)
    assert disk.only().partial_bytes == 10


def test_what_our_own_download_was_to_bring_must_all_be_there(disk: Disk):
    repo = whole(disk)
    wanted = repo.folder / ".spark" / f"{COMMIT}.json"
    wanted.parent.mkdir()
    sizes = {path.name: path.stat().st_size for path in repo.snapshot.iterdir()}
    wanted.write_text(json.dumps(sizes))
    assert disk.only().complete

    wanted.write_text(json.dumps({**sizes, "README.md": 5, SHARDS[0]: 7}))
    assert disk.only().missing == ("README.md", SHARDS[0])
    wanted.write_text("{")
    assert disk.only().missing == ("a readable list of what was to be downloaded",)


def test_a_snapshot_that_does_not_count_yet_can_be_asked_for(disk: Disk):
    old = whole(disk)
    new = disk.repo(commit="f" * 40)
    old.refer(old.commit)

    check = HasWeights("org/name", None, "~/models", commit=new.commit)
    asked = {"only": "org/name", "commit": new.commit}

    assert check.find(disk.answer()).verdict.ok
    assert not check.find(disk.answer_to(list_command(None, "~/models", **asked))).verdict.ok


def test_settings_are_sent_once_and_again_when_they_change(disk: Disk):
    repo = whole(disk)
    repo.add("chat_template.jinja", "{{ messages }}")
    repo.add("tokenizer_config.json", "x" * 300_000)

    first = _settings(disk, known=[])
    again = _settings(disk, known=[first["digest"]])
    (repo.folder / "blobs" / "blob-of-chat_template.jinja").write_text("{{ other }}")
    changed = _settings(disk, known=[first["digest"]])

    assert set(first["texts"]) == {"config.json", "chat_template.jinja"}
    assert "texts" not in again
    assert changed["texts"]["chat_template.jinja"] == "{{ other }}"
    assert "texts" not in _settings(disk)


def _settings(disk: Disk, **narrower: object) -> dict:
    answer = disk.answer_to(list_command(None, "~/models", **narrower))
    return json.loads(answer.stdout)["models"][0]["settings"]
