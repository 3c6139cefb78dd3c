"""What operations keep: samples, transitions, what happened to services, webhook deliveries, schedules."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables, and give the lock and the claims a clock that nobody can set."""
    for table, column in (
        ("swap_lock", "until_boot"),
        ("lock_passes", "until_boot"),
        ("claims", "beat_boot"),
    ):
        op.add_column(table, sa.Column("boot_id", sa.String(40), nullable=False, server_default=""))
        op.add_column(table, sa.Column(column, sa.Float))
    _history()
    _service_events()
    _deliveries()
    op.create_table(
        "outside_schedules",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("what", sa.String(500), nullable=False),
        sa.Column("cron", sa.String(120), nullable=False),
        sa.Column("timezone", sa.String(63), nullable=False),
        sa.Column("next_at", sa.Float),
        sa.Column("updated", sa.Float, nullable=False),
    )
    op.create_index("outside_schedules_by_name", "outside_schedules", ["owner", "name"], unique=True)


def _history() -> None:
    op.create_table(
        "samples",
        sa.Column("subject", sa.String(120), primary_key=True),
        sa.Column("step", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, primary_key=True),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "transitions",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("transitions_by_subject", "transitions", ["subject", "seq"])


def _service_events() -> None:
    op.create_table(
        "service_events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("service", sa.String(63), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("run_id", sa.String(36), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("service_events_by_service", "service_events", ["service", "seq"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(36), nullable=False, unique=True),
        sa.Column("event_id", sa.String(36), nullable=False),
        sa.Column("target", sa.String(63), nullable=False),
        sa.Column("event", sa.String(40), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try", sa.Float, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("ended", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_by_target", "deliveries", ["target", "state", "seq"])
