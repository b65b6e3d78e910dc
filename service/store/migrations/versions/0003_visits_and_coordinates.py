"""Return visits of cases; where an incident happened, in thousandths of a degree, where the caller gave it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table and the columns."""
    op.create_table(
        "case_visits",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("incident", sa.String(length=140), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["incident"], ["incidents.key"], name=op.f("fk_case_visits_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_visits")),
    )
    op.create_index("ix_case_visits_incident", "case_visits", ["incident", "at"], unique=False)
    op.add_column("incidents", sa.Column("longitude", sa.Integer(), nullable=True))
    op.add_column("incidents", sa.Column("latitude", sa.Integer(), nullable=True))
