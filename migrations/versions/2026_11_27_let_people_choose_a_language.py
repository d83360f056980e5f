"""Let people choose the language of the pages; those who do not follow their browser."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_language"
down_revision = "2026_11_27_ahead"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("language", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("people", "language")
