"""Erase people: keep apart who was paid, as long as pay law asks, and empty where they were paid.

Details of payment stay appended; those of somebody who was erased can be emptied, and nothing else
of them can be changed. Older programs know nobody who was erased: going back loses their names.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_erasure"
down_revision = "2026_11_28_keys"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)
KEPT = ("id", "person_id", "currency", "number", "kind", "created_at")
MESSAGE = "destinations are appended, never altered"
ERASED = "SELECT 1 FROM people WHERE people.id = OLD.person_id AND people.erased_at IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "kept_identities",
        sa.Column("id", ID, nullable=False),
        sa.Column("person_id", ID, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("kept_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name=op.f("fk_kept_identities_person_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_identities")),
        sa.UniqueConstraint("person_id", name=op.f("uq_kept_identities_person_id")),
    )
    if op.get_context().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    op.drop_table("kept_identities")
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER destinations_refuse_update")
        op.execute(
            "CREATE TRIGGER destinations_refuse_update BEFORE UPDATE ON destinations "
            f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
        )
        return
    op.execute("DROP TRIGGER destinations_refuse_update ON destinations")
    op.execute("DROP FUNCTION refuse_unless_erased()")
    op.execute(
        "CREATE TRIGGER destinations_refuse_update BEFORE UPDATE ON destinations "
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    )


def _guard_sqlite() -> None:
    differs = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in KEPT)
    op.execute("DROP TRIGGER destinations_refuse_update")
    op.execute(
        "CREATE TRIGGER destinations_refuse_update BEFORE UPDATE ON destinations "
        f"WHEN {differs} OR NEW.content IS NOT '{{}}' OR NOT EXISTS ({ERASED}) "
        f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
    )


def _guard_postgresql() -> None:
    differs = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in KEPT)
    op.execute(
        "CREATE FUNCTION refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {differs} OR NEW.content::text <> '{{}}' OR NOT EXISTS ({ERASED}) "
        f"THEN RAISE EXCEPTION '{MESSAGE}'; END IF; RETURN NEW; END $$"
    )
    op.execute("DROP TRIGGER destinations_refuse_update ON destinations")
    op.execute(
        "CREATE TRIGGER destinations_refuse_update BEFORE UPDATE ON destinations "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unless_erased()"
    )
