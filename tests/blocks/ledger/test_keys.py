"""API keys in the ledger: made once, kept as hashes, revoked by name, and written down."""

import hashlib
import re
import time
from pathlib import Path

import pytest
from sqlalchemy import select, update

from blocks.ledger.keys import BadKey, create_key, hash_key, list_keys, revoke_key
from blocks.ledger.store import Ledger
from blocks.ledger.tables import api_keys, journal
from tests.blocks.hostile import HOSTILE


def noted(ledger: Ledger) -> list[tuple[str, dict]]:
    with ledger.read() as connection:
        return [(row.kind, row.data) for row in connection.execute(select(journal).order_by(journal.c.seq))]


def test_a_key_has_256_random_bits_and_is_never_made_twice(ledger: Ledger):
    keys = {create_key(ledger, f"app-{n}", ["inference"]) for n in range(5)}

    assert len(keys) == 5
    assert all(re.fullmatch(r"sk-spark-[\w-]{43}", key, re.ASCII) for key in keys)


def test_a_key_is_listed_by_its_ends_and_found_by_its_hash(ledger: Ledger):
    before = time.time()
    key = create_key(ledger, "phone", ["inference", "control"])

    [listed] = list_keys(ledger)

    assert (listed.name, listed.scopes, listed.expires) == ("phone", {"inference", "control"}, None)
    assert listed.shown == f"{key[:13]}…{key[-4:]}"
    assert listed.hash == hash_key(key.encode()) == hashlib.sha256(key.encode()).hexdigest()
    assert before <= listed.created <= time.time()


def test_the_key_itself_is_kept_nowhere(ledger: Ledger, tmp_path: Path):
    key = create_key(ledger, "phone", ["inference"])
    revoke_key(ledger, "phone")
    ledger.close()

    assert all(key[9:].encode() not in file.read_bytes() for file in tmp_path.iterdir())
    assert key not in str(noted(ledger))


def test_keys_are_listed_by_name_and_a_revoked_one_no_more(ledger: Ledger):
    for name in ("phone", "chat", "crm"):
        create_key(ledger, name, ["inference"])

    assert revoke_key(ledger, "crm")

    assert [key.name for key in list_keys(ledger)] == ["chat", "phone"]


def test_a_name_stands_for_one_key_until_that_is_revoked(ledger: Ledger):
    first = create_key(ledger, "phone", ["inference"])
    with pytest.raises(BadKey, match="a key named 'phone' already"):
        create_key(ledger, "phone", ["control"])

    for _ in range(2):
        assert revoke_key(ledger, "phone")
        create_key(ledger, "phone", ["inference"])

    [listed] = list_keys(ledger)
    assert listed.hash != hash_key(first.encode())


def test_what_is_not_there_cannot_be_revoked(ledger: Ledger):
    create_key(ledger, "phone", ["inference"])
    revoke_key(ledger, "phone")

    assert not revoke_key(ledger, "phone")
    assert not revoke_key(ledger, "nobody")


def test_an_expired_key_stays_on_the_list(ledger: Ledger):
    create_key(ledger, "visitor", ["inference"], 9e9)
    with ledger.write() as connection:
        connection.execute(update(api_keys).values(expires=1.0))

    assert [(key.name, key.expires) for key in list_keys(ledger)] == [("visitor", 1.0)]


@pytest.mark.parametrize("expires", [0.0, -1.0, 1.0])
def test_a_key_that_would_have_expired_already_is_not_made(ledger: Ledger, expires: float):
    with pytest.raises(BadKey, match="expired already"):
        create_key(ledger, "phone", ["inference"], expires)

    assert list_keys(ledger) == []


@pytest.mark.parametrize("scopes", [[], ["everything"], ["inference", "admin"]])
def test_a_key_needs_scopes_that_exist(ledger: Ledger, scopes: list):
    with pytest.raises(BadKey, match="inference, control"):
        create_key(ledger, "phone", scopes)


@pytest.mark.parametrize("name", ["", "Phone", "a" * 64, *HOSTILE.values()])
def test_a_name_that_could_not_stand_in_a_log_is_refused(ledger: Ledger, name: str):
    with pytest.raises(BadKey, match="cannot name a key"):
        create_key(ledger, name, ["inference"])


def test_adding_and_revoking_is_written_down_without_the_key(ledger: Ledger):
    key = create_key(ledger, "phone", ["inference"], 9e9)
    with pytest.raises(BadKey):
        create_key(ledger, "phone", ["inference"])
    revoke_key(ledger, "phone")
    revoke_key(ledger, "phone")

    shown = f"{key[:13]}…{key[-4:]}"
    assert noted(ledger) == [
        ("key-added", {"name": "phone", "shown": shown, "scopes": ["inference"], "expires": 9e9}),
        ("key-revoked", {"name": "phone"}),
    ]


def test_a_hash_is_not_shown_when_a_key_is_printed(ledger: Ledger):
    create_key(ledger, "phone", ["inference"])
    [listed] = list_keys(ledger)

    assert listed.hash not in repr(listed)
