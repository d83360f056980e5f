"""Let one task be drawn ahead for each person in a project, beside the one that is open.

Going back gives what was drawn ahead back to the queue: older programs do not know of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_ahead"
down_revision = "2026_11_27_pages"
branch_labels = None
depends_on = None

RESERVED = sa.text("state = 'reserved'")

HELD = """
SELECT COUNT(*) FROM assignments
WHERE assignments.comparison_id = comparisons.id AND state = 'reserved' AND NOT is_repeat
"""
# What there was beside what is wanted goes first, and is wanted of the lane no more.
LANES = f"""
UPDATE lanes SET supply = supply + 1, wanted = wanted - COALESCE((
    SELECT SUM(CASE WHEN is_gold THEN 0 WHEN surplus < ({HELD}) THEN surplus ELSE ({HELD}) END)
    FROM comparisons WHERE comparisons.lane_id = lanes.id
), 0)
WHERE id IN (
    SELECT lane_id FROM comparisons WHERE id IN (
        SELECT comparison_id FROM assignments WHERE state = 'reserved'
    )
)
"""
COMPARISONS = f"""
UPDATE comparisons SET taken = taken - ({HELD}),
    surplus = CASE WHEN surplus < ({HELD}) THEN 0 ELSE surplus - ({HELD}) END
WHERE id IN (SELECT comparison_id FROM assignments WHERE state = 'reserved')
"""
TALLIES = """
UPDATE tallies SET given = given - (
    SELECT COUNT(*) FROM assignments JOIN comparisons ON comparisons.id = comparison_id
    WHERE assignments.person_id = tallies.person_id AND lane_id = tallies.lane_id
    AND state = 'reserved'
)
"""
LAPSED = """
UPDATE assignments SET state = 'expired', closed_at = CURRENT_TIMESTAMP WHERE state = 'reserved'
"""


def upgrade() -> None:
    op.create_index(
        "uq_assignments_reserved",
        "assignments",
        ["project_id", "person_id"],
        unique=True,
        sqlite_where=RESERVED,
        postgresql_where=RESERVED,
    )
    _index_deadlines("state IN ('open', 'reserved')")


def downgrade() -> None:
    for statement in (LANES, COMPARISONS, TALLIES, LAPSED):
        op.execute(statement)
    op.drop_index("uq_assignments_reserved", table_name="assignments")
    _index_deadlines("state = 'open'")


def _index_deadlines(which: str) -> None:
    op.drop_index("ix_assignments_deadline", table_name="assignments")
    op.create_index(
        "ix_assignments_deadline",
        "assignments",
        ["project_id", "deadline"],
        sqlite_where=sa.text(which),
        postgresql_where=sa.text(which),
    )
