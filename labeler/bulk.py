"""Many rows at once, by the quickest way that the database has.

Values go as the database stores them: texts that were checked, JSON as text. What is stored row by
row goes through the tables' own types instead.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from labeler.schema import Base, dialect_of


def append(
    session: Session, table: type[Base], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows of stored values: with COPY on PostgreSQL, else with one prepared statement."""
    name, listed = table.__tablename__, ", ".join(columns)
    connection = session.connection()
    if dialect_of(session) != "postgresql":
        marks = ", ".join("?" for _ in columns)
        insert = f"INSERT INTO {name} ({listed}) VALUES ({marks})"  # noqa: S608  our own names
        if values := [tuple(row) for row in rows]:
            connection.exec_driver_sql(insert, values)
        return
    statement = f"COPY {name} ({listed}) FROM STDIN"
    driver: Any = connection.connection.driver_connection
    refused: Any = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except refused as error:  # as every other statement would raise it
        raise sa.exc.DBAPIError.instance(statement, None, error, refused) from error


def reserve(session: Session, table: type[Base], number: int) -> Sequence[int]:
    """Return as many new ids of a table, rising; on SQLite the writer is alone with them."""
    name = table.__tablename__
    if dialect_of(session) != "postgresql":
        ids: Any = table.__table__.c.id
        last = session.scalar(sa.select(sa.func.coalesce(sa.func.max(ids), 0))) or 0
        return range(last + 1, last + 1 + number)
    taken = "SELECT nextval(pg_get_serial_sequence(:name, 'id')) FROM generate_series(1, :number)"
    return sorted(session.scalars(sa.text(taken), {"name": name, "number": number}))


def find(
    session: Session,
    wanted: InstrumentedAttribute[int],
    key: InstrumentedAttribute[str],
    keys: Iterable[str],
    *among: sa.ColumnElement[bool],
) -> dict[str, int]:
    """Return one column of the rows that have these keys, by key; at most one row may have each.

    Every key is looked up by itself. Given them as a list, PostgreSQL goes by what it knows of the
    table, and of one that was nearly empty a moment ago it would read everything each time.
    """
    is_postgresql = dialect_of(session) == "postgresql"
    unfold = sa.func.json_array_elements_text if is_postgresql else sa.func.json_each
    each = unfold(sa.type_coerce(list(keys), sa.JSON)).table_valued("value")
    found = sa.select(wanted).where(*among, key == each.c.value).scalar_subquery()
    rows = session.execute(sa.select(each.c.value, found))
    return {given: one for given, one in rows if one is not None}
