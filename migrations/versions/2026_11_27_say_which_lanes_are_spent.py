"""Say which lanes are spent: those in which nothing is left for anybody.

A claim looks at the others alone, however many batches were finished before. What is spent already
is noticed by the first claim that finds nothing there.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_lanes"
down_revision = "2026_11_24"
branch_labels = None
depends_on = None

UNSPENT = sa.text("spent_at <> supply")


def upgrade() -> None:
    op.add_column(
        "lanes", sa.Column("spent_at", sa.BigInteger(), nullable=False, server_default="-1")
    )
    op.create_index(
        "ix_lanes_unspent",
        "lanes",
        ["project_id"],
        sqlite_where=UNSPENT,
        postgresql_where=UNSPENT,
    )


def downgrade() -> None:
    op.drop_index("ix_lanes_unspent", table_name="lanes")
    op.drop_column("lanes", "spent_at")
