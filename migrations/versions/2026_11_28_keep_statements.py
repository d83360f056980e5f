"""Keep statements: what each person earned in a month, as it was told to them.

They are appended, never altered. Older programs know of none: going back loses them, and the months
that are over are not told again.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_statements"
down_revision = "2026_11_28_runs"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "statements",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_statements_person_id")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_statements_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint(
            "project_id",
            "person_id",
            "currency",
            "month",
            name=op.f("uq_statements_project_id_person_id_currency_month"),
        ),
    )
    op.create_index(op.f("ix_statements_person_id"), "statements", ["person_id"])
    for verb in ("DELETE", "UPDATE"):
        _refuse(verb)


def downgrade() -> None:
    op.drop_table("statements")


def _refuse(verb: str) -> None:
    name = f"statements_refuse_{verb.lower()}"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON statements "
            "BEGIN SELECT RAISE(ABORT, 'statements are appended, never altered'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON statements "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    )
    if verb == "DELETE":
        op.execute(
            "CREATE TRIGGER statements_refuse_truncate BEFORE TRUNCATE ON statements "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter()"
        )
