"""Keep leaderboards, by language and category.

They are worked out anew with every snapshot, and are kept apart from it: a page reads one of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "e8a1c0de0004"
down_revision = "e8a1c0de0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leaderboards",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_leaderboards_project_id_projects")
        ),
        sa.PrimaryKeyConstraint("project_id", "language", "category", name=op.f("pk_leaderboards")),
    )


def downgrade() -> None:
    op.drop_table("leaderboards")
