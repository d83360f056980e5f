"""Pay people in runs: a draft that a second person approves, one file, and what became of it.

The file is appended, never altered: what is downloaded again is the same. Going back loses runs,
and leaves the money of those that are open in flight: settle them first.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_runs"
down_revision = "2026_11_28_destinations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pay_runs",
        _key("id", nullable=False),
        _key("project_id", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rail", sa.String(length=24), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("pay_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        _key("made_by", nullable=False),
        _moment("made_at", nullable=False),
        _key("approved_by"),
        _moment("approved_at"),
        _key("filed_by"),
        _moment("filed_at"),
        _key("sent_by"),
        _moment("sent_at"),
        _moment("closed_at"),
        _to("pay_runs", "project_id", "projects"),
        *(_to("pay_runs", f"{did}_by", "people") for did in ("made", "approved", "filed", "sent")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pay_runs")),
    )
    op.create_index(op.f("ix_pay_runs_project_id"), "pay_runs", ["project_id"])
    op.create_table(
        "payouts",
        _key("id", nullable=False),
        _key("run_id", nullable=False),
        _key("project_id", nullable=False),
        _key("person_id", nullable=False),
        _key("destination_id"),
        sa.Column("currency", sa.Text(), nullable=False),
        *(
            sa.Column(f"{name}_minor", sa.BigInteger(), nullable=False)
            for name in ("amount", "carried", "disputed")
        ),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("held", sa.String(length=24), nullable=True),
        _key("released_by"),
        _moment("released_at"),
        sa.Column("released_reason", sa.Text(), nullable=True),
        _moment("settled_at"),
        sa.Column("note", sa.Text(), nullable=True),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_payouts_amount")),
        _to("payouts", "destination_id", "destinations"),
        _to("payouts", "person_id", "people"),
        _to("payouts", "project_id", "projects"),
        _to("payouts", "released_by", "people"),
        _to("payouts", "run_id", "pay_runs"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payouts")),
        sa.UniqueConstraint("run_id", "person_id", name=op.f("uq_payouts_run_id_person_id")),
    )
    op.create_index(op.f("ix_payouts_person_id"), "payouts", ["person_id"])
    op.create_table(
        "payout_files",
        _key("run_id", nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        _moment("made_at", nullable=False),
        _to("payout_files", "run_id", "pay_runs"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_payout_files")),
    )
    for verb in ("DELETE", "UPDATE"):
        _refuse("payout_files", verb)


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their tables.
    for table in ("payout_files", "payouts", "pay_runs"):
        op.drop_table(table)


def _key(name: str, *, nullable: bool = True) -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=nullable)


def _moment(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


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
