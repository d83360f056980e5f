"""Know whence the answer of gold is known, and let an answer that was wrong be unscored."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_gold"
down_revision = "2026_11_27_reviews"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

UNSCORED = """
SELECT COUNT(*) FROM judgments
JOIN comparisons ON comparisons.id = judgments.comparison_id
JOIN golds ON golds.comparison_id = judgments.comparison_id
WHERE judgments.person_id = tallies.person_id AND comparisons.lane_id = tallies.lane_id
AND judgments.is_current AND golds.unscored_at IS NOT NULL
"""
SCORED = f"""
UPDATE tallies SET gold = gold + ({UNSCORED}),
    gold_right = gold_right + ({UNSCORED} AND judgments.gold_right)
"""
CLOSED = "SELECT comparison_id FROM golds WHERE unscored_at IS NOT NULL"
LANES = f"""
UPDATE lanes SET supply = supply + 1
WHERE id IN (SELECT lane_id FROM comparisons WHERE id IN ({CLOSED}))
"""
OPENED = f"""
UPDATE comparisons SET wanted = 2147483647, surplus = 0, withdrawn_at = NULL WHERE id IN ({CLOSED})
"""


def upgrade() -> None:
    with op.batch_alter_table("golds") as golds:
        golds.add_column(
            sa.Column("source", sa.String(length=24), nullable=False, server_default="loaded")
        )
        golds.add_column(sa.Column("copied_from_id", ID, nullable=True))
        golds.add_column(sa.Column("unscored_at", sa.DateTime(timezone=True), nullable=True))
        golds.add_column(sa.Column("unscored_by", ID, nullable=True))
        golds.add_column(sa.Column("unscored_reason", sa.Text(), nullable=True))
        golds.create_foreign_key(
            op.f("fk_golds_copied_from_id"), "comparisons", ["copied_from_id"], ["id"]
        )
        golds.create_foreign_key(op.f("fk_golds_unscored_by"), "people", ["unscored_by"], ["id"])
        golds.create_unique_constraint(op.f("uq_golds_copied_from_id"), ["copied_from_id"])


def downgrade() -> None:
    # Older programs score every known answer, and give it to everybody.
    for statement in (SCORED, LANES, OPENED):
        op.execute(statement)
    with op.batch_alter_table("golds") as golds:
        golds.drop_constraint(op.f("uq_golds_copied_from_id"), type_="unique")
        golds.drop_constraint(op.f("fk_golds_unscored_by"), type_="foreignkey")
        golds.drop_constraint(op.f("fk_golds_copied_from_id"), type_="foreignkey")
        for name in ("unscored_reason", "unscored_by", "unscored_at", "copied_from_id", "source"):
            golds.drop_column(name)
