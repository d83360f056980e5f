"""Review judgments: a queue of what wants a person's look, its threads, and what was adjudicated.

Comments and adjudications are appended, never altered; the database guards them like judgments.
What is sent back to its author may be changed after the project's window, so assignments say it.
Going back loses all of it: older programs know of no reviews.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_27_reviews"
down_revision = "2026_11_27_snapshots"
branch_labels = None
depends_on = None

APPENDED = ("adjudications", "comments")
NOT_CLOSED = sa.text("state <> 'closed'")
WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.create_table(
        "adjudications",
        _key("id", nullable=False),
        _key("project_id", nullable=False),
        _key("comparison_id", nullable=False),
        sa.Column("verdict", sa.String(length=24), nullable=False),
        sa.Column("preferred", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        _key("created_by", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to("adjudications", "comparison_id", "comparisons"),
        _to("adjudications", "created_by", "people"),
        _to("adjudications", "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adjudications")),
    )
    op.create_index("ix_adjudications_comparison", "adjudications", ["comparison_id", "id"])
    op.create_index("ix_adjudications_project", "adjudications", ["project_id", "created_at"])
    op.create_table(
        "reviews",
        _key("id", nullable=False),
        _key("project_id", nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        _key("comparison_id"),
        _key("judgment_id"),
        _key("person_id"),
        _key("asked_about_id"),
        _key("sent_back_id"),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("reason", sa.JSON(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        _key("opened_by"),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        _key("closed_by"),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=24), nullable=True),
        _to("reviews", "asked_about_id", "reviews"),
        _to("reviews", "closed_by", "people"),
        _to("reviews", "comparison_id", "comparisons"),
        _to("reviews", "judgment_id", "judgments"),
        _to("reviews", "opened_by", "people"),
        _to("reviews", "person_id", "people"),
        _to("reviews", "project_id", "projects"),
        _to("reviews", "sent_back_id", "judgments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
    )
    op.create_index(
        "uq_reviews_open",
        "reviews",
        ["project_id", "kind", "subject"],
        unique=True,
        sqlite_where=NOT_CLOSED,
        postgresql_where=NOT_CLOSED,
    )
    op.create_index(
        "uq_reviews_sent_back",
        "reviews",
        ["sent_back_id"],
        unique=True,
        sqlite_where=WAITING,
        postgresql_where=WAITING,
    )
    for name in ("asked_about_id", "comparison_id", "judgment_id", "person_id"):
        op.create_index(op.f(f"ix_reviews_{name}"), "reviews", [name])
    op.create_table(
        "comments",
        _key("id", nullable=False),
        _key("review_id", nullable=False),
        _key("person_id", nullable=False),
        _key("author_id"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _to("comments", "author_id", "people"),
        _to("comments", "person_id", "people"),
        _to("comments", "review_id", "reviews"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    for name in ("author_id", "review_id"):
        op.create_index(op.f(f"ix_comments_{name}"), "comments", [name])
    for table in APPENDED:
        _refuse(table, "DELETE")
        _refuse(table, "UPDATE")
    op.add_column(
        "assignments", sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("assignments", "sent_back_at")
    # On PostgreSQL as on SQLite the triggers go with their tables.
    for table in ("comments", "reviews", "adjudications"):
        op.drop_table(table)


def _key(name: str, *, nullable: bool = True) -> sa.Column:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=nullable)


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
