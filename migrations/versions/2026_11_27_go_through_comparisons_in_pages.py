"""Go through a project's comparisons in pages, each found where the last one ended.

By the constraint on their outer ids alone SQLite sorts a whole project for every page of it.
"""

from alembic import op

revision = "2026_11_27_pages"
down_revision = "2026_11_27_lanes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_comparisons_project", "comparisons", ["project_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_comparisons_project", table_name="comparisons")
