"""Cite wages: a dated, replaceable table of what work pays at least, or ought to, by place.

References are appended, never altered: what was reckoned by an old one has to stay explained.
Going back loses them; the command that loads them brings them again.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_wages"
down_revision = "2026_11_28_money"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLE = "wage_references"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("id", KEY, nullable=False),
        *(_text(name) for name in ("ref_id", "country", "region")),
        _word("kind"),
        _text("methodology"),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _text("currency"),
        _word("period"),
        sa.Column("payments_per_year", sa.Integer(), nullable=True),
        sa.Column("hours_basis", sa.Integer(), nullable=True),
        *(_text(name) for name in ("basis_note", "gross_or_net")),
        sa.Column("includes_housing", sa.Boolean(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("observed_on", sa.Date(), nullable=False),
        *(_text(name) for name in ("source_title", "source_url")),
        _word("confidence"),
        sa.Column("entered_by", KEY, nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["entered_by"], ["people.id"], name=op.f("fk_wage_references_entered_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wage_references")),
        sa.UniqueConstraint("ref_id", name=op.f("uq_wage_references_ref_id")),
    )
    op.create_index("ix_wage_references_country", TABLE, ["country", "kind", "valid_from"])
    for verb in ("DELETE", "UPDATE"):
        _refuse(verb)


def downgrade() -> None:
    # On PostgreSQL as on SQLite the triggers go with their table.
    op.drop_table(TABLE)


def _text(name: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False)


def _word(name: str) -> sa.Column:
    return sa.Column(name, sa.String(length=24), nullable=False)


def _refuse(verb: str) -> None:
    name = f"{TABLE}_refuse_{verb.lower()}"
    if op.get_context().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} are appended, never altered'); END"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {verb} ON {TABLE} "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    )
    if verb == "DELETE":
        op.execute(
            f"CREATE TRIGGER {TABLE}_refuse_truncate BEFORE TRUNCATE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter()"
        )
