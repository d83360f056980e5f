"""Generate batches: prompts whose answers endpoints are asked for, and what came of them.

Older programs know of none: going back loses what was to become a batch, and how far it was. The
batches that came of it stay.
"""

import sqlalchemy as sa
from alembic import op

revision = "e8a1c0de0002"
down_revision = "e8a1c0de0001"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
STANDING = sa.text("state <> 'cancelled'")


def upgrade() -> None:
    op.create_table(
        "generations",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("earlier_id", ID, nullable=True),
        sa.Column("prompts_of", ID, nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("endpoint_ids", sa.JSON(), nullable=False),
        sa.Column("standing", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("prompts", sa.Integer(), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=True),
        sa.Column("batch_id", ID, nullable=True),
        sa.Column("created_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        _to("generations", "project_id", "projects"),
        _to("generations", "earlier_id", "generations"),
        _to("generations", "prompts_of", "generations"),
        _to("generations", "batch_id", "batches"),
        _to("generations", "created_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generations")),
    )
    op.create_index(
        "uq_generations_standing",
        "generations",
        ["project_id", "digest"],
        unique=True,
        sqlite_where=STANDING,
        postgresql_where=STANDING,
    )
    op.create_table(
        "generation_prompts",
        sa.Column("id", ID, nullable=False),
        sa.Column("generation_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("sensitive", sa.Text(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        _to("generation_prompts", "generation_id", "generations"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generation_prompts")),
        sa.UniqueConstraint(
            "generation_id", "number", name=op.f("uq_generation_prompts_generation_id_number")
        ),
    )
    op.create_table(
        "kept_out",
        sa.Column("id", ID, nullable=False),
        sa.Column("generation_id", ID, nullable=False),
        sa.Column("prompt_id", ID, nullable=False),
        sa.Column("call_id", ID, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        _to("kept_out", "generation_id", "generations"),
        _to("kept_out", "prompt_id", "generation_prompts"),
        _to("kept_out", "call_id", "calls"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_out")),
    )
    op.create_index(op.f("ix_kept_out_generation_id"), "kept_out", ["generation_id"])


def downgrade() -> None:
    op.drop_table("kept_out")
    op.drop_table("generation_prompts")
    op.drop_table("generations")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))
