"""The speech container's patches over HTTP: as they were seen last, and what applying them asks for."""

import httpx
import pytest

from blocks.ledger.lock import take_lock
from blocks.ledger.runs import start_run
from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.patches import PATCHES
from tests.gateway.fake_prefect import FakePrefect

FILE = {"name": "main.py", "state": "drift", "ours": "a" * 64, "found": "b" * 64, "original": "c" * 64}


@pytest.fixture(autouse=True)
def speech(request: pytest.FixtureRequest, prefect: FakePrefect) -> None:
    """A cluster with a speech service."""
    if "no_speech" not in request.fixturenames:
        place = {"name": "parakeet", "kind": "stt", "host": "spark-2", "port": 1}
        prefect.documents["cluster"]["services"].append({**place, "container": "parakeet-asr"})


@pytest.fixture
def no_speech() -> None:
    """A cluster without one."""


def see(ledger: Ledger, **more: object) -> None:
    place = {"service": "parakeet", "host": "spark-2", "container": "parakeet-asr"}
    seen = {"state": "drift", "memory_gib": 24.0, "cuda_python": "", "runs_ours": False, "files": [FILE]}
    write_seen(ledger, PATCHES, {**place, **seen, "bases": {}, "fault": "", **more})


@pytest.mark.parametrize("path", ["/api/patches", "/api/speech-models"])
async def test_the_patches_are_shown_as_they_were_seen(http: httpx.AsyncClient, ledger: Ledger, path: str):
    see(ledger)
    start_run(ledger, "run-1", "patches", "speech container", None)

    told = (await http.get(path)).json()

    assert (told["service"], told["host"], told["container"]) == ("parakeet", "spark-2", "parakeet-asr")
    assert (told["state"], told["runs_ours"], told["directory"]) == ("drift", False, "/app")
    assert (told["files"], told["memory_gib"], told["run"]) == ([FILE], 24.0, "run-1")
    assert 0 <= told["age_seconds"] < 60
    assert told["why"] == []


async def test_before_the_first_look_nothing_is_claimed(http: httpx.AsyncClient, ledger: Ledger):
    told = (await http.get("/api/patches")).json()

    assert (told["state"], told["age_seconds"], told["files"]) == ("unknown", None, [])
    assert told["why"] == ["the patches have not been looked at yet: that is done within ten minutes"]


async def test_a_look_at_another_container_does_not_count(http: httpx.AsyncClient, ledger: Ledger):
    see(ledger, container="another")

    assert (await http.get("/api/patches")).json()["state"] == "unknown"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ({"fault": "spark-2 cannot be reached"}, "spark-2 cannot be reached"),
        ({"state": "no_container", "files": []}, "there is no container parakeet-asr on spark-2"),
        ({"state": "in_sync", "runs_ours": False}, "does not say that it runs them"),
        ({"cuda_python": "12.9.0"}, "docker exec parakeet-asr pip uninstall cuda-python"),
    ],
)
async def test_what_is_wrong_is_said_in_words(
    http: httpx.AsyncClient, ledger: Ledger, seen: dict, words: str
):
    see(ledger, **seen)

    assert any(words in line for line in (await http.get("/api/patches")).json()["why"])


async def test_to_apply_them_is_one_run_for_whom_the_lock_allows(
    http: httpx.AsyncClient, prefect: FakePrefect, ledger: Ledger
):
    free = await http.post("/api/patches/apply")
    token = take_lock(ledger, "night job", "", 60)
    refused = await http.post("/api/patches/apply", json={"approval": "ask"})
    only_a_plan = await http.post("/api/speech-models/reapply", json={"dry_run": True})
    allowed = await http.post("/api/patches/apply", json={"any_base": True, "lock_token": token})

    codes = [answer.status_code for answer in (free, refused, only_a_plan, allowed)]
    assert codes == [202, 423, 202, 202]
    first, plan, last = (run["parameters"] for run in prefect.created)
    assert first == {"dry_run": False, "approval": "none", "any_base": False, "lock_pass": ""}
    assert (plan["dry_run"], plan["lock_pass"]) == (True, "")
    assert last["any_base"] is True
    assert last["lock_pass"] not in ("", token)
    assert (await http.get(f"/api/runs/{free.json()['id']}")).json()["kind"] == "patches"


async def test_the_service_alone_is_restarted(http: httpx.AsyncClient, prefect: FakePrefect):
    answer = await http.post("/api/speech-models/restart", json={"reason": "wedged"})

    assert answer.status_code == 202
    parameters = prefect.created[0]["parameters"]
    assert (parameters["service"], parameters["reason"]) == ("parakeet", "wedged")


async def test_a_field_that_nobody_knows_is_refused(http: httpx.AsyncClient, prefect: FakePrefect):
    answer = await http.post("/api/patches/apply", json={"install": "cuda-python"})

    assert answer.status_code in (400, 422)
    assert prefect.created == []


async def test_without_a_speech_service_there_is_nothing_to_patch(
    no_speech: None, http: httpx.AsyncClient, prefect: FakePrefect
):
    told = await http.get("/api/patches")
    applied = await http.post("/api/patches/apply")

    assert (told.status_code, applied.status_code, prefect.created) == (404, 404, [])
    assert told.json()["error"]["code"] == "no_speech_service"
