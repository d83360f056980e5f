"""Dispute: proposals to refuse pay, appeals against them, and what else workers object to.

What was proposed and objected to is never edited or removed: it only moves on, and what is decided
or answered stays so. Going back loses all of it; the money stays where the ledger says it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_disputes"
down_revision = "2026_11_28_statements"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STANDS = sa.text("state <> 'dropped'")
KEPT = {
    "refusals": (
        *("id", "project_id", "person_id", "judgment_id", "transfer_id", "code", "evidence"),
        *("proposed_by", "proposed_at"),
    ),
    "disputes": (
        *("id", "project_id", "person_id", "about", "subject", "text"),
        *("opened_at", "answer_until"),
    ),
}
OVER = {"refusals": "OLD.decided_at IS NOT NULL", "disputes": "OLD.answered_at IS NOT NULL"}
MESSAGE = "what was said about pay stays as it was said"


def upgrade() -> None:
    op.create_table(
        "refusals",
        sa.Column("id", ID, nullable=False),
        *(sa.Column(name, ID, nullable=False) for name in ("project_id", "person_id")),
        *(sa.Column(name, ID, nullable=False) for name in ("judgment_id", "transfer_id")),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("decide_until", MOMENT, nullable=False),
        sa.Column("released_by", ID, nullable=True),
        sa.Column("notified_at", MOMENT, nullable=True),
        sa.Column("answer_until", MOMENT, nullable=True),
        sa.Column("appeal", sa.Text(), nullable=False),
        sa.Column("appealed_at", MOMENT, nullable=True),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        _to("refusals", "project_id", "projects"),
        _to("refusals", "person_id", "people"),
        _to("refusals", "judgment_id", "judgments"),
        _to("refusals", "transfer_id", "transfers"),
        _to("refusals", "proposed_by", "people"),
        _to("refusals", "released_by", "people"),
        _to("refusals", "decided_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusals")),
    )
    op.create_index(
        "uq_refusals_transfer_id",
        "refusals",
        ["transfer_id"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )
    op.create_index("ix_refusals_project", "refusals", ["project_id", "state"])
    op.create_index("ix_refusals_person", "refusals", ["person_id", "proposed_at"])
    op.create_table(
        "disputes",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("about", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("answer_until", MOMENT, nullable=False),
        sa.Column("finding", sa.String(length=24), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", ID, nullable=True),
        sa.Column("answered_at", MOMENT, nullable=True),
        _to("disputes", "project_id", "projects"),
        _to("disputes", "person_id", "people"),
        _to("disputes", "answered_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disputes")),
    )
    op.create_index(
        "ix_disputes_project", "disputes", ["project_id", "answered_at", "answer_until"]
    )
    op.create_index("ix_disputes_person", "disputes", ["person_id", "opened_at"])
    if op.get_context().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their tables.
    op.drop_table("disputes")
    op.drop_table("refusals")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_unsay()")


def _guard_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    for table, kept in KEPT.items():
        differs = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in kept)
        op.execute(f"CREATE TRIGGER {table}_refuse_delete BEFORE DELETE ON {table} {refuse}")
        op.execute(
            f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
            f"WHEN {differs} OR {OVER[table]} {refuse}"
        )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION refuse_to_unsay() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN RAISE EXCEPTION '{MESSAGE}'; END $$"
    )
    for table, kept in KEPT.items():
        differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in kept)
        refuse = "EXECUTE FUNCTION refuse_to_unsay()"
        op.execute(
            f"CREATE TRIGGER {table}_refuse_update BEFORE UPDATE ON {table} "
            f"FOR EACH ROW WHEN ({differs} OR {OVER[table]}) {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuse_delete BEFORE DELETE ON {table} FOR EACH ROW {refuse}"
        )
        op.execute(
            f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT {refuse}"
        )


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
