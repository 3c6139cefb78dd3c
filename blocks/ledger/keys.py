"""The API keys that open the gateway: stored as hashes, with what each may be used for."""

import hashlib
import secrets
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, get_args

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from blocks.ledger.journal import note
from blocks.ledger.store import Ledger
from blocks.ledger.tables import api_keys
from blocks.words import Name

Scope = Literal["inference", "control"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

PREFIX = "sk-spark-"
_NAME = TypeAdapter(Name)


class BadKey(Exception):
    """A key like this cannot be made; the message says why."""


@dataclass(frozen=True)
class ApiKey:
    """
    A key that was not revoked; times are seconds since 1970.

    Attributes:
        shown: Its beginning and end, to recognise it by.
        hash: What `hash_key` makes of it.
        expires: From when on it opens nothing; None: never.
    """

    name: str
    shown: str
    hash: str = field(repr=False)
    scopes: frozenset[Scope]
    created: float
    expires: float | None = None


def create_key(ledger: Ledger, name: str, scopes: Iterable[Scope], expires: float | None = None) -> str:
    """Make a key and return it: nobody can show it again.  `BadKey` says what is wrong with it."""
    _require_fit(name, scopes := set(scopes), expires)
    key = PREFIX + secrets.token_urlsafe(32)
    values = {
        "id": str(uuid.uuid4()),
        "name": name,
        "shown": f"{key[: len(PREFIX) + 4]}…{key[-4:]}",
        "hash": hash_key(key.encode()),
        "scopes": sorted(scopes),
        "created": time.time(),
        "expires": expires,
    }
    try:
        with ledger.write() as connection:
            connection.execute(insert(api_keys).values(**values))
            told = {"name": name, "shown": values["shown"], "scopes": values["scopes"], "expires": expires}
            note(connection, "key-added", told)
    except IntegrityError:
        raise BadKey(
            f"there is a key named {name!r} already: revoke it first, or take another name"
        ) from None
    return key


def list_keys(ledger: Ledger) -> list[ApiKey]:
    """Every key that was not revoked, expired ones too, by name."""
    query = select(api_keys).where(api_keys.c.revoked.is_(None)).order_by(api_keys.c.name)
    with ledger.read() as connection:
        return [
            ApiKey(row.name, row.shown, row.hash, frozenset(SCOPES) & {*row.scopes}, row.created, row.expires)
            for row in connection.execute(query)
        ]


def revoke_key(ledger: Ledger, name: str) -> bool:
    """Let a key open nothing from now on; False when there is none of that name."""
    live = (api_keys.c.name == name) & api_keys.c.revoked.is_(None)
    with ledger.write() as connection:
        revoked = connection.execute(update(api_keys).where(live).values(revoked=time.time())).rowcount == 1
        if revoked:
            note(connection, "key-revoked", {"name": name})
    return revoked


def hash_key(key: bytes) -> str:
    """
    What is kept of a key.

    Plain SHA-256 is enough: slow, salted hashes protect what people choose; 256 random bits nobody guesses.
    """
    return hashlib.sha256(key).hexdigest()


def _require_fit(name: str, scopes: set[Scope], expires: float | None) -> None:
    try:
        _NAME.validate_python(name)
    except ValidationError:
        raise BadKey(
            f"{name[:80]!r} cannot name a key: lower case letters, digits, dot, dash and underscore can"
        ) from None
    if not scopes or not scopes <= set(SCOPES):
        raise BadKey(f"a key needs one or more of the scopes {', '.join(SCOPES)}")
    if expires is not None and expires <= time.time():
        raise BadKey("the key would have expired already")
