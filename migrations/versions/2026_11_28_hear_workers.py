"""Hear workers: their forum, whom they chose to speak for them, what that person says.

Who was chosen, what they said of projects, what owners declined to publish, and evaluations of the
automated systems are appended, never altered. Posts of the forum can be taken back by whoever wrote
them. Older programs know none of it: going back loses it.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_voice"
down_revision = "2026_11_28_put_right"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
APPENDED = ("representatives", "remarks", "declines", "evaluations")


def upgrade() -> None:
    _forum()
    op.create_table(
        "representatives",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", ID, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        _to("representatives", "person_id", "people"),
        _to("representatives", "by_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_representatives")),
    )
    _remarks()
    op.create_table(
        "evaluations",
        sa.Column("id", ID, nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("participants", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("noted_by", ID, nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        _to("evaluations", "noted_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
    )
    for table in APPENDED:
        for verb in ("DELETE", "UPDATE"):
            _refuse(table, verb)


def downgrade() -> None:
    for table in ("evaluations", "declines", "remarks", "representatives", "posts", "topics"):
        op.drop_table(table)


def _forum() -> None:
    op.create_table(
        "topics",
        sa.Column("id", ID, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("opened_by", ID, nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        _to("topics", "opened_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
    )
    op.create_index(op.f("ix_topics_last_at"), "topics", ["last_at"])
    op.create_table(
        "posts",
        sa.Column("id", ID, nullable=False),
        sa.Column("topic_id", ID, nullable=False),
        sa.Column("author_id", ID, nullable=False),
        sa.Column("is_nameless", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        _to("posts", "topic_id", "topics"),
        _to("posts", "author_id", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
    )
    op.create_index(op.f("ix_posts_topic_id"), "posts", ["topic_id"])


def _remarks() -> None:
    op.create_table(
        "remarks",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("written_by", ID, nullable=False),
        sa.Column("written_at", MOMENT, nullable=False),
        _to("remarks", "project_id", "projects"),
        _to("remarks", "written_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remarks")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_remarks_project_id_number")),
    )
    op.create_table(
        "declines",
        sa.Column("remark_id", ID, autoincrement=False, nullable=False),
        sa.Column("declined_by", ID, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("declined_at", MOMENT, nullable=False),
        _to("declines", "remark_id", "remarks"),
        _to("declines", "declined_by", "people"),
        sa.PrimaryKeyConstraint("remark_id", name=op.f("pk_declines")),
    )


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
