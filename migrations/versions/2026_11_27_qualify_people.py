"""Qualify people by known answers before the work itself, and tell beginners what was right."""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_qualify"
down_revision = "2026_11_27_gold"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "qualifications",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("right", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["people.id"], name=op.f("fk_qualifications_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_qualifications_person_id")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_qualifications_project_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_qualifications")),
        sa.UniqueConstraint(
            "project_id",
            "person_id",
            "attempt",
            name=op.f("uq_qualifications_project_id_person_id_attempt"),
        ),
    )
    op.create_index(
        "uq_qualifications_open",
        "qualifications",
        ["project_id", "person_id"],
        unique=True,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    for name in ("qualification_questions", "qualification_right"):
        op.add_column("projects", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(
        "projects", sa.Column("onboarding", sa.Integer(), nullable=False, server_default="0")
    )
    op.add_column(
        "batches",
        sa.Column("is_qualification", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column("assignments", sa.Column("told_at", sa.DateTime(timezone=True), nullable=True))
    # In one statement, so that SQLite need not copy the whole table.
    kind = "INTEGER" if op.get_context().dialect.name == "sqlite" else "BIGINT"
    op.execute(
        f"ALTER TABLE assignments ADD COLUMN qualification_id {kind} "
        "CONSTRAINT fk_assignments_qualification_id REFERENCES qualifications (id)"
    )


def downgrade() -> None:
    for name in ("qualification_id", "told_at"):
        op.drop_column("assignments", name)
    op.drop_column("batches", "is_qualification")
    for name in ("onboarding", "qualification_right", "qualification_questions"):
        op.drop_column("projects", name)
    op.drop_index("uq_qualifications_open", table_name="qualifications")
    op.drop_table("qualifications")
