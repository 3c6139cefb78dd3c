"""The lock over HTTP: taken, held longer, given back, taken away; and a swap for a while."""

from datetime import datetime

import httpx
import pytest
from sqlalchemy import select

from blocks.ledger.keys import create_key
from blocks.ledger.lock import current_lock, release_lock, take_lock
from blocks.ledger.store import Ledger
from blocks.ledger.tables import journal
from tests.gateway.fake_prefect import FakePrefect

LOCK = "/api/swap/lock"


def journalled(ledger: Ledger) -> list[tuple[str, dict]]:
    with ledger.read() as connection:
        return [(row.kind, row.data) for row in connection.execute(select(journal).order_by(journal.c.seq))]


async def test_the_holder_holds_it_longer_and_is_told_until_when(http: httpx.AsyncClient, ledger: Ledger):
    token = take_lock(ledger, "night job", "report", 60)

    answer = await http.post(f"{LOCK}/renew", json={"ttl_seconds": 7200}, headers={"x-lock-token": token})

    lock = answer.json()["lock"]
    length = datetime.fromisoformat(lock["until"]) - datetime.fromisoformat(lock["since"])
    assert answer.status_code == 200
    assert (lock["holder"], lock["reason"]) == ("night job", "report")
    assert 7190 <= length.total_seconds() <= 7260
    assert (await http.get(LOCK)).json() == answer.json()


async def test_nobody_else_does(http: httpx.AsyncClient, ledger: Ledger):
    token = take_lock(ledger, "night job", "report", 60)

    wrong = await http.post(f"{LOCK}/renew", json={}, headers={"x-lock-token": "wrong"})
    without = await http.post(f"{LOCK}/renew", json={})
    release_lock(ledger, token)
    late = await http.post(f"{LOCK}/renew", json={}, headers={"x-lock-token": token})

    assert (wrong.status_code, without.status_code, late.status_code) == (423, 423, 409)
    assert wrong.json()["lock"]["holder"] == "night job"
    assert late.json()["error"]["code"] == "lock_expired"


@pytest.mark.parametrize("seconds", [0, 0.5, -60, 604_801, 1e30])
async def test_a_time_that_cannot_be_is_refused_by_name(
    http: httpx.AsyncClient, ledger: Ledger, seconds: float
):
    refused = await http.post(LOCK, json={"holder": "me", "ttl_seconds": seconds})
    token = take_lock(ledger, "me", "", 60)
    renewed = await http.post(f"{LOCK}/renew", json={"ttl_seconds": seconds}, headers={"x-lock-token": token})

    for answer in (refused, renewed):
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "ttl_seconds")
        assert "at least 1 second and at most 7 days" in answer.json()["error"]["message"]


async def test_a_forced_release_keeps_from_where_it_came(http: httpx.AsyncClient, ledger: Ledger):
    take_lock(ledger, "night job", "", 60)

    assert (await http.delete(f"{LOCK}?force=true")).json() == {"released": True}

    assert current_lock(ledger) is None
    assert journalled(ledger)[-1] == ("lock-forced", {"holder": "night job", "by": "127.0.0.1"})


async def test_a_forced_release_keeps_whose_key_it_was(ledger: Ledger, options, gateway):
    key = create_key(ledger, "the-owner", ["control"])
    take_lock(ledger, "night job", "", 60)

    async with httpx.AsyncClient(base_url=gateway.url, headers={"x-api-key": key}) as http:
        while (answer := await http.delete(f"{LOCK}?force=true")).status_code == 200:
            if journalled(ledger)[-1][1].get("by") == "the-owner at 127.0.0.1":
                break
            take_lock(ledger, "night job", "", 60)  # the gateway has not read the new key yet

    assert answer.json() == {"released": True}


async def test_giving_back_what_nobody_holds_is_no_fault(http: httpx.AsyncClient):
    assert (await http.delete(LOCK)).json() == {"released": False}


async def test_a_swap_may_be_asked_for_with_its_own_knobs_and_for_a_while(http, prefect: FakePrefect):
    more = {"knobs": {"gpu_memory_utilization": 0.3}, "length_minutes": 90, "afterwards": "alpha"}

    answer = await http.post("/api/swap", json={"model": "beta", **more})

    given = prefect.created[0]["parameters"]
    assert answer.status_code == 202
    assert given["knobs"] == {"--gpu-memory-utilization": "0.3"}
    assert (given["length_minutes"], given["afterwards"]) == (90, "alpha")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"knobs": {"--port": "1"}}, 422),
        ({"length_minutes": 10081}, 400),
        ({"afterwards": "alpha"}, 400),
        ({"afterwards": "gamma", "length_minutes": 5}, 404),
    ],
)
async def test_what_is_wrong_with_such_a_swap_is_said_at_once(http, prefect: FakePrefect, wrong, status: int):
    answer = await http.post("/api/swap", json={"model": "beta", **wrong})

    assert (answer.status_code, prefect.created) == (status, [])
