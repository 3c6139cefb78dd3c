"""Bringing the ledger's tables to this version with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from blocks.ledger.store import open_engine


def migrate(url: str) -> None:
    """Run every migration that has not run yet; two processes at once take turns."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    engine = open_engine(url)
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":  # SQLite's transactions take turns by themselves
            connection.execute(text("select pg_advisory_xact_lock(1936744043)"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
