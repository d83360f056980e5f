"""Count as people work: tallies, counts, balances and votes, so that no page counts judgments.

What people have done so far is counted here once, from the judgments and transfers themselves.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_24"
down_revision = "2026_11_23"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

DAY = "CAST(date(judgments.created_at) AS TEXT)"
ACCEPTED = "judgments.is_current AND judgments.state = 'accepted'"
COUNTED = f"{ACCEPTED} AND judgments.gold_right IS NULL"

# Votes are counted in ten bits for each label: response 0, response 1, tie, both bad.
VOTES = f"""
UPDATE comparisons SET votes = COALESCE((
    SELECT SUM(CASE verdict WHEN 'tie' THEN 1048576 WHEN 'both_bad' THEN 1073741824
               ELSE CASE preferred WHEN 0 THEN 1 ELSE 1024 END END)
    FROM judgments WHERE judgments.comparison_id = comparisons.id AND {COUNTED}
), 0)
"""

BALANCES = """
UPDATE accounts SET balance_minor = COALESCE((
    SELECT SUM(amount_minor) FROM transfers WHERE to_account_id = accounts.id
), 0) WHERE kind = 'earned'
"""

COSTS = """
INSERT INTO accounts (project_id, kind, currency, balance_minor)
SELECT id, 'project_cost', currency, 0 FROM projects WHERE NOT EXISTS (
    SELECT 1 FROM accounts WHERE project_id = projects.id AND kind = 'project_cost'
    AND accounts.currency = projects.currency
)
"""

TALLIES = """
INSERT INTO tallies (person_id, lane_id, project_id, given, skipped, judged, counted, gold,
                     gold_right, chose_a, chose_side, empty_at)
SELECT assignments.person_id, comparisons.lane_id, assignments.project_id,
    SUM(CASE WHEN assignments.state IN ('open', 'judged') THEN 1 ELSE 0 END),
    SUM(CASE WHEN assignments.state = 'skipped' THEN 1 ELSE 0 END),
    COUNT(judgments.id),
    SUM(CASE WHEN judgments.state = 'accepted' AND judgments.gold_right IS NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN judgments.gold_right IS NOT NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN judgments.gold_right THEN 1 ELSE 0 END),
    SUM(CASE WHEN judgments.place = 0 THEN 1 ELSE 0 END),
    SUM(CASE WHEN judgments.place IS NOT NULL THEN 1 ELSE 0 END),
    -1
FROM assignments JOIN comparisons ON comparisons.id = assignments.comparison_id
LEFT JOIN judgments ON judgments.assignment_id = assignments.id AND judgments.is_current
GROUP BY assignments.person_id, comparisons.lane_id, assignments.project_id
"""

# A duration is cut to its first two digits.
STEP = (
    "CASE "
    + " ".join(f"WHEN duration_ms < {10 ** (n + 2)} THEN {10**n}" for n in range(16))
    + f" ELSE {10**16} END"
)
COUNTS = {
    "judged_on": f"SELECT project_id, {DAY}, 0, COUNT(*) FROM judgments WHERE is_current",
    "counted_on": f"SELECT project_id, {DAY}, 0, COUNT(*) FROM judgments WHERE {COUNTED}",
    "spent_on": f"SELECT judgments.project_id, {DAY}, 0, SUM(pay_minor) FROM judgments "
    "JOIN assignments ON assignments.id = assignment_id WHERE version = 1 AND pay_minor > 0",
    "took": f"SELECT project_id, CAST(duration_ms / ({STEP}) * ({STEP}) AS TEXT), person_id, "
    "COUNT(*) FROM judgments WHERE is_current",
    "said": "SELECT project_id, CAST(rubric_number AS TEXT) || ':' || "
    f"COALESCE(CAST(step AS TEXT), verdict), 0, COUNT(*) FROM judgments WHERE {ACCEPTED}",
    # The week in which votes came is not told apart for the past: Monday 0 is none.
    "votes": "SELECT project_id, '0:0:' || CAST(votes AS TEXT), 0, COUNT(*) "
    "FROM comparisons WHERE votes > 0",
}


def upgrade() -> None:
    op.create_table(
        "tallies",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("lane_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("judged", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=False),
        sa.Column("gold", sa.Integer(), nullable=False),
        sa.Column("gold_right", sa.Integer(), nullable=False),
        sa.Column("chose_a", sa.Integer(), nullable=False),
        sa.Column("chose_side", sa.Integer(), nullable=False),
        sa.Column("empty_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["lane_id"], ["lanes.id"], name=op.f("fk_tallies_lane_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tallies_person_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_tallies_project_id")
        ),
        sa.PrimaryKeyConstraint("person_id", "lane_id", name=op.f("pk_tallies")),
    )
    op.create_index("ix_tallies_project", "tallies", ["project_id", "person_id"], unique=False)
    op.create_table(
        "counts",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("shard", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_counts_project_id")),
        sa.PrimaryKeyConstraint("project_id", "topic", "key", "shard", name=op.f("pk_counts")),
    )
    zero = sa.text("0")
    op.add_column(
        "comparisons", sa.Column("votes", sa.BigInteger(), nullable=False, server_default=zero)
    )
    op.add_column(
        "accounts", sa.Column("balance_minor", sa.BigInteger(), nullable=False, server_default=zero)
    )
    for statement in (VOTES, BALANCES, COSTS, TALLIES):
        op.execute(statement)
    for topic, select in COUNTS.items():
        groups = "1, 2, 3"
        op.execute(
            "INSERT INTO counts (topic, project_id, key, shard, n) "
            f"SELECT '{topic}', found.* FROM ({select} GROUP BY {groups}) AS found"
        )


def downgrade() -> None:
    op.drop_column("accounts", "balance_minor")
    op.drop_column("comparisons", "votes")
    op.drop_table("counts")
    op.drop_index("ix_tallies_project", table_name="tallies")
    op.drop_table("tallies")
