"""The demo: made once, gone on with afterwards, sound, believable, and served."""

import re
import shutil
import socket
import stat
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, demo
from labeler.database import Database
from labeler.demo import players
from labeler.events import Event
from labeler.people import memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.schema import Base
from labeler.work import assignments, projects, queue
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from tests.labeler.cli import processes
from tests.labeler.cli.conftest import Terminal

LINK = re.compile(r"^  (\w+) \(demo \w+\) +http://127\.0\.0\.1:\d+/link/(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A demo's folder and what was said while it was made. Only looked at: tests change copies."""
    folder = tmp_path_factory.mktemp("made") / "demo"
    return folder, Terminal({}).good("demo", "--no-serve", "--data", folder)


@pytest.fixture
def folder(made: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the demo's folder."""
    return Path(shutil.copytree(made[0], tmp_path / "demo"))


@pytest.fixture
def session(made: tuple[Path, str]) -> Iterator[Session]:
    """A reading session on the demo."""
    database = Database(f"sqlite:///{made[0] / 'labeler.db'}")
    with database.reading() as session:
        yield session
    database.close()


def count(session: Session, *which: sa.ColumnElement[bool]) -> int:
    """Count judgments."""
    return session.scalar(sa.select(sa.func.count(Judgment.id)).where(*which)) or 0


def test_links_for_four_people_that_work_now(made: tuple[Path, str], session: Session) -> None:
    links = dict(LINK.findall(made[1]))
    assert set(links) == {"Olga", "Rex", "Ada", "Bea"}
    for name, secret in links.items():
        assert sign_ins.person_of_link(session, secret).name.startswith(name)


def test_nobody_has_a_password_and_the_key_is_no_default(
    made: tuple[Path, str], session: Session
) -> None:
    assert session.scalars(sa.select(Person.password_hash).distinct()).all() == [None]
    key = made[0] / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert len(key.read_bytes()) >= 32


def test_everybody_has_their_part(session: Session) -> None:
    project = projects.find(session, "demo", by=session.get_one(Person, 1))
    people = memberships.of_project(session, project.id)
    roles = {person.email: role for person, role in people}
    assert [roles[player.email] for player in players.PLAYERS] == [p.role for p in players.PLAYERS]
    assert len(people) == len(players.PLAYERS) + 12
    assert all(email.endswith("@demo.invalid") for email in roles)


def test_about_three_fifths_is_judged(session: Session) -> None:
    done, wanted = session.execute(
        sa.select(sa.func.sum(Comparison.judged), sa.func.sum(Comparison.wanted)).where(
            ~Comparison.is_gold
        )
    ).one()
    assert 0.5 < done / wanted < 0.7
    judges = session.scalar(sa.select(sa.func.count(sa.distinct(Judgment.person_id))))
    assert judges == 12


def test_work_is_left_for_ada_and_bea_in_every_language(session: Session) -> None:
    left = session.scalars(
        sa.select(Comparison.language).where(~Comparison.is_gold, sa.text("taken < wanted"))
    )
    assert set(left) == set(demo.project()["languages"])


def test_nothing_is_left_open(session: Session) -> None:
    states = set(session.scalars(sa.select(Assignment.state)))
    assert states == {AssignmentState.judged, AssignmentState.skipped}


def test_the_work_lies_in_the_ten_days_before(session: Session) -> None:
    moments = session.scalars(sa.select(Judgment.created_at).order_by(Judgment.id)).all()
    assert moments == sorted(moments)
    assert len({moment.date() for moment in moments}) >= 8
    assert timedelta(0) < clock.now() - moments[-1] < timedelta(days=2)
    assert timedelta(days=8) < clock.now() - moments[0] < timedelta(days=11)
    assert all(event.at < clock.now() for event in session.scalars(sa.select(Event)))


def test_the_work_looks_like_peoples(session: Session) -> None:
    durations = session.scalars(sa.select(Judgment.duration_ms)).all()
    assert min(durations) > 10_000
    assert max(durations) < 300_000
    strengths = set(session.scalars(sa.select(Judgment.strength)))
    assert strengths == {None, 1, 2, 3}
    assert 0.2 < count(session, Judgment.reason != "") / count(session) < 0.6
    skipped = sa.select(sa.func.count(Assignment.id)).where(
        Assignment.state == AssignmentState.skipped
    )
    assert session.scalar(skipped) in range(2, 15)


def test_gold_is_graded_and_mostly_right(session: Session) -> None:
    graded = count(session, Judgment.gold_right.is_not(None))
    assert graded > 0
    assert count(session, Judgment.gold_right.is_(True)) / graded > 0.5


def test_a_release_is_cut_and_whole(made: tuple[Path, str]) -> None:
    folder, said = made
    assert f"Release 1 is in {folder / 'release'}: " in said
    assert "is whole" in Terminal({}).good("release", "verify", folder / "release")


def test_it_is_sound(made: tuple[Path, str]) -> None:
    said = settled_in(made[0]).good("verify")
    assert all(line.startswith("Sound: ") for line in said.splitlines())


def test_a_transfer_that_somebody_made_up_is_found(folder: Path) -> None:
    terminal = settled_in(folder)
    with terminal.session() as session:
        session.execute(
            sa.text(
                "INSERT INTO transfers (project_id, from_account_id, to_account_id, amount_minor, "
                "currency, key, at) SELECT project_id, from_account_id, to_account_id, 100000, "
                "currency, 'bonus', at FROM transfers LIMIT 1"
            )
        )
        session.commit()
    assert "its transfers add up to" in terminal.refused(1, "verify")


def test_a_release_that_somebody_changed_is_found(folder: Path) -> None:
    file = next((folder / "release").rglob("*.jsonl"))
    file.write_bytes(file.read_bytes().replace(b"demo-model-1", b"demo-model-9", 1))
    said = settled_in(folder).refused(1, "verify")
    assert said.startswith("Error: releases: release 1 of demo")
    assert file.name in said


def test_the_clock_is_put_back(made: tuple[Path, str]) -> None:
    assert clock._read is clock._system


def test_again_adds_nothing_but_links(made: tuple[Path, str], folder: Path) -> None:
    before = rows(folder)
    said = Terminal({}).good("demo", "--no-serve", "--data", folder)
    assert f"The demo in {folder} goes on.\nIts release is in {folder / 'release'}.\n" in said
    assert dict(LINK.findall(said)).keys() == dict(LINK.findall(made[1])).keys()
    assert set(LINK.findall(said)) & set(LINK.findall(made[1])) == set()
    after = rows(folder)
    assert {name for name in after if after[name] != before[name]} == {"events", "sign_in_links"}


def test_what_a_visitor_did_stays(folder: Path) -> None:
    database = Database(f"sqlite:///{folder / 'labeler.db'}")
    with database.writing() as session:
        ada = session.scalars(sa.select(Person).where(Person.name.startswith("Ada"))).one()
        project = projects.find(session, "demo", by=ada, role=Role.annotator)
        claimed = queue.claim(session, project, by=ada)
        session.commit()
    Terminal({}).good("demo", "--no-serve", "--data", folder)
    with database.reading() as session:
        held = assignments.open_of(session, project, ada)
    database.close()
    assert claimed is not None
    assert held is not None
    assert held.id == claimed.id


def test_another_installation_is_left_alone(terminal: Terminal, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/labeler.db"
    terminal.good("db", "upgrade", database_url=url)
    terminal.good("person", "create", "zoe@example.org", "Zoe", database_url=url)
    said = terminal.refused(2, "demo", "--no-serve", "--data", tmp_path, database_url=url)
    assert "not a demo" in said
    assert terminal.good("project", "list", database_url=url) == ""


def test_settings_from_outside_are_not_for_the_demo(terminal: Terminal, folder: Path) -> None:
    terminal.good("demo", "--no-serve", "--data", folder)
    assert terminal.good("project", "list") == ""


def test_a_port_in_use_is_told_before_anything_is_made(terminal: Terminal, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        said = terminal.refused(2, "demo", "--port", port, "--data", tmp_path / "demo")
    assert "--port: Choose another one" in said
    assert not (tmp_path / "demo").exists()


def test_links_lead_to_where_it_was_served_before(terminal: Terminal, folder: Path) -> None:
    terminal.good("demo", "--no-serve", "--data", folder, "--port", "8071")
    again = terminal.good("demo", "--no-serve", "--data", folder)
    assert again.count("http://127.0.0.1:8071/link/") == 4


def test_it_serves(folder: Path) -> None:
    port = processes.free_port()
    environ = processes.environment(database_url="postgresql+psycopg://nowhere", secret_key="short")
    arguments = ("demo", "--port", str(port), "--data", folder)
    with processes.running(*arguments, port=port, folder=folder, environ=environ):
        said = (folder / "said.txt").read_text()
        for name, secret in LINK.findall(said):
            assert name in processes.read(f"http://127.0.0.1:{port}/link/{secret}")
    assert f"labeler is at http://127.0.0.1:{port}" in said


def settled_in(folder: Path) -> Terminal:
    """Return a terminal on a demo, as its reader has one who sets the variables."""
    url = f"sqlite:///{folder / 'labeler.db'}"
    return Terminal({"LABELER_DATA": str(folder), "LABELER_DATABASE_URL": url})


def rows(folder: Path) -> dict[str, int]:
    """Count the rows of every table."""
    database = Database(f"sqlite:///{folder / 'labeler.db'}")
    with database.reading() as session:
        counted = {
            name: session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for name, table in Base.metadata.tables.items()
        }
    database.close()
    return counted
