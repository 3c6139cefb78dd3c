"""The ledger's tables: what the migrations make is what the code expects."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import blocks.ledger
from blocks.ledger.migrate import migrate
from blocks.ledger.store import HEAD, Ledger, LedgerOutOfDate
from blocks.ledger.tables import metadata
from tests.blocks.ledger.racer import race, results


def test_the_migrations_make_exactly_the_tables_of_the_code(ledger: Ledger):
    with ledger.write() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert compare_metadata(context, metadata) == []


def test_a_table_that_the_migrations_do_not_make_would_be_noticed(ledger: Ledger):
    with ledger.write() as connection:
        connection.execute(text("drop table journal"))
        context = MigrationContext.configure(connection, opts={"compare_type": True})

        assert [change[0] for change in compare_metadata(context, metadata)] == ["add_table"]


def test_the_head_that_the_store_asks_for_is_alembics_head():
    config = Config()
    config.set_main_option("script_location", f"{blocks.ledger.__path__[0]}/migrations")

    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_migrating_again_changes_nothing(url: str):
    ledger = Ledger(url)
    before = inspect(ledger.engine).get_table_names()

    migrate(url)

    assert inspect(ledger.engine).get_table_names() == before
    ledger.close()


def test_a_migrated_ledger_may_be_used(ledger: Ledger):
    ledger.require_head()


def test_an_empty_ledger_is_refused_with_what_to_do(empty_url: str):
    ledger = Ledger(empty_url)
    with pytest.raises(LedgerOutOfDate, match=r"python -m blocks\.ledger"):
        ledger.require_head()
    ledger.close()


def test_a_ledger_of_another_version_is_refused_with_both_versions(ledger: Ledger):
    with ledger.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))

    with pytest.raises(LedgerOutOfDate, match=f"at 9999, this version needs {HEAD}"):
        ledger.require_head()


def test_processes_that_migrate_an_empty_ledger_at_once_take_turns(empty_url: str):
    with race(empty_url, "migrate") as racers:
        assert results(racers) == ["done"] * len(racers)


def test_processes_that_write_at_once_wait_for_each_other(url: str):
    with race(url, "write") as racers:
        assert results(racers) == ["done"] * len(racers)


def test_a_reader_is_not_held_up_by_a_writer(ledger: Ledger):
    with ledger.write() as writer:
        writer.execute(text("insert into journal (at, kind, data) values (1, 'a', '{}')"))
        with ledger.read() as reader:
            assert reader.execute(text("select count(*) from journal")).scalar() == 0
