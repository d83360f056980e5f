"""Keep to budgets: how much a project may spend in a currency. Going back loses them."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_budgets"
down_revision = "2026_11_28_rates"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "budgets",
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("set_by", KEY, nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("limit_minor >= 0", name=op.f("ck_budgets_limit")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_budgets_project_id")
        ),
        sa.ForeignKeyConstraint(["set_by"], ["people.id"], name=op.f("fk_budgets_set_by")),
        sa.PrimaryKeyConstraint("project_id", "currency", name=op.f("pk_budgets")),
    )


def downgrade() -> None:
    op.drop_table("budgets")
