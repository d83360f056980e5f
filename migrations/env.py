"""Run migrations on the connection that labeler hands over, in its one transaction.

On SQLite this holds for changes of the schema too, because labeler's engine begins transactions
itself: a migration that fails leaves the old schema whole.
"""

from typing import Any

import sqlalchemy as sa
from alembic import context


def _render(kind: str, item: Any, _context: Any) -> Any:
    """Write column types without naming labeler's own, so that versions never import it."""
    if kind != "type":
        return False
    if type(item).__name__ == "Moment":
        return "sa.DateTime(timezone=True)"
    if type(item).__name__ == "Words":
        return "sa.Text()"
    if isinstance(item, sa.Enum):
        return f"sa.String(length={item.length})"
    if isinstance(item, sa.BigInteger) and item._variant_mapping:
        return 'sa.BigInteger().with_variant(sa.Integer(), "sqlite")'
    return False


def _same_type(
    _context: Any, _inspected: Any, _column: Any, found: Any, declared: Any
) -> bool | None:
    if isinstance(declared, sa.Enum):
        return not (isinstance(found, sa.String) and found.length == declared.length)
    return None


def _note(*, step: Any, **_: Any) -> None:
    context.config.attributes["applied"] += step.destination_revision_ids


connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    # Two nodes may start at once: the second waits here, for as long as it takes, and then finds
    # nothing to do. Waiting for a table would stop everybody, so that stays short.
    patience = connection.exec_driver_sql("SHOW lock_timeout").scalar()
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7236000)")
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience}'")
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=False,
    render_item=_render,
    compare_type=_same_type,
    transactional_ddl=False,  # the one who called commits
    on_version_apply=_note,
)
context.run_migrations()
