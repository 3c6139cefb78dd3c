"""Downloads and deletions by the whole house: followed, cancelled, killed, doubled, refused."""

import os
import signal

import pytest

from tests.house.downloads import Downloads

SOME = 10**8
LOADED, REPO = "qwen3.6-35b-a3b", "org/fresh-7b"


@pytest.fixture
def downloads(house):
    return Downloads(house)


def test_a_download_to_both_hosts_is_followed_in_bytes_and_ends_on_the_menu(house, downloads):
    with house.fault("spark-1", "hub-slow", "4"):
        run_id = downloads.start("download-model", repo=REPO)
        run = house.wait(run_id)

    assert run["state"] == "completed", run
    assert run["message"] == f"{REPO} is whole on spark-1 and spark-2."
    assert "GB of org/fresh-7b to spark-1" in run["plan"][0]
    assert "from spark-1 to spark-2" in run["plan"][1]
    told = downloads.phases(run_id)
    assert any(event.get("bytes_done", 0) > 0 and event["bytes_total"] > 14e9 for event in told)
    house.wait_until(lambda: downloads.hosts_on_menu(REPO) == ["spark-1", "spark-2"], 60, "the menu")


def test_a_cancel_ends_the_download_on_the_host_and_keeps_what_has_arrived(house, downloads):
    repo = "org/cancelled-7b"
    with house.fault("spark-1", "hub-slow", "200"):
        run_id = downloads.start("download-model", repo=repo, hosts=["spark-1"])
        house.wait_until(lambda: downloads.arrived(repo) > SOME, 60, "first weights")
        house.client.post(f"/api/runs/{run_id}/cancel").raise_for_status()
        run = house.wait(run_id)
        kept = downloads.arrived(repo)

    assert run["state"] == "cancelled", run
    assert "are kept" in run["message"]
    assert not downloads.job_runs(repo)
    again = house.wait(downloads.start("download-model", repo=repo, hosts=["spark-1"]))
    assert "are there already and are kept" in again["plan"][0]
    assert again["state"] == "completed"
    assert downloads.arrived(repo) > kept > SOME


def test_a_killed_run_loses_nothing_and_two_that_come_after_it_share_one_download(house, downloads):
    repo = "org/killed-7b"
    with house.fault("spark-1", "hub-slow", "200"):
        first = downloads.start("download-model", repo=repo, hosts=["spark-1"])
        house.wait_until(lambda: downloads.arrived(repo) > SOME, 60, "first weights")
        job = downloads.job(repo)
        os.kill(house.flow_process(first).pid, signal.SIGKILL)
        assert house.wait(first)["state"] == "crashed"
        assert downloads.job_runs(repo)
        second = downloads.start("download-model", repo=repo, hosts=["spark-1"])
        house.wait_for_phase(second, "downloading")
        third = downloads.start("download-model", repo=repo, hosts=["spark-1"])
        house.wait_for_phase(third, "waiting")
        assert second in house.run(third)["message"]
        refused = house.wait(downloads.start("delete-weights", model=repo))

    assert "a download of org/killed-7b is under way" in refused["message"]
    assert house.wait(second)["state"] == house.wait(third)["state"] == "completed"
    assert "nothing to download" in house.run(third)["plan"][0]
    assert downloads.job(repo) == job


def test_a_gated_repository_says_what_to_do_and_the_token_of_the_secret_opens_it(house, downloads):
    repo = "org/gated-7b"
    with house.fault("spark-1", "gated", f"{repo}\nhf_opensesame"):
        shut = house.wait(downloads.start("download-model", repo=repo, hosts=["spark-1"]))
        with downloads.secret("hf-token", "hf_opensesame"):
            run_id = downloads.start("download-model", repo=repo, hosts=["spark-1"])
            opened = house.wait(run_id)

    assert shut["state"] == "failed"
    assert "its owner wants its terms accepted at https://huggingface.co/org/gated-7b" in shut["message"]
    assert "Secret block 'hf-token'" in shut["message"]
    assert opened["state"] == "completed", opened
    assert "opensesame" not in downloads.all_said(run_id)


def test_deleting_frees_with_a_go_what_the_dry_run_said_on_each_host(house, downloads):
    repo = "org/old-7b"
    house.wait(downloads.start("download-model", repo=repo))

    dry = house.wait(downloads.start("delete-weights", model=repo, dry_run=True))
    asking = downloads.start("delete-weights", model=repo, approval="ask")
    house.wait_until(lambda: house.run(asking)["state"] == "waiting", 60, "question")
    assert downloads.arrived(repo) > 14e9
    house.client.post(f"/api/runs/{asking}/resume", json={"go": True}).raise_for_status()
    run = house.wait(asking)

    assert f"Delete {repo} on spark-1: 15.0 GB come free." in dry["plan"]
    assert run["message"] == f"{repo} is deleted: 15.0 GB on spark-1 and 15.0 GB on spark-2 came free."
    assert downloads.arrived(repo) == 0


def test_the_loaded_model_is_not_deleted_nor_any_during_a_swap(house, downloads):
    house.load(LOADED)
    loaded = house.wait(downloads.start("delete-weights", model="nvidia/Qwen3.6-35B-A3B-NVFP4"))
    with house.fault("spark-1", "ssh-slow", "1"):
        swap = house.swap("gpt-oss-120b")
        house.wait_for_phase(swap, "preflight")
        busy = house.wait(downloads.start("delete-weights", model="openai/gpt-oss-120b"))

    assert "is loaded: switch to another model first" in loaded["message"]
    assert "a swap to gpt-oss-120b is under way" in busy["message"]
    assert house.wait(swap)["state"] == "completed"
