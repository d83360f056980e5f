"""Count working time: intervals that were worked, which pay by the hour and its floor rest on.

An interval may grow while its page is open, and be withdrawn by who added it; the database refuses
everything else. Going back loses all of it: older programs know of no time.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_worktime"
down_revision = "2026_11_28_budgets"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
ON_PAGE = sa.text("page IS NOT NULL")
OF_TASK = sa.text("assignment_id IS NOT NULL")
KEPT = (
    *("id", "project_id", "person_id", "assignment_id", "kind", "source"),
    *("started_at", "page", "note"),
)
MESSAGE = "intervals grow, and never shrink or change"


def upgrade() -> None:
    op.create_table(
        "intervals",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("assignment_id", ID, nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("source", sa.String(length=24), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("touched_at", MOMENT, nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("flag", sa.String(length=24), nullable=True),
        sa.Column("withdrawn_at", MOMENT, nullable=True),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_intervals_order")),
        _to("assignment_id", "assignments"),
        _to("person_id", "people"),
        _to("project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intervals")),
    )
    op.create_index("ix_intervals_person", "intervals", ["person_id", "ended_at"])
    op.create_index("ix_intervals_project", "intervals", ["project_id", "person_id", "ended_at"])
    for name, column, where in (
        ("ix_intervals_page", "page", ON_PAGE),
        ("ix_intervals_task", "assignment_id", OF_TASK),
    ):
        op.create_index(name, "intervals", [column], sqlite_where=where, postgresql_where=where)
    if op.get_context().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their table.
    op.drop_table("intervals")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_shrink()")


def _guard_sqlite() -> None:
    differs = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    op.execute(f"CREATE TRIGGER intervals_refuse_delete BEFORE DELETE ON intervals {refuse}")
    op.execute(
        f"CREATE TRIGGER intervals_refuse_update BEFORE UPDATE ON intervals WHEN {differs} "
        f"OR NEW.ended_at < OLD.ended_at OR OLD.withdrawn_at IS NOT NULL {refuse}"
    )


def _guard_postgresql() -> None:
    differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    op.execute(
        "CREATE FUNCTION refuse_to_shrink() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER intervals_refuse_update BEFORE UPDATE ON intervals FOR EACH ROW "
        f"WHEN ({differs} OR NEW.ended_at < OLD.ended_at OR OLD.withdrawn_at IS NOT NULL) "
        "EXECUTE FUNCTION refuse_to_shrink()"
    )
    op.execute(
        "CREATE TRIGGER intervals_refuse_delete BEFORE DELETE ON intervals "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_shrink()"
    )
    op.execute(
        "CREATE TRIGGER intervals_refuse_truncate BEFORE TRUNCATE ON intervals "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_shrink()"
    )


def _to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_intervals_{column}"))
