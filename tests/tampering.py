"""What somebody with the database's own password could do, for tests of who notices."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

TABLES = ("transfers", "events", "judgments", "accounts", "seals")


def disarm(session: Session, *more: str) -> None:
    """Take away the triggers that refuse to alter what is appended; on `more` tables, too."""
    if session.get_bind().dialect.name == "postgresql":
        for table in (*TABLES, *more):
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        return
    triggers = session.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
    for trigger in triggers.all():
        session.execute(sa.text(f"DROP TRIGGER {trigger}"))


def alter(session: Session, statement: str) -> None:
    """Run a statement that no verb of ours would."""
    session.flush()
    session.execute(sa.text(statement))
    session.expire_all()
