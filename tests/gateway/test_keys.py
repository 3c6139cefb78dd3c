"""Keys at the gateway's door: who comes in with what, and what the ledger's moods do to it."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from blocks.ledger.keys import create_key, revoke_key
from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from gateway.keys import Keys, key_of
from gateway.problem import Problem
from gateway.records import Records

Headers = list[tuple[bytes, bytes]]


def bearer(key: str) -> Headers:
    return [(b"host", b"spark.example"), (b"authorization", f"Bearer {key}".encode())]


def basic(pair: str, scheme: str = "Basic") -> Headers:
    return [(b"authorization", f"{scheme} {base64.b64encode(pair.encode()).decode()}".encode())]


def refusal(keys: Keys, headers: Headers, scope: str = "inference") -> Problem:
    with pytest.raises(Problem) as caught:
        keys.require(headers, scope)
    return caught.value


@pytest.fixture
async def keys(ledger: Ledger) -> AsyncIterator[Keys]:
    """Keys of a gateway that has just started: nothing was read yet."""
    records = Records(ledger.engine.url.render_as_string())
    yield Keys(records)
    records.close()


async def test_without_keys_the_gateway_is_open(keys: Keys):
    await keys.refresh()

    assert [keys.require([], scope) for scope in ("inference", "control")] == ["", ""]


async def test_until_the_keys_were_read_the_gateway_is_closed(keys: Keys):
    problem = refusal(keys, bearer("sk-spark-x"))

    assert (problem.status, problem.code) == (503, "not_ready")
    assert "retry-after" in problem.headers


async def test_a_ledger_without_tables_does_not_open_the_gateway(tmp_path: Path):
    records = Records(f"sqlite:///{tmp_path}/empty.db")
    keys = Keys(records)
    await keys.refresh()
    records.close()

    assert refusal(keys, []).code == "not_ready"


async def test_with_the_ledger_away_the_known_keys_stay_in_force(keys: Keys, ledger: Ledger):
    key = create_key(ledger, "phone", ["inference"])
    await keys.refresh()
    with ledger.write() as connection:
        connection.execute(text("alter table api_keys rename to elsewhere"))
    await keys.refresh()

    assert keys.require(bearer(key), "inference") == "phone"
    assert refusal(keys, []).status == 401


async def test_a_key_opens_what_it_has_the_scope_for(keys: Keys, ledger: Ledger):
    phone = create_key(ledger, "phone", ["inference"])
    owner = create_key(ledger, "owner", ["control"])
    both = create_key(ledger, "both", ["inference", "control"])
    await keys.refresh()

    assert keys.require(bearer(phone), "inference") == "phone"
    assert keys.require(bearer(owner), "control") == "owner"
    assert {keys.require(bearer(both), scope) for scope in ("inference", "control")} == {"both"}
    problem = refusal(keys, bearer(phone), "control")
    assert (problem.status, problem.code) == (403, "missing_scope")
    assert "'phone'" in str(problem)
    assert "'control'" in str(problem)
    assert refusal(keys, bearer(owner), "inference").status == 403


async def test_a_revoked_key_opens_nothing_and_the_last_one_leaves_the_door_open(keys: Keys, ledger: Ledger):
    phone, chat = (create_key(ledger, name, ["inference"]) for name in ("phone", "chat"))
    revoke_key(ledger, "phone")
    await keys.refresh()

    assert refusal(keys, bearer(phone)).status == 401
    assert keys.require(bearer(chat), "inference") == "chat"

    revoke_key(ledger, "chat")
    await keys.refresh()
    assert keys.require(bearer(phone), "inference") == ""


async def test_a_key_that_expired_opens_nothing_also_not_the_gateway(keys: Keys, ledger: Ledger):
    key = create_key(ledger, "visitor", ["inference"], time.time() + 3600)
    await keys.refresh()
    assert keys.require(bearer(key), "inference") == "visitor"

    with ledger.write() as connection:
        connection.execute(text("update api_keys set expires = 1"))
    await keys.refresh()

    assert "'visitor' has expired" in str(refusal(keys, bearer(key)))
    assert refusal(keys, []).status == 401


async def test_a_request_without_a_valid_key_is_told_how_to_give_one(keys: Keys, ledger: Ledger):
    create_key(ledger, "phone", ["inference"])
    await keys.refresh()

    for headers, code in (([], "missing_api_key"), (bearer("sk-spark-guess"), "invalid_api_key")):
        problem = refusal(keys, headers)
        assert (problem.status, problem.code) == (401, code)
        assert problem.body["error"]["type"] == "authentication_error"
        assert problem.headers["www-authenticate"] == (
            'Basic realm="Spark Control", charset="UTF-8", Bearer realm="Spark Control"'
        )
        assert "guess" not in f"{problem.body} {problem.headers}"


def both(value: bytes) -> Headers:
    return [(b"x-api-key", b"own"), (b"authorization", value)]


GIVEN = [
    (bearer("k"), b"k"), (basic("anyone:k"), b"k"), (basic(":k"), b"k"), (basic("a:k:l:m"), b"k:l:m"),
    ([(b"x-api-key", b" k ")], b"k"), ([(b"authorization", b"bEARER  k")], b"k"),
    (basic("a:k", "bASIC"), b"k"),
    (both(b"Bearer k"), b"k"), (basic("a:k") + bearer("b"), b"k"), (bearer("b") + basic("a:k"), b"k"),
    (bearer("b") + both(b"Digest x"), b"b"), (both(b"Basic %%%"), b"own"), (both(b"Bearer "), b"own"),
    (both(basic("no colon")[0][1]), b"own"), (both(basic("a:")[0][1]), b"own"),
    (both(b""), b"own"), ([(b"authorization", b"k")], b""), ([(b"x-api-key", b"")], b""), ([], b""),
    ([(b"proxy-authorization", b"Bearer k"), (b"cookie", b"x-api-key=k")], b""),
]  # fmt: skip


@pytest.mark.parametrize(("headers", "key"), GIVEN)
def test_basic_counts_before_bearer_and_bearer_before_x_api_key(headers: Headers, key: bytes):
    assert key_of(headers) == key


PIECES = st.sampled_from(
    [b"Basic", b"bearer", b"Bearer", b" ", b"  ", b"\t", b":", b"a2V5", b"YTo6Og==", b","]
)
VALUES = st.lists(PIECES | st.binary(max_size=8), max_size=5).map(b"".join)
NAMES = st.sampled_from([b"authorization", b"x-api-key", b"host"]) | st.binary(max_size=8)


SOUP = st.lists(st.tuples(NAMES, VALUES), max_size=6)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Keys, str]]:
    """Keys in force, and the one key there is."""
    url = f"sqlite:///{tmp_path_factory.mktemp('guarded')}/ledger.db"
    migrate(url)
    ledger, records = Ledger(url), Records(url)
    key = create_key(ledger, "phone", ["inference"])
    keys = Keys(records)
    asyncio.run(keys.refresh())
    yield keys, key
    records.close()
    ledger.close()


@settings(deadline=None)
@given(SOUP)
def test_no_soup_of_headers_gets_in_or_breaks_anything(guarded: tuple[Keys, str], headers: Headers):
    assert refusal(guarded[0], headers).status == 401


@settings(deadline=None)
@given(SOUP, st.integers(0, 6), st.sampled_from(["Basic", "BASIC"]))
def test_a_key_is_found_in_any_soup_that_holds_no_other(
    guarded: tuple[Keys, str], headers: Headers, place: int, scheme: str
):
    keys, key = guarded
    soup = [pair for pair in headers if not key_of([pair])]
    for carrier in (basic(f"somebody:{key}", scheme), bearer(key), [(b"x-api-key", key.encode())]):
        assert keys.require([*soup[:place], *carrier, *soup[place:]], "inference") == "phone"


async def test_the_ledger_may_be_made_while_the_gateway_runs(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/later.db"
    records = Records(url)
    keys = Keys(records)
    await keys.refresh()
    migrate(url)
    await keys.refresh()
    records.close()

    assert keys.require([], "control") == ""
