"""Put right: proposals to take back what was booked in error, which a second person agrees to.

What was proposed is never edited or removed, and what is decided stays so. Going back loses the
proposals; what was taken back stays in the ledger.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_put_right"
down_revision = "2026_11_28_erasure"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KEPT = (
    *("id", "project_id", "person_id", "currency", "amount_minor", "reason"),
    *("proposed_by", "proposed_at"),
)
OVER = "OLD.decided_at IS NOT NULL"
MESSAGE = "what was said about pay stays as it was said"


def upgrade() -> None:
    op.create_table(
        "corrections",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", ID, nullable=False),
        sa.Column("proposed_at", MOMENT, nullable=False),
        sa.Column("is_agreed", sa.Boolean(), nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        _to("project_id", "projects"),
        _to("person_id", "people"),
        _to("proposed_by", "people"),
        _to("decided_by", "people"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_corrections_amount")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_project", "corrections", ["project_id", "decided_at"])
    op.create_index("ix_corrections_person", "corrections", ["person_id", "decided_at"])
    if op.get_context().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    op.drop_table("corrections")


def _guard_sqlite() -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    differs = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
    op.execute(f"CREATE TRIGGER corrections_refuse_delete BEFORE DELETE ON corrections {refuse}")
    op.execute(
        "CREATE TRIGGER corrections_refuse_update BEFORE UPDATE ON corrections "
        f"WHEN {differs} OR {OVER} {refuse}"
    )


def _guard_postgresql() -> None:
    differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    refuse = "EXECUTE FUNCTION refuse_to_unsay()"
    op.execute(
        "CREATE TRIGGER corrections_refuse_update BEFORE UPDATE ON corrections "
        f"FOR EACH ROW WHEN ({differs} OR {OVER}) {refuse}"
    )
    op.execute(
        f"CREATE TRIGGER corrections_refuse_delete BEFORE DELETE ON corrections "
        f"FOR EACH ROW {refuse}"
    )
    op.execute(
        "CREATE TRIGGER corrections_refuse_truncate BEFORE TRUNCATE ON corrections "
        f"FOR EACH STATEMENT {refuse}"
    )


def _to(column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_corrections_{column}"))
