"""A terminal on an installation of the test's own, with Olga's project in it."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy.orm import Session

from labeler.cli import main
from labeler.config import PREFIX
from tests.cast import Cast, make_cast
from tests.make import make_project
from tests.serving import open_database, put_down


@dataclass(frozen=True)
class Terminal:
    """Runs commands with these settings and no others."""

    settings: dict[str, str]

    def __call__(self, *arguments: str | Path, **settings: str) -> Result:
        """Run `labeler` with these arguments; a bug comes out as itself."""
        others = {name: None for name in os.environ if name.startswith(PREFIX)}
        given = {PREFIX + name.upper(): value for name, value in settings.items()}
        result = CliRunner(env={**others, **self.settings, **given}).invoke(
            main, [str(argument) for argument in arguments], prog_name="labeler"
        )
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def good(self, *arguments: str | Path, **settings: str) -> str:
        """Run a command that must succeed; return what it prints."""
        result = self(*arguments, **settings)
        assert result.exit_code == 0, result.output
        return result.stdout

    def refused(self, code: int, *arguments: str | Path, **settings: str) -> str:
        """Run a command that must be refused with this exit code; return its words."""
        result = self(*arguments, **settings)
        assert result.exit_code == code, result.output
        assert "Traceback" not in result.stderr
        return result.stderr

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a session on what the commands worked on; nothing is committed by itself."""
        database = open_database(self.settings["LABELER_DATABASE_URL"])
        try:
            with database.writing() as session:
                yield session
        finally:
            put_down(database)


@pytest.fixture
def terminal(new_address: Callable[[str], str], tmp_path: Path) -> Terminal:
    """A terminal on a fresh SQLite database."""
    return _terminal(new_address("sqlite"), tmp_path)


@pytest.fixture
def either(address: str, tmp_path: Path) -> Terminal:
    """A terminal on a fresh database, on each back end in turn, where that could matter."""
    return _terminal(address, tmp_path)


@pytest.fixture
def people(terminal: Terminal) -> Cast:
    """Everybody, with Olga's project, committed; on the database that `terminal` is on."""
    return settle(terminal)


def settle(terminal: Terminal) -> Cast:
    """Let everybody and Olga's project move in."""
    with terminal.session() as session:
        cast = make_cast(session)
        make_project(session, cast)
        session.commit()
    return cast


def _terminal(address: str, tmp_path: Path) -> Terminal:
    return Terminal({"LABELER_DATABASE_URL": address, "LABELER_DATA": str(tmp_path)})
