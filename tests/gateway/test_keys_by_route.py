"""Keys through the socket: which routes ask for which scope, and that no key goes further."""

import httpx
import pytest

from blocks.ledger.keys import create_key
from blocks.ledger.store import Ledger
from gateway.options import Options
from tests.gateway.fake_upstream import FakeUpstream

ROUTES = [
    ("POST", "/v1/chat/completions", "phone"), ("GET", "/v1/models", "phone"),
    ("GET", "/api/endpoints", "phone"), ("GET", "/api/status", "owner"), ("GET", "/", "owner"),
    ("GET", "/api/swap/lock", "owner"), ("GET", "/nothing", "owner"),
    ("GET", "/upstream/vllm/version", "owner"), ("POST", "/api/search", "phone"),
    ("GET", "/api/search/collections", "phone"),
]  # fmt: skip


@pytest.fixture
def phone(ledger: Ledger) -> str:
    return create_key(ledger, "phone", ["inference"])


@pytest.fixture
def owner(ledger: Ledger) -> str:
    return create_key(ledger, "owner", ["control"])


@pytest.fixture
def options(options: Options, phone: str, owner: str) -> Options:
    """Of a gateway that starts when there are keys."""
    return options


@pytest.mark.parametrize(("method", "path", "opener"), ROUTES)
async def test_a_route_opens_to_its_scope_only(
    http: httpx.AsyncClient, phone: str, owner: str, method: str, path: str, opener: str
):
    given = {"phone": phone, "owner": owner, "nobody": ""}
    body = {"model": "alpha"} if method == "POST" else None
    got = {
        name: await http.request(method, path, json=body, headers={"x-api-key": key})
        for name, key in given.items()
    }

    assert got["nobody"].status_code == 401
    assert got["nobody"].headers["www-authenticate"].startswith("Basic realm=")
    assert {name for name, answer in got.items() if answer.status_code not in (401, 403)} == {opener}


async def test_only_whether_the_process_is_up_is_told_to_everyone(http: httpx.AsyncClient):
    assert (await http.get("/health")).status_code == 200


async def test_no_key_of_ours_reaches_an_upstream(
    http: httpx.AsyncClient, upstream: FakeUpstream, phone: str
):
    headers = {"authorization": f"Bearer {phone}", "x-api-key": phone}
    await http.post("/v1/chat/completions", json={"model": "alpha"}, headers=headers)

    call = await upstream.calls.get()
    assert phone.encode() not in call.head + call.body
