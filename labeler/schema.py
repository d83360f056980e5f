"""How every table stores its columns: names of constraints, enums, moments, identities."""

import enum
import re
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Protocol, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import (
    DeclarativeBase,
    Session,
    make_transient_to_detached,
    mapped_column,
)
from sqlalchemy.sql.functions import FunctionElement

from labeler import clock
from labeler.errors import Invalid

Identity = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


class Moment(sa.TypeDecorator[datetime]):
    """An aware moment in UTC, on databases that keep the zone and on those that do not."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Now(FunctionElement[datetime]):
    type = Moment()
    inherit_cache = True


@compiles(_Now)
def _server_clock(_now: _Now, _compiler: Any, **_options: Any) -> str:
    return "statement_timestamp()"


@compiles(_Now, "sqlite")
def _machine_clock(_now: _Now, _compiler: Any, **_options: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # as the driver writes microseconds


_STOPPED: sa.BindParameter[datetime] = sa.bindparam(
    "stopped", type_=Moment(), callable_=clock.stopped, unique=True
)
NOW: sa.ColumnElement[datetime] = sa.func.coalesce(_STOPPED, _Now())
"""The database's own present moment, in SQL: servers' clocks may differ from it.

A clock that was stopped stops it too.
"""


class Seconds(FunctionElement[float]):
    """How many seconds lie between two moments, in SQL: from the first until the second."""

    type = sa.Float()
    inherit_cache = True


@compiles(Seconds)
def _seconds(seconds: Seconds, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in seconds.clauses)
    return f"CAST(extract(epoch FROM ({end}) - ({start})) AS double precision)"


@compiles(Seconds, "sqlite")
def _seconds_of_sqlite(seconds: Seconds, compiler: Any, **options: Any) -> str:
    start, end = (compiler.process(each, **options) for each in seconds.clauses)
    return f"((julianday({end}) - julianday({start})) * 86400)"


def moment(session: Session) -> datetime:
    """Return the database's present moment."""
    return session.scalars(sa.select(NOW)).one()


class Unstorable(Invalid, sa.exc.DontWrapMixin):
    """A text that a database cannot keep."""


class Words(sa.TypeDecorator[str]):
    """Text, of characters that every database can keep."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        if value is not None and _UNSTORABLE.search(value):
            raise Unstorable("The text holds a character that cannot be stored.")
        return value


def is_storable(text: str) -> bool:
    """Say whether every database can keep a text."""
    return not _UNSTORABLE.search(text)


def storable(value: Any) -> Any:
    """Return JSON in which a sign stands for each character that a database cannot keep."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {storable(name): storable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [storable(part) for part in value]
    return value


# NUL, and halves of characters that stand alone.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _values(members: type[enum.Enum]) -> list[str]:
    return [member.value for member in members]


class Reading(Protocol):
    """Opens sessions that only read, each its own short transaction."""

    def __call__(self) -> AbstractContextManager[Session]: ...


class Base(DeclarativeBase):
    """Every table of labeler and of exports."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: Moment(),
        str: Words(),
        dict[str, Any]: sa.JSON(),
        dict[str, int]: sa.JSON(),
        list[Any]: sa.JSON(),
        list[int]: sa.JSON(),
        list[str]: sa.JSON(),
        list[dict[str, Any]]: sa.JSON(),
        list[dict[str, str]]: sa.JSON(),
        enum.Enum: sa.Enum(
            enum.Enum, native_enum=False, length=24, values_callable=_values, validate_strings=True
        ),
    }


Id = Annotated[int, mapped_column(Identity, primary_key=True)]
Ref = Annotated[int, mapped_column(Identity)]
BigInt = Annotated[int, mapped_column(sa.BigInteger())]


def reference(target: str, **options: Any) -> Any:
    """Declare a column that refers to `table.id`; never cascades."""
    return mapped_column(Identity, sa.ForeignKey(target), **options)


def changed(session: Session, statement: sa.Update | sa.Delete) -> int:
    """Run the statement; return how many rows it found."""
    return cast("sa.CursorResult[Any]", session.execute(statement)).rowcount


def insert(dialect: str, table: Any) -> "postgresql.Insert | sqlite.Insert":
    """Begin an INSERT that may say what happens ON CONFLICT.

    To make a statement costs several times as much as to run it: one that is run for every
    judgment is made once, by a cached function of `dialect_of`.
    """
    begin = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return begin(table)


Entity = TypeVar("Entity", bound=Base)


def written(session: Session, entity: Entity) -> Entity:
    """Take an object with its id, whose row was just written, into the session as it stands."""
    make_transient_to_detached(entity)
    session.add(entity)
    return entity


def dialect_of(session: Session) -> str:
    """Return the name of the session's database system."""
    return session.get_bind().dialect.name
