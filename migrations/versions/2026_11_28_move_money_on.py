"""Move money on: accounts for what is due, held, on its way and paid, and seals on the ledger.

What was earned is pending from now on. Transfers say why they were made, about which one and by
whom. The database refuses a transfer that does not fit its accounts, whose accounts it lets nobody
rename or remove, and an account of a person below zero.

Going back keeps every transfer, but not who made it and why; older programs see what came in.
"""

import sqlalchemy as sa
from alembic import op

revision = "2026_11_28_money"
down_revision = "2026_11_27_qualify"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
IS_ABOUT = sa.text("about_id IS NOT NULL")
UNFIT = "a transfer does not fit its accounts"
FITS = """
SELECT 1 FROM accounts giver JOIN accounts taker ON taker.id = NEW.to_account_id
WHERE giver.id = NEW.from_account_id AND giver.currency = NEW.currency
AND taker.currency = NEW.currency AND giver.project_id = NEW.project_id
AND taker.project_id = NEW.project_id
"""
SQLITE = (
    (
        f"CREATE TRIGGER transfers_fit BEFORE INSERT ON transfers WHEN NOT EXISTS ({FITS}) "
        f"BEGIN SELECT RAISE(ABORT, '{UNFIT}'); END"
    ),
    (
        "CREATE TRIGGER accounts_stay BEFORE UPDATE OF id, project_id, person_id, kind, currency "
        "ON accounts BEGIN SELECT RAISE(ABORT, 'accounts stay as they are'); END"
    ),
    (
        "CREATE TRIGGER accounts_are_kept BEFORE DELETE ON accounts "
        "BEGIN SELECT RAISE(ABORT, 'accounts stay as they are'); END"
    ),
    (
        "CREATE TRIGGER accounts_not_below_zero BEFORE UPDATE OF balance_minor ON accounts "
        "WHEN NEW.person_id IS NOT NULL "
        "AND (NEW.balance_minor < 0 OR typeof(NEW.balance_minor) <> 'integer') "
        "BEGIN SELECT RAISE(ABORT, 'an account of a person goes below zero or out of bounds'); END"
    ),
)
POSTGRESQL = (
    (
        "CREATE FUNCTION refuse_unfit_transfer() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF NOT EXISTS ({FITS}) THEN RAISE EXCEPTION '{UNFIT}'; END IF; RETURN NEW; END $$"
    ),
    (
        "CREATE TRIGGER transfers_fit BEFORE INSERT ON transfers "
        "FOR EACH ROW EXECUTE FUNCTION refuse_unfit_transfer()"
    ),
    (
        "CREATE FUNCTION refuse_other_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'accounts stay as they are'; END $$"
    ),
    (
        "CREATE TRIGGER accounts_stay BEFORE UPDATE OF id, project_id, person_id, kind, currency "
        "ON accounts FOR EACH ROW EXECUTE FUNCTION refuse_other_account()"
    ),
    (
        "CREATE TRIGGER accounts_are_kept BEFORE DELETE ON accounts "
        "FOR EACH ROW EXECUTE FUNCTION refuse_other_account()"
    ),
    (
        "CREATE FUNCTION refuse_below_zero() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'an account of a person goes below zero'; END $$"
    ),
    (
        "CREATE TRIGGER accounts_not_below_zero BEFORE UPDATE OF balance_minor ON accounts "
        "FOR EACH ROW WHEN (NEW.person_id IS NOT NULL AND NEW.balance_minor < 0) "
        "EXECUTE FUNCTION refuse_below_zero()"
    ),
)
GUARDS = {
    "transfers_fit": "transfers",
    "accounts_stay": "accounts",
    "accounts_are_kept": "accounts",
    "accounts_not_below_zero": "accounts",
}
FUNCTIONS = ("refuse_unfit_transfer", "refuse_other_account", "refuse_below_zero")
SUM = "SELECT COALESCE(SUM(amount_minor), 0) FROM transfers WHERE {side} = accounts.id"
CAME = SUM.format(side="to_account_id")
WENT = SUM.format(side="from_account_id")


def upgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    op.add_column(
        "transfers",
        sa.Column("kind", sa.String(length=24), nullable=False, server_default="judgment"),
    )
    op.add_column("transfers", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    # In one statement each, so that SQLite need not copy the whole table.
    for name, table in (("about_id", "transfers"), ("by_id", "people")):
        op.execute(
            f"ALTER TABLE transfers ADD COLUMN {name} {'INTEGER' if sqlite else 'BIGINT'} "
            f"CONSTRAINT fk_transfers_{name} REFERENCES {table} (id)"
        )
    op.create_index(
        op.f("ix_transfers_about_id"),
        "transfers",
        ["about_id"],
        sqlite_where=IS_ABOUT,
        postgresql_where=IS_ABOUT,
    )
    op.create_table(
        "seals",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_transfer_id", ID, nullable=False),
        sa.Column("transfers", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["last_transfer_id"], ["transfers.id"], name=op.f("fk_seals_last_transfer_id")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seals")),
    )
    _name_kinds_again(sqlite)
    op.execute("UPDATE accounts SET kind = 'earned_pending' WHERE kind = 'earned'")
    op.execute(
        f"UPDATE accounts SET balance_minor = ({CAME}) - ({WENT}) WHERE person_id IS NOT NULL"
    )
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)
    _refuse_to_alter_seals(sqlite)


def downgrade() -> None:
    sqlite = op.get_context().dialect.name == "sqlite"
    for name, table in GUARDS.items():
        op.execute(f"DROP TRIGGER {name}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        for name in FUNCTIONS:
            op.execute(f"DROP FUNCTION {name}()")
    op.execute(f"UPDATE accounts SET balance_minor = ({CAME}) WHERE kind = 'earned_pending'")
    op.execute("UPDATE accounts SET kind = 'earned' WHERE kind = 'earned_pending'")
    op.drop_table("seals")
    op.drop_index(op.f("ix_transfers_about_id"), table_name="transfers")
    for name in ("by_id", "about_id", "reason", "kind"):
        op.drop_column("transfers", name)


def _name_kinds_again(sqlite: bool) -> None:
    """Say of transfers that are no judgment's why they were made, as their keys begin."""
    colon = "instr(key, ':')" if sqlite else "strpos(key, ':')"
    on = "" if sqlite else " ON transfers"
    act = "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
    if sqlite:
        act = "BEGIN SELECT RAISE(ABORT, 'transfers are appended, never altered'); END"
    op.execute(f"DROP TRIGGER transfers_refuse_update{on}")
    op.execute(f"UPDATE transfers SET kind = substr(key, 1, {colon} - 1) WHERE judgment_id IS NULL")
    op.execute(f"CREATE TRIGGER transfers_refuse_update BEFORE UPDATE ON transfers {act}")


def _refuse_to_alter_seals(sqlite: bool) -> None:
    for verb in ("DELETE", "UPDATE"):
        act = "FOR EACH ROW EXECUTE FUNCTION refuse_to_alter()"
        if sqlite:
            act = "BEGIN SELECT RAISE(ABORT, 'seals are appended, never altered'); END"
        op.execute(f"CREATE TRIGGER seals_refuse_{verb.lower()} BEFORE {verb} ON seals {act}")
    if not sqlite:
        op.execute(
            "CREATE TRIGGER seals_refuse_truncate BEFORE TRUNCATE ON seals "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_alter()"
        )
