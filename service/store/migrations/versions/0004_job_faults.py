"""Why a job failed, in words: its title, reason and remedy, beside the code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column."""
    op.add_column("jobs", sa.Column("fault", sa.Text(), nullable=True))
