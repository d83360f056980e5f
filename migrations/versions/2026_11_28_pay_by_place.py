"""Pay by place: rates in numbered versions, and where people work.

What each project pays becomes its first rate, for everywhere; that it promised no hourly floor is
said as a floor of nothing. Work that was given out before names no rate. Going back loses where
people work and all rates; each project keeps paying what its newest rate for everywhere says.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_rates"
down_revision = "2026_11_28_wages"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFERENCES = {
    "project_id": "projects",
    "wage_reference_id": "wage_references",
    "published_by": "people",
}


def upgrade() -> None:
    op.create_table(
        "rates",
        sa.Column("id", KEY, nullable=False),
        sa.Column("project_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("model", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("per_judgment_minor", "hour_minor", "allowance_minor")
        ),
        sa.Column("wage_reference_id", KEY, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("published_by", KEY, nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_rates_{column}"))
            for column, other in REFERENCES.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rates")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_rates_project_id_number")),
    )
    op.create_index("ix_rates_place", "rates", ["project_id", "place", "number"])
    op.execute(
        "INSERT INTO rates (project_id, number, place, model, currency, per_judgment_minor,"
        " hour_minor, allowance_minor, reason, published_by, published_at)"
        " SELECT id, 1, '', 'floor', currency, pay_minor, 0, 0, '', created_by, created_at"
        " FROM projects ORDER BY id"
    )
    for verb in ("DELETE", "UPDATE"):
        _refuse("rates", verb)
    # What was spent by day is counted in each currency.
    op.execute(
        "UPDATE counts SET key = key || ':' || (SELECT currency FROM projects"
        " WHERE projects.id = counts.project_id) WHERE topic = 'spent_on'"
    )
    op.add_column("memberships", sa.Column("place", sa.Text(), nullable=False, server_default=""))
    # In one statement, so that SQLite need not copy the whole table.
    kind = "INTEGER" if op.get_context().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE assignments ADD COLUMN rate_id {kind} "
        "CONSTRAINT fk_assignments_rate_id REFERENCES rates (id)"
    )


def downgrade() -> None:
    # Older programs count all that was paid as if it were of the project's currency.
    op.execute(
        "CREATE TEMPORARY TABLE spent AS SELECT project_id, substr(key, 1, 10) AS key, shard,"
        " CAST(sum(n) AS BIGINT) AS n FROM counts WHERE topic = 'spent_on'"
        " GROUP BY project_id, substr(key, 1, 10), shard"
    )
    op.execute("DELETE FROM counts WHERE topic = 'spent_on'")
    op.execute(
        "INSERT INTO counts (project_id, topic, key, shard, n)"
        " SELECT project_id, 'spent_on', key, shard, n FROM spent"
    )
    op.execute("DROP TABLE spent")
    op.drop_column("assignments", "rate_id")
    op.drop_column("memberships", "place")
    # On PostgreSQL as on SQLite the triggers go with their table.
    op.drop_table("rates")


def _refuse(table: str, verb: str) -> None:
    name = f"{table}_refuse_{verb.lower()}"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} are appended, never altered'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    )
    if verb == "DELETE":
        op.execute(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter()"
        )
