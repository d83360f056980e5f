"""Ask models: endpoints by version, what is asked of them, how fast, and for how much.

A call is one row from the wish to the answer, so that it is never paid for twice. Older programs
know of none: what was drawn stays in the batches that were made of it, going back loses the rest.
"""

import sqlalchemy as sa
from alembic import op

revision = "e8a1c0de0001"
down_revision = "2026_11_28_jobs"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
CURRENT = sa.text("is_current")
WAITING = sa.text("state = 'waiting'")
TAKEN = sa.text("taken_by IS NOT NULL")


def upgrade() -> None:
    op.add_column(
        "projects",
        sa.Column("models_from", sa.String(length=24), nullable=False, server_default="anywhere"),
    )
    _endpoints()
    _calls()
    op.create_table(
        "purses",
        sa.Column("kin", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("budget_micro", sa.BigInteger(), nullable=False),
        sa.Column("spent_micro", sa.BigInteger(), nullable=False),
        sa.Column("aside_micro", sa.BigInteger(), nullable=False),
        sa.Column("stopped", sa.String(length=24), nullable=True),
        sa.Column("stopped_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("kin", name=op.f("pk_purses")),
    )


def downgrade() -> None:
    for table in ("purses", "calls", "endpoint_lines", "endpoints"):
        op.drop_table(table)
    op.drop_column("projects", "models_from")


def _endpoints() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("profile", sa.JSON(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("archived_at", MOMENT, nullable=True),
        sa.Column("created_by", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        _to("endpoints", "created_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.UniqueConstraint("name", "version", name=op.f("uq_endpoints_name_version")),
    )
    op.create_index(
        "uq_endpoints_current",
        "endpoints",
        ["name"],
        unique=True,
        sqlite_where=CURRENT,
        postgresql_where=CURRENT,
    )
    op.create_table(
        "endpoint_lines",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("concurrent", sa.Integer(), nullable=False),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("next_at", MOMENT, nullable=True),
        sa.Column("rests_until", MOMENT, nullable=True),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_endpoint_lines")),
    )


def _calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("endpoint_id", ID, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("kin", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("sampling", sa.JSON(), nullable=True),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("silences", sa.Integer(), nullable=False),
        sa.Column("due_at", MOMENT, nullable=False),
        sa.Column("taken_at", MOMENT, nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("heartbeat_at", MOMENT, nullable=True),
        sa.Column("aside_micro", sa.BigInteger(), nullable=False),
        *_answer(),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _to("calls", "project_id", "projects"),
        _to("calls", "endpoint_id", "endpoints"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("key", name=op.f("uq_calls_key")),
    )
    op.create_index(op.f("ix_calls_project_id"), "calls", ["project_id"])
    op.create_index(op.f("ix_calls_kin"), "calls", ["kin"])
    op.create_index(
        "ix_calls_waiting",
        "calls",
        ["line", "priority", "id"],
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    op.create_index("ix_calls_taken", "calls", ["line"], sqlite_where=TAKEN, postgresql_where=TAKEN)


def _answer() -> list[sa.Column[object]]:
    return [
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("thinking", sa.Text(), nullable=True),
        sa.Column("finish_reason", sa.Text(), nullable=True),
        sa.Column("cost_micro", sa.BigInteger(), nullable=False),
        sa.Column("wasted_micro", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=True),
        sa.Column("output_tokens", sa.Integer(), nullable=True),
        sa.Column("latency_ms", sa.Integer(), nullable=True),
        sa.Column("origin", sa.JSON(), nullable=True),
        sa.Column("fault", sa.JSON(), nullable=True),
    ]


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name)
