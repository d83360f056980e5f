"""Say where people want to be paid and how payout files are laid out.

Both are appended, never altered: whose details changed when must be plain to whoever pays.
Going back loses them: older programs pay nobody.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_destinations"
down_revision = "2026_11_28_worktime"
branch_labels = None
depends_on = None

APPENDED = ("destinations", "payout_layouts")


def upgrade() -> None:
    op.create_table(
        "destinations",
        _key("id"),
        _key("person_id"),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to("destinations", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destinations")),
        sa.UniqueConstraint(
            "person_id",
            "currency",
            "number",
            name=op.f("uq_destinations_person_id_currency_number"),
        ),
    )
    op.create_table(
        "payout_layouts",
        _key("id"),
        _key("project_id"),
        sa.Column("rail", sa.String(length=24), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        _key("made_by"),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        _to("payout_layouts", "made_by", "people"),
        _to("payout_layouts", "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_layouts")),
        sa.UniqueConstraint(
            "project_id", "rail", "number", name=op.f("uq_payout_layouts_project_id_rail_number")
        ),
    )
    for table in APPENDED:
        _refuse(table, "DELETE")
        _refuse(table, "UPDATE")


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their tables.
    for table in APPENDED:
        op.drop_table(table)


def _key(name: str) -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=False)


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


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
