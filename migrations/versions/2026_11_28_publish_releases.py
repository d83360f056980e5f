"""Publish releases, and withdraw them.

Those that were cut before are cut and neither. Going back forgets what was published or withdrawn:
the events keep it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_published"
down_revision = "2026_11_28_voice"
branch_labels = None
depends_on = None

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


def downgrade() -> None:
    for name in ("withdrawn_because", *reversed(MOMENTS), "state"):
        op.drop_column("releases", name)
