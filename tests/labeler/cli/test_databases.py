"""Making the database, and bringing it up to date."""

from pathlib import Path

from labeler.database import Database
from tests.labeler.cli.conftest import Terminal


def test_upgrade_makes_folder_and_database(terminal: Terminal, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    url = f"sqlite:///{folder / 'labeler.db'}"
    assert "from version none to " in terminal.good("db", "upgrade", database_url=url)
    assert terminal.good("project", "list", database_url=url) == ""


def test_upgrade_of_what_is_current_changes_nothing(either: Terminal) -> None:
    assert "already" in either.good("db", "upgrade")


def test_version_of_a_current_database(terminal: Terminal) -> None:
    version = terminal.good("db", "version").strip()
    assert version in terminal.good("db", "upgrade")


def test_an_old_database_is_told_by_every_command(either: Terminal) -> None:
    database = Database(either.settings["LABELER_DATABASE_URL"])
    database.downgrade("base")
    database.close()
    assert "run `labeler db upgrade`" in either.refused(2, "db", "version")
    assert "run `labeler db upgrade`" in either.refused(2, "project", "list")
    either.good("db", "upgrade")
    either.good("project", "list")
