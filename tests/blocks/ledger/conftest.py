"""A ledger of its own for every test: SQLite, and the database that SPARK_TEST_LEDGER_URL names, if any."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from blocks.ledger.migrate import migrate
from blocks.ledger.store import Ledger, open_engine

OTHERS = [url for url in [os.environ.get("SPARK_TEST_LEDGER_URL")] if url]


@pytest.fixture(params=["sqlite", *OTHERS], ids=["sqlite", "other"][: 1 + len(OTHERS)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    engine, there = open_engine(request.param), MetaData()
    there.reflect(engine)
    there.drop_all(engine)
    engine.dispose()
    return request.param


@pytest.fixture
def url(empty_url: str) -> str:
    """A database with the ledger's tables."""
    migrate(empty_url)
    return empty_url


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    """A ledger of this process."""
    ledger = Ledger(url)
    yield ledger
    ledger.close()
