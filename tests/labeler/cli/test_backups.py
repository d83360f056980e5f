"""`labeler backup` and `labeler restore`: everything comes back, or nothing is touched."""

import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from labeler.database import Database
from labeler.work import projects, queue
from labeler.work.judgments import Judgment
from tests import postgres
from tests.damage import flip, scribble
from tests.labeler.cli.conftest import Terminal, settle
from tests.make import judge, make_batch

HERE, ELSEWHERE = "here", "elsewhere"


@pytest.fixture
def site(address: str, tmp_path: Path) -> Terminal:
    """A site with two judgments, and in its data folder a release and a key."""
    terminal = terminal_on(address, tmp_path / HERE)
    cast = settle(terminal)
    with terminal.session() as session:
        project = projects.find(session, "helpful", by=cast.olga)
        make_batch(session, project, cast, pairs=1)
        for person in (cast.ada, cast.bea):
            held = queue.claim(session, project, by=person)
            assert held is not None
            judge(session, held, 1 if held.places[0] == 0 else 7, by=person)  # both agree
        session.commit()
    terminal.good("release", "cut", "helpful", "--out", tmp_path / HERE / "releases" / "first")
    terminal.good("release", "key")
    return terminal


@pytest.fixture
def nowhere(address: str, tmp_path: Path) -> Iterator[Terminal]:
    """Where nothing is yet."""
    if address.startswith("sqlite"):
        yield terminal_on(f"sqlite:///{tmp_path / ELSEWHERE / 'labeler.db'}", tmp_path / ELSEWHERE)
        return
    empty = postgres.create_database(address)
    yield terminal_on(empty, tmp_path / ELSEWHERE)
    postgres.drop_database(empty)


def terminal_on(address: str, data: Path) -> Terminal:
    return Terminal(
        {
            "LABELER_DATABASE_URL": address,
            "LABELER_DATA": str(data),
            "LABELER_PG_PROGRAMS": str(postgres.programs()),
        }
    )


@pytest.fixture
def backup(site: Terminal, tmp_path: Path) -> Path:
    """A backup of the site."""
    site.good("backup", tmp_path / "backup.tar")
    return tmp_path / "backup.tar"


def rows(terminal: Terminal) -> dict[str, list[tuple[object, ...]]]:
    """Read every row of every table."""
    database = Database(terminal.settings["LABELER_DATABASE_URL"])
    tables = sa.MetaData()
    with database.reading() as session:
        tables.reflect(session.connection())
        found = {
            name: sorted((tuple(row) for row in session.execute(sa.select(table))), key=repr)
            for name, table in tables.tables.items()
        }
    database.close()
    return found


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in (folder / "releases").rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_everything_comes_back(
    site: Terminal, nowhere: Terminal, backup: Path, tmp_path: Path
) -> None:
    said = nowhere.good("restore", backup).splitlines()
    assert said[0].startswith("Restored: 2 judgments, 2 transfers, version 2026")
    assert said[-1] == "Sound: releases."
    assert rows(nowhere) == rows(site)
    assert len(rows(site)["judgments"]) == 2
    assert files(tmp_path / ELSEWHERE) == files(tmp_path / HERE) != {}
    nowhere.good("verify")


def test_the_key_of_releases_comes_back_and_a_backup_says_that_it_has_it(
    site: Terminal, nowhere: Terminal, tmp_path: Path
) -> None:
    said = site("backup", tmp_path / "backup.tar")
    assert said.stderr == "Beside the database it holds: release-keys, releases.\n"
    nowhere.good("restore", tmp_path / "backup.tar")
    assert nowhere.good("release", "key") == site.good("release", "key")
    [file] = (tmp_path / ELSEWHERE / "release-keys").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_is_told_of_a_backup(site: Terminal, tmp_path: Path) -> None:
    said = site.good("backup", tmp_path / "b.tar")
    size = f"{(tmp_path / 'b.tar').stat().st_size:,} bytes."
    assert said.startswith(f"{tmp_path / 'b.tar'}: 2 judgments, 2 transfers, version 2026")
    assert said.rstrip().endswith(size)


def test_nobody_else_reads_a_backup_and_nothing_is_left_beside(backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert [path for path in backup.parent.iterdir() if path.name.startswith(".")] == []


def test_the_database_comes_out_with_tar_alone(site: Terminal, backup: Path) -> None:
    with tarfile.open(backup) as tar:
        tar.extract("database", backup.parent, filter="data")
    copy = backup.parent / "database"
    if "postgresql" in site.settings["LABELER_DATABASE_URL"]:
        assert copy.read_bytes().startswith(b"PGDMP")
        return
    opened = Database(f"sqlite:///{copy}")
    with opened.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Judgment)) == 2
    opened.close()


def test_a_restored_database_guards_itself_as_before(nowhere: Terminal, backup: Path) -> None:
    nowhere.good("restore", backup)
    with nowhere.session() as session, pytest.raises(sa.exc.DBAPIError, match="transfers"):
        session.execute(sa.text("DELETE FROM transfers"))
    nowhere.good("person", "create", "new@example.org", "New")


# What is not overwritten


def test_a_backup_is_not_overwritten(site: Terminal, backup: Path) -> None:
    before = backup.read_bytes()
    assert "something at" in site.refused(1, "backup", backup)
    assert backup.read_bytes() == before


def test_a_folder_that_is_not_there(site: Terminal, tmp_path: Path) -> None:
    assert "no folder" in site.refused(2, "backup", tmp_path / "none" / "backup.tar")


def test_a_database_with_tables_is_not_restored_into(site: Terminal, backup: Path) -> None:
    before = rows(site)
    assert "already" in site.refused(1, "restore", backup)
    assert rows(site) == before


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ending", ["", "-wal", "-journal"])
def test_what_another_database_left_is_in_the_way(
    nowhere: Terminal, backup: Path, tmp_path: Path, ending: str
) -> None:
    (tmp_path / ELSEWHERE).mkdir()
    (tmp_path / ELSEWHERE / f"labeler.db{ending}").write_bytes(b"")
    assert f"labeler.db{ending} already" in nowhere.refused(1, "restore", backup)


def test_releases_that_are_there_already_stay(
    nowhere: Terminal, backup: Path, tmp_path: Path
) -> None:
    with tarfile.open(backup) as tar:
        tar.extractall(tmp_path / "unpacked", filter="data")
    (tmp_path / "unpacked" / "data").rename(tmp_path / ELSEWHERE)
    nowhere.good("restore", backup)
    assert files(tmp_path / ELSEWHERE) == files(tmp_path / HERE)


def test_another_file_in_the_place_of_a_release_is_not_touched(
    nowhere: Terminal, backup: Path, tmp_path: Path
) -> None:
    card = tmp_path / ELSEWHERE / "releases" / "first" / "README.md"
    card.parent.mkdir(parents=True)
    card.write_text("Mine.")
    assert "is not the file of this name" in nowhere.refused(1, "restore", backup)
    assert [path for path in (tmp_path / ELSEWHERE).rglob("*") if path.is_file()] == [card]
    assert card.read_text() == "Mine."


# What is no backup, or does not fit


def in_the_database(backup: Path) -> None:
    flip(backup, 10_000)


def in_a_release(backup: Path) -> None:
    with tarfile.open(backup) as tar:
        member = next(one for one in tar if one.name.endswith("README.md"))
    flip(backup, member.offset_data)


def cut_short(backup: Path) -> None:
    with backup.open("r+b") as file:
        file.truncate(backup.stat().st_size // 2)


def without_its_end(backup: Path) -> None:
    with tarfile.open(backup) as tar:
        manifest = tar.getmember("backup.json")
    with backup.open("r+b") as file:
        file.truncate(manifest.offset)


def something_else(backup: Path) -> None:
    backup.write_text("This is a letter.")


@pytest.mark.parametrize(
    "damage", [in_the_database, in_a_release, cut_short, without_its_end, something_else]
)
def test_a_damaged_backup_is_refused(
    nowhere: Terminal, backup: Path, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    damage(backup)
    assert "backup" in nowhere.refused(2, "restore", backup)
    assert [path for path in (tmp_path / ELSEWHERE).rglob("*") if path.is_file()] == []
    if nowhere.settings["LABELER_DATABASE_URL"].startswith("postgresql"):
        assert rows(nowhere) == {}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_backup_is_restored_on_its_own_kind_of_database(
    backup: Path, tmp_path: Path, postgresql_server: str
) -> None:
    other = terminal_on(postgresql_server, tmp_path / ELSEWHERE)
    said = other.refused(2, "restore", backup)
    assert "of sqlite, the settings name postgresql" in said


def set_version(terminal: Terminal, version: str) -> None:
    with terminal.session() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": version})
        session.commit()


def test_a_backup_of_a_newer_program_is_refused(
    site: Terminal, nowhere: Terminal, tmp_path: Path
) -> None:
    set_version(site, "2099_01_01")
    site.good("backup", tmp_path / "newer.tar")
    said = nowhere.refused(2, "restore", tmp_path / "newer.tar")
    assert "at version 2099_01_01, which this program does not know" in said
    assert not (tmp_path / ELSEWHERE / "labeler.db").exists()


def test_a_backup_of_an_older_version_says_what_to_do(
    nowhere: Terminal, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "newest", lambda _: "2099_01_01")
    assert "run `labeler db upgrade`, then `labeler verify`" in nowhere.good("restore", backup)


def test_what_was_wrong_before_the_backup_is_named(
    site: Terminal, nowhere: Terminal, tmp_path: Path
) -> None:
    with site.session() as session:
        session.execute(sa.text("UPDATE comparisons SET wanted = wanted + 1"))
        session.commit()
    site.good("backup", tmp_path / "wrong.tar")
    assert "wanted, and has 1 and 3" in nowhere.refused(1, "restore", tmp_path / "wrong.tar")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_backup_is_made_of_a_damaged_file(address: str, site: Terminal, tmp_path: Path) -> None:
    scribble(Path(str(make_url(address).database)), "ix_events_project_id")
    assert "The database is damaged" in site.refused(1, "backup", tmp_path / "backup.tar")
    assert "the database's file: " in site.refused(1, "verify")
    assert not (tmp_path / "backup.tar").exists()


def test_there_is_nothing_to_back_up(nowhere: Terminal, tmp_path: Path) -> None:
    nowhere.refused(2, "backup", tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


# PostgreSQL's programs


only_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def write_script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@only_postgresql
def test_without_pg_dump(site: Terminal, tmp_path: Path) -> None:
    said = site.refused(2, "backup", tmp_path / "b.tar", pg_programs=str(tmp_path))
    assert f"There is no pg_dump in {tmp_path}" in said
    assert "LABELER_PG_PROGRAMS" in said


@only_postgresql
def test_without_pg_restore(nowhere: Terminal, backup: Path, tmp_path: Path) -> None:
    said = nowhere.refused(2, "restore", backup, pg_programs=str(tmp_path))
    assert f"There is no pg_restore in {tmp_path}" in said


@only_postgresql
def test_an_old_pg_dump(site: Terminal, tmp_path: Path) -> None:
    write_script(tmp_path / "pg_dump", "echo 'pg_dump (PostgreSQL) 9.6'")
    said = site.refused(2, "backup", tmp_path / "b.tar", pg_programs=str(tmp_path))
    assert "is of PostgreSQL 9 and cannot read a server of" in said


@only_postgresql
def test_a_dump_that_fails_is_no_backup(site: Terminal, tmp_path: Path) -> None:
    fails = "case $1 in --version) echo 'pg_dump (PostgreSQL) 99.1';; *) echo no >&2; exit 1;; esac"
    write_script(tmp_path / "pg_dump", fails)
    assert "pg_dump failed: no" in site.refused(
        1, "backup", tmp_path / "b.tar", pg_programs=str(tmp_path)
    )
    assert not (tmp_path / "b.tar").exists()


@only_postgresql
def test_the_password_is_on_no_command_line(site: Terminal, address: str, tmp_path: Path) -> None:
    real = postgres.programs() / "pg_dump"
    write_script(
        tmp_path / "pg_dump",
        f'echo "$@" >> {tmp_path}/arguments; echo "$PGPASSWORD" >> {tmp_path}/password; '
        f'exec {real} "$@"',
    )
    secret = make_url(address).set(password="open sesame").render_as_string(hide_password=False)
    site.good("backup", tmp_path / "b.tar", pg_programs=str(tmp_path), database_url=secret)
    assert "sesame" not in (tmp_path / "arguments").read_text()
    assert "open sesame" in (tmp_path / "password").read_text().splitlines()


@only_postgresql
def test_a_restore_that_fails_leaves_the_database_empty(
    site: Terminal, nowhere: Terminal, tmp_path: Path
) -> None:
    with site.session() as session:
        session.execute(sa.text("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'"))
        session.commit()
    site.good("backup", tmp_path / "b.tar")
    with nowhere.session() as session:  # in the way of what comes early in the dump
        session.execute(sa.text("CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 2'"))
        session.commit()
    assert "pg_restore failed" in nowhere.refused(1, "restore", tmp_path / "b.tar")
    assert rows(nowhere) == {}
    with nowhere.session() as session:
        session.execute(sa.text("DROP FUNCTION f"))
        session.commit()
    nowhere.good("restore", tmp_path / "b.tar")
