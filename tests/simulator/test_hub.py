"""The simulated Hub and link: what curl is told of a repository, and how downloads and copies break off."""

import json

import pytest

API = "https://huggingface.co/api/models"
ASK = "curl -sS -L --max-time 25 --config - --write-out '\\n%{http_code} %header{x-error-code}'"
SMALL = ".cache/huggingface/hub/models--org--hub-test"


async def test_the_list_names_the_files_and_blobs_that_a_download_brings(simulated_cluster, spark):
    _, out, _ = await spark(f"{ASK} '{API}/org/hub-test/revision/main?blobs=true'")
    body, _, ending = out.rpartition("\n")
    told = json.loads(body)

    assert ending.strip() == "200"
    assert (await spark(f"~/.local/bin/hf download org/hub-test --revision {told['sha']}"))[0] == 0
    snapshot = simulated_cluster.home() / SMALL / "snapshots" / told["sha"]
    for entry in told["siblings"]:
        file = snapshot / entry["rfilename"]
        assert file.stat().st_size == entry["size"]
        assert file.resolve().name == entry.get("lfs", {}).get("sha256", entry["blobId"])
    assert not (simulated_cluster.home() / SMALL / "refs" / "main").exists()


@pytest.mark.parametrize(
    ("path", "ending"),
    [
        ("org/does-not-exist/auth-check", "404 RepoNotFound"),
        ("org/hub-test/revision/v9?blobs=true", "404 RevisionNotFound"),
        ("org/hub-test/auth-check", "200"),
        ("org/hub-test", "404 EntryNotFound"),
    ],
)
async def test_the_hub_says_no_as_the_real_one_does(spark, path, ending):
    assert (await spark(f"{ASK} '{API}/{path}'"))[1].rpartition("\n")[2].strip() == ending


async def test_a_gated_repository_opens_to_its_token(simulated_cluster, spark):
    with simulated_cluster.fault("gated", "org/shut\nhf_key"):
        without = await spark(f"{ASK} {API}/org/shut/auth-check")
        having = await spark(f"{ASK} {API}/org/shut/auth-check", 'header = "Authorization: Bearer hf_key"\n')
        refused = await spark("~/.local/bin/hf download org/shut --include '*.json'")
        opened = await spark("HF_TOKEN=hf_key ~/.local/bin/hf download org/shut --include '*.json'")

    assert without[1].endswith("401 GatedRepo")
    assert having[1].endswith("200 ")
    assert "Cannot access gated repo" in refused[2]
    assert (refused[0], opened[0]) == (1, 0)


async def test_a_hub_that_is_away_is_not_resolved_and_other_addresses_are_real(simulated_cluster, spark):
    with simulated_cluster.fault("hub-away"):
        status, _, error = await spark(f"{ASK} {API}/org/name/auth-check")
    assert (status, "Could not resolve host" in error) == (6, True)

    status, _, error = await spark("curl -sS --max-time 2 http://127.0.0.1:9/")
    assert (status, "127.0.0.1" in error) == (7, True)


async def test_a_line_that_is_cut_breaks_off_once_and_the_rest_comes(simulated_cluster, spark):
    with simulated_cluster.fault("hub-cut", "50"):
        broken = await spark("~/.local/bin/hf download org/cut-test")
        left = list((simulated_cluster.home() / f"{SMALL[:-8]}cut-test").glob("blobs/*.incomplete"))
        again = await spark("~/.local/bin/hf download org/cut-test")

    assert (broken[0], "ConnectionError" in broken[2], len(left)) == (1, True, 1)
    assert again[0] == 0


async def test_rsync_leaves_out_what_it_is_told_and_turns_links_that_lead_out_into_files(
    simulated_cluster, spark
):
    home, there = simulated_cluster.home(), simulated_cluster.home(2)
    await spark("mkdir -p tree/keep tree/drop shared; echo big > shared/blob; echo x > tree/a.incomplete")
    await spark(
        "ln -s ../../shared/blob tree/keep/blob; ln -s keep/blob tree/inside; echo y > tree/drop/file"
    )
    flags = "-a -s --mkpath --copy-unsafe-links --partial-dir=.part --exclude=/drop --exclude='*.incomplete'"

    status, _, error = await spark(f"rsync {flags} {home}/tree/ spark@192.168.177.12:{there}/copied/")

    assert (status, error) == (0, "")
    assert {path.name for path in (there / "copied").rglob("*")} == {"keep", "blob", "inside"}
    assert not (there / "copied/keep/blob").is_symlink()
    assert (there / "copied/inside").is_symlink()
    assert (there / "copied/inside").read_text() == "big\n"
