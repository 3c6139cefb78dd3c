"""Whether a model's weights are whole: the script run on real folders, and the judgement of what it says."""

import json
from pathlib import Path

import pytest

from tasks.check import Answer, Unreadable
from tasks.checks.weights import BUSY_SECONDS, HasWeights
from tests.tasks.weights_on_disk import COMMIT, SHARDS, Disk, whole


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


def test_a_whole_model_is_complete_with_its_size_and_revision(disk: Disk):
    whole(disk)

    found = disk.only()

    assert (found.model, found.revision, found.complete, found.missing) == ("org/name", COMMIT, True, ())
    assert found.bytes == sum(
        file.stat().st_size for file in (disk.hub / "models--org--name/blobs").iterdir()
    )


def test_an_empty_disk_holds_no_models(disk: Disk):
    assert disk.models() == {}


def test_every_model_is_listed(disk: Disk):
    for model in ("org/one", "org/two--b", "other/one"):
        whole(disk, model)
    (disk.hub / "datasets--org--data").mkdir()
    (disk.hub / ".locks").mkdir()

    assert set(disk.models()) == {"org/one", "org/two--b", "other/one"}


def test_a_missing_shard_is_named(disk: Disk):
    (whole(disk).snapshot / SHARDS[1]).unlink()

    assert disk.only().missing == (SHARDS[1],)
    assert not disk.only().complete


@pytest.mark.parametrize("size", [0, 40])
def test_a_shard_that_is_empty_or_too_small_is_missed(disk: Disk, size: int):
    whole(disk)
    (disk.hub / "models--org--name" / "blobs" / f"blob-of-{SHARDS[1]}").write_bytes(b"x" * size)

    assert not disk.only().complete
    assert (SHARDS[1] in disk.only().missing) == (size == 0)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        '"x"',
        '{"weight_map": []}',
        '{"weight_map": {"a": 1, "b": "c"}}',
        '{"weight_map": {}}',
    ],
)
def test_an_index_that_cannot_be_understood_is_named_and_hides_no_other_model(disk: Disk, text: str):
    whole(disk, "org/good")
    repo = whole(disk, "org/bad")
    (repo.folder / "blobs" / "blob-of-model.safetensors.index.json").write_text(text)

    models = disk.models()

    assert models["org/good"].complete
    assert "model.safetensors.index.json" in " ".join(models["org/bad"].missing)


@pytest.mark.parametrize("total", ["much", None, [1], {}])
def test_an_index_with_an_odd_total_hides_no_other_model(disk: Disk, total: object):
    whole(disk, "org/good")
    repo = disk.repo("org/bad")
    repo.index(*SHARDS, total=total)

    assert not disk.models()["org/bad"].complete
    assert disk.models()["org/good"].complete


def test_an_index_that_names_files_elsewhere_is_not_believed(disk: Disk):
    repo = whole(disk)
    (disk.home / "elsewhere.safetensors").write_bytes(b"x" * 1000)
    (repo.snapshot / "model.safetensors.index.json").unlink()
    repo.index(SHARDS[0], "../../../../../../../elsewhere.safetensors")

    assert not disk.only().complete


def test_a_long_index_is_told_briefly(disk: Disk):
    whole(disk)
    names = {f"model.layers.{number}.mlp.experts.weight": SHARDS[number % 2] for number in range(20_000)}
    blob = disk.hub / "models--org--name" / "blobs" / "blob-of-model.safetensors.index.json"
    blob.write_text(json.dumps({"metadata": {"total_size": 200}, "weight_map": names}))

    assert len(disk.answer().stdout) < 3000
    assert disk.only().complete


def test_a_dangling_link_is_named(disk: Disk):
    whole(disk).link("tokenizer.json", disk.home / "nowhere")

    assert disk.only().missing == ("tokenizer.json",)


def test_a_loop_of_links_is_named_and_ends(disk: Disk):
    repo = whole(disk)
    (repo.snapshot / "a.json").symlink_to("b.json")
    (repo.snapshot / "b.json").symlink_to("a.json")
    (repo.snapshot / "folder").symlink_to(".")

    assert disk.only().missing == ("a.json", "b.json")


def test_a_blob_shared_between_repos_is_followed_out_of_its_own(disk: Disk):
    """huggingface_hub 2.x: the repo's blob is a link to hub/blobs/<2 hex>/<hash>."""
    blob = whole(disk).add("extra.safetensors", b"")
    shared = disk.hub / "blobs" / "ab" / "abcdef"
    shared.parent.mkdir(parents=True)
    shared.write_bytes(b"x" * 50)
    blob.unlink()
    blob.symlink_to("../../blobs/ab/abcdef")
    assert disk.only().complete

    shared.unlink()
    assert disk.only().missing == ("extra.safetensors",)


def test_a_download_under_way_is_not_offered(disk: Disk):
    whole(disk).partial(age=5)

    assert disk.only().missing == ("a file that is being downloaded",)


def test_a_download_given_up_long_ago_does_no_harm(disk: Disk):
    whole(disk).partial(age=BUSY_SECONDS + 60)

    assert disk.only().complete


@pytest.mark.parametrize("text", [None, "{", "[]", '"x"'])
def test_without_a_readable_config_a_model_is_not_whole(disk: Disk, text: str | None):
    repo = whole(disk)
    (repo.snapshot / "config.json").unlink()
    if text is not None:
        (repo.snapshot / "config.json").write_text(text)

    assert disk.only().missing == ("config.json",)


def test_of_the_config_only_what_is_needed_is_told(disk: Disk):
    whole(disk)

    (facts,) = json.loads(disk.answer().stdout)["models"]

    assert facts["config"] == {"model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"]}


def test_a_single_weight_file_without_an_index_is_enough(disk: Disk):
    repo = disk.repo()
    repo.add("config.json", "{}")
    assert disk.only().missing == ("any weight file",)

    repo.add("model.safetensors", b"x")
    assert disk.only().complete


def test_a_single_gguf_file_needs_no_config(disk: Disk):
    disk.repo().add("model-Q4_K_M.gguf", b"x")

    assert disk.only().complete


def test_a_failed_look_is_unreadable_rather_than_an_empty_disk():
    check = HasWeights("org/name", None, "~/models")

    for answer in (
        Answer(1, "", "python3: not found"),
        Answer(124),
        Answer(0, ""),
        Answer(0, '{"models": 5}'),
    ):
        with pytest.raises(Unreadable):
            check.read(answer)


def test_the_check_says_what_is_lacking(disk: Disk):
    check = HasWeights("org/name", None, "~/models")
    assert check.find(disk.answer()).verdict.faults == ("org/name is not on the host",)
    repo = whole(disk)
    assert check.find(disk.answer()).verdict.ok
    (repo.snapshot / SHARDS[0]).unlink()
    assert check.find(disk.answer()).verdict.faults == (f"org/name lacks {SHARDS[0]}",)
