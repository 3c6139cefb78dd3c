"""Hosts over HTTP: wake one, and the SSH keys that it is reached with and has."""

import asyncssh
import httpx

from blocks.ledger.seen import write_seen
from blocks.ledger.store import Ledger
from blocks.public_key import read_public_key
from tests.gateway.fake_prefect import FakePrefect

LINE = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()


async def test_waking_is_a_run_of_its_own(http: httpx.AsyncClient, prefect: FakePrefect):
    plain = await http.post("/api/hosts/spark-2/wake")
    asked = await http.post("/api/hosts/spark-2/wake", json={"dry_run": True, "approval": "ask"})

    assert [plain.status_code, asked.status_code] == [202, 202]
    assert [run["parameters"] for run in prefect.created] == [
        {"host": "spark-2", "dry_run": False, "approval": "none"},
        {"host": "spark-2", "dry_run": True, "approval": "ask"},
    ]
    assert [run["name"] for run in prefect.created] == ["Wake spark-2", "Plan: wake spark-2"]
    run = (await http.get(f"/api/runs/{plain.json()['id']}")).json()
    assert (run["kind"], plain.json()["stream"]) == ("wake", f"/api/runs/{run['id']}/stream")


async def test_a_host_that_is_not_there_is_named(http: httpx.AsyncClient, prefect: FakePrefect):
    for method, path in (("POST", "wake"), ("POST", "ssh-key"), ("GET", "ssh-key")):
        answer = await http.request(method, f"/api/hosts/spark-9/{path}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_host")
        assert "spark-1, spark-2" in answer.json()["error"]["message"]
    assert prefect.created == []


async def test_a_body_that_is_no_wish_is_refused(http: httpx.AsyncClient):
    for body in ({"hots": "x"}, {"approval": "maybe"}, []):
        assert (await http.post("/api/hosts/spark-2/wake", json=body)).status_code in (400, 422)


async def test_the_keys_are_shown_with_a_line_that_installs_them(http: httpx.AsyncClient, ledger: Ledger):
    nothing = (await http.get("/api/hosts/spark-1/ssh-key")).json()
    write_seen(ledger, "ssh-key/controller", {"~/.ssh/id_ed25519": f"{LINE} controller"})
    write_seen(ledger, "ssh-key/spark-1", {"public": LINE})
    both = (await http.get("/api/hosts/spark-1/ssh-key")).json()
    write_seen(ledger, "ssh-key/spark-1", {"public": "-----BEGIN OPENSSH PRIVATE KEY-----"})
    garbled = (await http.get("/api/hosts/spark-1/ssh-key")).json()

    assert (nothing["controller"], nothing["own"], len(nothing["why"])) == (None, None, 2)
    assert "~/.ssh/id_ed25519.pub" in nothing["why"][0]
    key = read_public_key(f"{LINE} controller")
    assert both["controller"]["public"] == key.line
    assert both["controller"]["fingerprint"] == key.fingerprint
    assert both["controller"]["install"] == key.install_line
    assert both["own"]["public"] == LINE
    assert (both["user"], both["why"]) == ("spark", [])
    assert garbled["own"] is None


async def test_a_key_is_made_by_a_run(http: httpx.AsyncClient, prefect: FakePrefect):
    answer = await http.post("/api/hosts/spark-1/ssh-key")

    assert answer.status_code == 202
    assert prefect.created[0]["parameters"]["host"] == "spark-1"
    assert (await http.get(f"/api/runs/{answer.json()['id']}")).json()["kind"] == "ssh-key"
