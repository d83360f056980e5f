"""Spare people what is hard to read, unless they chose it.

Lanes are told apart by their sensitive content, so that the queue can keep it from whoever did not
choose it. Older programs would give it to everybody: where there is any, there is no way back.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_sensitive"
down_revision = "2026_11_28_terms"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
KIND = ("batch_id", "language", "is_gold")
COLUMNS = "id, project_id, batch_id, language, is_gold, comparisons, wanted, supply, spent_at"
UNSPENT = sa.text("spent_at <> supply")


def upgrade() -> None:
    op.create_table(
        "opt_ins",
        sa.Column("person_id", ID, nullable=False),
        sa.Column("levels", sa.Text(), nullable=False),
        sa.Column("stopped_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_opt_ins_person_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_opt_ins")),
    )
    op.add_column(
        "projects", sa.Column("support_contact", sa.Text(), nullable=False, server_default="")
    )
    op.add_column("prompts", sa.Column("sensitive", sa.Text(), nullable=False, server_default=""))
    if _is_sqlite():
        _remake(*KIND, "sensitive")
        return
    op.add_column("lanes", sa.Column("sensitive", sa.Text(), nullable=False, server_default=""))
    op.drop_constraint(op.f(_name(*KIND)), "lanes")
    op.create_unique_constraint(op.f(_name(*KIND, "sensitive")), "lanes", [*KIND, "sensitive"])


def downgrade() -> None:
    hard = op.get_bind().scalar(sa.text("SELECT count(*) FROM lanes WHERE sensitive <> ''"))
    if hard:
        raise RuntimeError("There is sensitive content, which older programs give to everybody.")
    if _is_sqlite():
        _remake(*KIND)
    else:
        op.drop_constraint(op.f(_name(*KIND, "sensitive")), "lanes")
        op.drop_column("lanes", "sensitive")
        op.create_unique_constraint(op.f(_name(*KIND)), "lanes", [*KIND])
    op.drop_column("prompts", "sensitive")
    op.drop_column("projects", "support_contact")
    op.drop_table("opt_ins")


def _is_sqlite() -> bool:
    return op.get_context().dialect.name == "sqlite"


def _name(*kind: str) -> str:
    return f"uq_lanes_{'_'.join(kind)}"


def _remake(*kind: str) -> None:
    """Make the table anew, as SQLite cannot alter what is unique in it.

    What refers to a lane does so to none for a moment, and is looked up when the lane is back.
    """
    op.execute("PRAGMA defer_foreign_keys = ON")
    for table in ("comparisons", "tallies"):
        op.execute(f"CREATE INDEX for_now_{table} ON {table} (lane_id)")
    op.execute(f"CREATE TEMPORARY TABLE kept AS SELECT {COLUMNS} FROM lanes")
    op.execute("DROP TABLE lanes")
    told = [sa.Column("sensitive", sa.Text(), nullable=False, server_default="")]
    op.create_table(
        "lanes",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("batch_id", ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False),
        sa.Column("comparisons", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.BigInteger(), nullable=False),
        sa.Column("supply", sa.BigInteger(), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=False, server_default="-1"),
        *(told if "sensitive" in kind else ()),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name=op.f("fk_lanes_batch_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_lanes_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lanes")),
        sa.UniqueConstraint(*kind, name=op.f(_name(*kind))),
    )
    op.execute(f"INSERT INTO lanes ({COLUMNS}) SELECT {COLUMNS} FROM kept ORDER BY id")
    op.execute("DROP TABLE kept")
    for table in ("comparisons", "tallies"):
        op.execute(f"DROP INDEX for_now_{table}")
    op.create_index(op.f("ix_lanes_project_id"), "lanes", ["project_id"])
    op.create_index(
        "ix_lanes_unspent",
        "lanes",
        ["project_id"],
        sqlite_where=UNSPENT,
        postgresql_where=UNSPENT,
    )
