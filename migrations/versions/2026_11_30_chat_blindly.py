"""Let people chat with two unnamed models: rules, conversations, turns, and visitors by link.

A turn keeps both calls, the order in which its answers stand, and what was promised for judging it.
A turn that is drawn again keeps a row for each draw.
"""

import sqlalchemy as sa
from alembic import op

revision = "e8a1c0de0003"
down_revision = "e8a1c0de0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _rules()
    _conversations()
    _turns()
    _visits()


def downgrade() -> None:
    for table in ("visits", "chat_links", "turns", "conversations", "chat_rules"):
        op.drop_table(table)


def _rules() -> None:
    op.create_table(
        "chat_rules",
        sa.Column("project_id", ID, nullable=False),
        sa.Column("endpoints", sa.JSON(), nullable=False),
        sa.Column("vote", sa.String(24), nullable=False),
        sa.Column("goes_on", sa.String(24), nullable=False),
        sa.Column("most_turns", sa.Integer(), nullable=False),
        sa.Column("further", sa.Integer(), nullable=False),
        sa.Column("per_visitor", sa.Integer(), nullable=False),
        sa.Column("per_day", sa.Integer(), nullable=False),
        sa.Column("set_by", ID, nullable=False),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.CheckConstraint("most_turns BETWEEN 1 AND 50", name=op.f("ck_chat_rules_turns")),
        sa.CheckConstraint("further BETWEEN 0 AND 99", name=op.f("ck_chat_rules_further")),
        _refers("chat_rules", "project_id", "projects"),
        _refers("chat_rules", "set_by", "people"),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_chat_rules")),
    )


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("vote", sa.String(24), nullable=False),
        sa.Column("goes_on", sa.String(24), nullable=False),
        sa.Column("most_turns", sa.Integer(), nullable=False),
        sa.Column("further", sa.Integer(), nullable=False),
        sa.Column("first_id", ID, nullable=False),
        sa.Column("second_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("revealed_at", MOMENT, nullable=True),
        _refers("conversations", "project_id", "projects"),
        _refers("conversations", "person_id", "people"),
        _refers("conversations", "first_id", "endpoints"),
        _refers("conversations", "second_id", "endpoints"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_conversations_open",
        "conversations",
        ["project_id", "person_id"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    op.create_index("ix_conversations_person", "conversations", ["person_id", "id"])
    op.create_index("ix_conversations_project", "conversations", ["project_id", "id"])


def _turns() -> None:
    op.create_table(
        "turns",
        sa.Column("id", ID, nullable=False),
        sa.Column("conversation_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("draw", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_call_id", ID, nullable=False),
        sa.Column("second_call_id", ID, nullable=False),
        sa.Column("places", sa.JSON(), nullable=False),
        sa.Column("guideline_number", sa.Integer(), nullable=False),
        sa.Column("rubric_number", sa.Integer(), nullable=False),
        sa.Column("pay_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("rate_id", ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("superseded_at", MOMENT, nullable=True),
        sa.Column("goes_on", sa.Integer(), nullable=True),
        sa.Column("is_lot", sa.Boolean(), nullable=False),
        sa.Column("assignment_id", ID, nullable=True),
        _refers("turns", "conversation_id", "conversations"),
        _refers("turns", "first_call_id", "calls"),
        _refers("turns", "second_call_id", "calls"),
        _refers("turns", "rate_id", "rates"),
        _refers("turns", "assignment_id", "assignments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_turns")),
        sa.UniqueConstraint(
            "conversation_id", "number", "draw", name=op.f("uq_turns_conversation_id_number_draw")
        ),
        sa.UniqueConstraint("key", name=op.f("uq_turns_key")),
        sa.UniqueConstraint("assignment_id", name=op.f("uq_turns_assignment_id")),
    )
    is_current = sa.text("superseded_at IS NULL")
    op.create_index(
        "uq_turns_current",
        "turns",
        ["conversation_id", "number"],
        unique=True,
        sqlite_where=is_current,
        postgresql_where=is_current,
    )


def _visits() -> None:
    op.create_table(
        "chat_links",
        sa.Column("id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("secret_digest", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("made_by", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT, nullable=True),
        _refers("chat_links", "project_id", "projects"),
        _refers("chat_links", "made_by", "people"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_links")),
        sa.UniqueConstraint("secret_digest", name=op.f("uq_chat_links_secret_digest")),
    )
    op.create_index("ix_chat_links_project", "chat_links", ["project_id", "id"])
    op.create_table(
        "visits",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("link_id", ID, nullable=False),
        sa.Column("project_id", ID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("forgotten_at", MOMENT, nullable=True),
        _refers("visits", "person_id", "people"),
        _refers("visits", "link_id", "chat_links"),
        _refers("visits", "project_id", "projects"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("person_id", name=op.f("uq_visits_person_id")),
    )
    op.create_index("ix_visits_link_id", "visits", ["link_id"])
    op.create_index("ix_visits_project", "visits", ["project_id", "created_at"])


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name)
