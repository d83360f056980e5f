"""Let people limit their hours: how much of a day and of a week they work at most.

A row is there of who chose something else than what is usual. Going back forgets what they chose;
that they did stays among the events.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_limits"
down_revision = "2026_11_28_disputes"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "limits",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("day_s", sa.Integer(), nullable=False),
        sa.Column("week_s", sa.Integer(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("day_s > 0", name=op.f("ck_limits_day")),
        sa.CheckConstraint("week_s > 0", name=op.f("ck_limits_week")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_limits_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_limits")),
    )


def downgrade() -> None:
    op.drop_table("limits")
