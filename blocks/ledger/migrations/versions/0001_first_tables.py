"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create lock, claims, runs, launches, what was seen, and the journal."""
    _lock_and_claims()
    _runs()
    op.create_table(
        "launches",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("recipe", sa.JSON, nullable=False),
        sa.Column("argv", sa.JSON, nullable=False),
        sa.Column("hosts", sa.JSON, nullable=False),
        sa.Column("image_id", sa.String(100), nullable=False),
        sa.Column("revision", sa.String(100), nullable=False),
        sa.Column("launched", sa.Float, nullable=False),
        sa.Column("ready", sa.Float),
        sa.Column("ended", sa.Float),
        sa.Column("why_ended", sa.Text),
    )
    op.create_index("launches_by_time", "launches", ["launched"])
    op.create_table(
        "seen",
        sa.Column("subject", sa.String(120), primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )


def _lock_and_claims() -> None:
    op.create_table(
        "swap_lock",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("holder", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "lock_passes",
        sa.Column("pass_hash", sa.String(64), primary_key=True),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "claims",
        sa.Column("name", sa.String(63), primary_key=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("machine", sa.String(200), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("process_start", sa.String(40), nullable=False),
        sa.Column("claimed_at", sa.Float, nullable=False),
        sa.Column("heartbeat", sa.Float, nullable=False),
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("phase", sa.String(60), nullable=False),
        sa.Column("progress", sa.Float, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("started", sa.Float, nullable=False),
        sa.Column("updated", sa.Float, nullable=False),
        sa.Column("ended", sa.Float),
        sa.Column("expected_seconds", sa.Float),
        sa.Column("eta_seconds", sa.Float),
        sa.Column("previous", sa.String(200)),
        sa.Column("plan", sa.JSON),
        sa.Column("result", sa.JSON),
    )
    op.create_index("runs_by_start", "runs", ["kind", "started"])
    op.create_table(
        "run_events",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("run_id", sa.String(36), nullable=False),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_run_events_run_id", "run_events", ["run_id"])
