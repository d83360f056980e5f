"""Agree to terms: their versions in each language, and who has accepted which.

Both are appended, never altered. Older programs know of no terms: going back loses them.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_terms"
down_revision = "2026_11_28_limits"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "terms",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("published_by", ID, nullable=False),
        sa.Column("published_at", MOMENT, nullable=False),
        sa.Column("holds_from", MOMENT, nullable=False),
        _to("terms", "project_id", "projects"),
        _to("terms", "published_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terms")),
        sa.UniqueConstraint(
            *("project_id", "number", "language"),
            name=op.f("uq_terms_project_id_number_language"),
        ),
    )
    op.create_table(
        "consents",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("agreed_at", MOMENT, nullable=False),
        _to("consents", "project_id", "projects"),
        _to("consents", "person_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
        sa.UniqueConstraint(
            *("project_id", "person_id", "number"),
            name=op.f("uq_consents_project_id_person_id_number"),
        ),
    )
    op.create_index(op.f("ix_consents_person_id"), "consents", ["person_id"])
    for table in ("terms", "consents"):
        for verb in ("DELETE", "UPDATE"):
            _refuse(table, verb)


def downgrade() -> None:
    op.drop_table("consents")
    op.drop_table("terms")


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
