"""Failures of the database that pass: a deadlock, a lost connection, a file that is locked.

The transaction is undone then, and the same may succeed a moment later. Doors know this, rules do
not: they never commit, so whoever calls them may call them again.
"""

import secrets
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

Result = TypeVar("Result")

PAUSES_S = (0.1, 0.2, 0.4, 0.8)
"""The longest pause after each try but the last; the real one is drawn, so that those who got
into each other's way do not meet again."""
PATIENCE_S = 3.0
"""How long after the first try another one may begin."""
PASSING = ("40001", "40P01", "55P03")
"""PostgreSQL: transactions that could not be put in an order, a deadlock, a lock not given."""
LOST = ("08", "57P")
"""PostgreSQL: how codes begin when the connection ends or the server does."""
LOCKED = ("SQLITE_BUSY", "SQLITE_LOCKED")


def passes(error: DBAPIError) -> bool:
    """Say whether the same transaction may succeed a moment later."""
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if name := getattr(error.orig, "sqlite_errorname", ""):
        return str(name).startswith(LOCKED)
    state = getattr(error.orig, "sqlstate", None)  # none of it where no server was reached
    return state is None or state in PASSING or state.startswith(LOST)


def tried(step: Callable[[], Result], undo: Callable[[DBAPIError], bool]) -> Result:
    """Do a step, and again from the start while it fails in a way that passes.

    Between two tries `undo` undoes what the step had begun; False says that it cannot be undone.
    """
    began = time.monotonic()
    for pause_s in PAUSES_S:
        try:
            return step()
        except DBAPIError as error:
            late = time.monotonic() - began > PATIENCE_S
            if late or not passes(error) or not undo(error):
                raise
        time.sleep(secrets.SystemRandom().uniform(0, pause_s))
    return step()
