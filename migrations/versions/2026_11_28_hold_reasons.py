"""Hold reasons with what looks like personal data until an owner has decided about them.

Clearances are appended, never altered: a release that is made again tells what was decided by its
cut-off. Going back loses them: the events keep what was decided, and older programs leave all such
reasons out.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_clearances"
down_revision = "2026_11_28_leaderboards"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFERS_TO = {
    "project_id": "projects",
    "comparison_id": "comparisons",
    "judgment_id": "judgments",
    "created_by": "people",
}


def upgrade() -> None:
    op.create_table(
        "clearances",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("comparison_id", ID, nullable=False),
        sa.Column("judgment_id", ID, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("fate", sa.String(length=24), nullable=False),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([column], [f"{table}.id"], name=op.f(f"fk_clearances_{column}"))
            for column, table in REFERS_TO.items()
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clearances")),
    )
    op.create_index("ix_clearances_comparison", "clearances", ["comparison_id", "id"])
    op.create_index("ix_clearances_project", "clearances", ["project_id", "id"])
    for verb in ("DELETE", "UPDATE"):
        _refuse("clearances", verb)


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their table.
    op.drop_table("clearances")


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
