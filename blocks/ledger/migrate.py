"""Bringing the ledger's tables to this version with Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config

from blocks.ledger.store import open_engine


def migrate(url: str) -> None:
    """Run every migration that has not run yet; two processes at once take turns."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    engine = open_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()
