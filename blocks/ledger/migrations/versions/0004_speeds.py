"""How fast each model answered."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table: one row for a model and a day."""
    op.create_table(
        "speeds",
        sa.Column("model", sa.String(200), primary_key=True),
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tokens", sa.JSON, nullable=False),
        sa.Column("first", sa.JSON, nullable=False),
    )
