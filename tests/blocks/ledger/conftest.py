"""A ledger of its own for every test: on SQLite, and on a private PostgreSQL where that is installed."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger
from tests.blocks.ledger.postgresql import new_database, programs, server

KINDS = ("sqlite", "postgresql")
GIVEN = os.environ.get("SPARK_TEST_LEDGER_URL", "")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The server that SPARK_TEST_LEDGER_URL names, else one of our own."""
    if GIVEN:
        yield GIVEN
        return
    found = programs()
    if found is None:
        pytest.skip("neither PostgreSQL (Debian: postgresql) nor SPARK_TEST_LEDGER_URL is here")
    with server(found) as url:
        yield url


@pytest.fixture(scope="session", params=KINDS)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the ledger's tables, to be copied."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('ledger')}/ledger.db"
    else:
        url = new_database(request.getfixturevalue("postgresql"))
    migrate(url)
    return url


@pytest.fixture(params=KINDS)
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    return new_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def url(migrated: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A database with the ledger's tables."""
    if migrated.startswith("sqlite"):
        shutil.copy(make_url(migrated).database, tmp_path / "ledger.db")
        return f"sqlite:///{tmp_path}/ledger.db"
    return new_database(request.getfixturevalue("postgresql"), make_url(migrated).database)


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A ledger of this process."""
    ledger = Ledger(url)
    yield ledger
    ledger.close()
