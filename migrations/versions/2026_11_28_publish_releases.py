"""Publish releases with an account of who made them, and withdraw them.

Those that were cut before are cut and neither, and have no account. Going back forgets what was
published, withdrawn or declared: the events keep that it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_published"
down_revision = "2026_11_28_voice"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENTS = ("published_at", "withdrawn_at")


def upgrade() -> None:
    op.add_column(
        "releases", sa.Column("state", sa.String(24), nullable=False, server_default="cut")
    )
    for moment in MOMENTS:
        op.add_column("releases", sa.Column(moment, sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "releases",
        sa.Column("withdrawn_because", sa.Text(), nullable=False, server_default=""),
    )
    op.add_column("releases", sa.Column("labor_card", sa.JSON(), nullable=True))
    op.create_table(
        "declarations",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["people.id"], name=op.f("fk_declarations_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_declarations_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_declarations")),
    )
    op.create_index("ix_declarations_project", "declarations", ["project_id", "id"])


def downgrade() -> None:
    op.drop_table("declarations")
    op.drop_column("releases", "labor_card")
    for name in ("withdrawn_because", *reversed(MOMENTS), "state"):
        op.drop_column("releases", name)
