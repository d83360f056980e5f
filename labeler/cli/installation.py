"""The installation that a command works on: its settings, its database, and who acts in it."""

import signal
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import click
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import config, passing
from labeler.config import Settings
from labeler.database import Database
from labeler.errors import Invalid, NotFound
from labeler.jobs import Place
from labeler.people import accounts
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.work.projects import Project

Result = TypeVar("Result")

acts = click.option(
    "--as",
    "actor",
    metavar="EMAIL",
    help="Who does this; if left out, the project's first owner.",
)


@contextmanager
def connected(settings: Settings) -> Iterator[Database]:
    """Open the database for one command; raises Invalid unless it is there and current."""
    with opened(settings) as database:
        require_file(database)
        passing.tried(database.require_current, undo=lambda _error: True)
        yield database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """Open the database for one command, whatever is in it."""
    database = Database(settings.database)
    try:
        yield database
    finally:
        database.close()


def write(step: Callable[[Session], Result]) -> Result:
    """Open the database, and let a short step of a command change something: see `written`."""
    with connected(config.load()) as database:
        return written(database, step)


def written(database: Database, step: Callable[[Session], Result]) -> Result:
    """Let the step change something, and commit, or nothing happened.

    A step that the database fails in a way that passes is done again from the start, so it must do
    nothing but use its session. Once a COMMIT was sent nothing is done again.
    """
    with database.writing() as session:

        def whole() -> Result:
            made = step(session)
            session.flush()
            return made

        def undo(_error: DBAPIError) -> bool:
            session.close()
            return True

        made = passing.tried(whole, undo)
        session.commit()
    return made


def place(database: Database, data: Path) -> Place:
    """Return what a job may use of this installation."""

    def write(step: Callable[[Session], Result], /) -> Result:
        return written(database, step)

    def write_steps(steps: Callable[[Session], Iterator[Result]], /) -> Result:
        last: deque[Result] = deque(maxlen=1)
        with database.writing() as session:
            for made in steps(session):
                session.commit()
                last.append(made)
        return last.pop()

    return Place(database.reading, write, write_steps, data.absolute())


@contextmanager
def writing() -> Iterator[Session]:
    """Open a session for a command that commits piece by piece; nothing is done again."""
    with connected(config.load()) as database, database.writing() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    """Open a session for a command that only looks."""
    with connected(config.load()) as database, database.reading() as session:
        yield session


def acting(session: Session, slug: str, email: str | None) -> Person:
    """Return who acts in the project: the person of this address, else its first owner."""
    return accounts.find(session, email) if email else _first_owner(session, slug)


def first_admin(session: Session) -> Person | None:
    """Return who has administered this installation for longest."""
    return session.scalar(
        sa.select(Person)
        .where(Person.is_admin, Person.closed_at.is_(None))
        .order_by(Person.id)
        .limit(1)
    )


def _first_owner(session: Session, slug: str) -> Person:
    owner = session.scalar(
        sa.select(Person)
        .join(Membership, Membership.person_id == Person.id)
        .join(Project, Project.id == Membership.project_id)
        .where(Project.slug == slug, Membership.role == Role.owner, Membership.removed_at.is_(None))
        .order_by(Membership.id)
        .limit(1)
    )
    if owner is None:
        raise NotFound(f"There is no project called {slug}: `labeler project list` names them.")
    return owner


def require_file(database: Database) -> None:
    """Raise Invalid if SQLite would begin an empty database where one was expected."""
    path = database.url.database
    if database.is_sqlite and path and not Path(path).exists():
        raise Invalid(f"There is no database at {path}: `labeler db upgrade` makes one.")


@contextmanager
def stoppable() -> Iterator[None]:
    """Let SIGTERM do what Ctrl+C does, which is how a service ends well."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
    finally:
        signal.signal(signal.SIGTERM, before)
