"""The demo: made once, gone on with afterwards, sound, believable, and served."""

import re
import shutil
import socket
import stat
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, demo
from labeler.arena import rules
from labeler.database import Database
from labeler.demo import players
from labeler.endpoints import registry
from labeler.events import Event
from labeler.people import memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.schema import Base
from labeler.text.languages import INTERFACE
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


def test_a_chat_is_set_up_with_two_endpoints_that_say_what_they_are(session: Session) -> None:
    project = projects.find(session, "demo-chat", by=session.get_one(Person, 1))
    chatting = rules.of_project(session, project.id)
    assert chatting is not None
    assert chatting.endpoints == ["demo-careful", "demo-hasty"]
    assert project.languages == list(INTERFACE)
    for endpoint in registry.current(session):
        profile = endpoint.written
        registry.require_allowed(project, endpoint)
        assert profile.on_premises
        assert (profile.licence, profile.output_use.value) == ("Apache-2.0", "unrestricted")
        assert "rules" in profile.output_use_basis
    assert {role for _, role in memberships.of_project(session, project.id)} == set(Role)


def test_endpoints_follow_the_port_that_they_are_served_at(folder: Path) -> None:
    (folder / "endpoint-port").write_text("8072")
    for _ in range(2):
        Terminal({}).good("demo", "--no-serve", "--data", folder)
    database = Database(f"sqlite:///{folder / 'labeler.db'}")
    with database.reading() as session:
        found = {endpoint.version: endpoint.written for endpoint in registry.current(session)}
    database.close()
    assert {profile.base_url for profile in found.values()} == {"http://127.0.0.1:8072/v1"}
    assert set(found) == {2}, "the same again is no new version"


def test_it_serves_and_its_chat_is_answered(folder: Path) -> None:
    port = processes.free_port()
    environ = processes.environment(database_url="postgresql+psycopg://nowhere", secret_key="short")
    arguments = ("demo", "--port", str(port), "--data", folder)
    site = f"http://127.0.0.1:{port}"
    with processes.running(*arguments, port=port, folder=folder, environ=environ):
        said = (folder / "said.txt").read_text()
        links = dict(LINK.findall(said))
        for name, secret in links.items():
            assert name in processes.read(f"{site}/link/{secret}")
        endpoint = f"http://127.0.0.1:{(folder / 'endpoint-port').read_text().strip()}"
        assert "demo-hasty" in processes.read(f"{endpoint}/v1/models")
        answers = chat(site, links["Ada"], "What is 12 times 13?")
    assert sorted(answers) == ["146", "The result is 156: 12 × 13 = 156."]
    assert f"labeler is at {site}" in said
    assert is_gone(endpoint)


def chat(site: str, secret: str, message: str) -> list[str]:
    """Write to both in a browser without scripts; return what they answer."""
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def look(address: str) -> tuple[str, str]:
        with browser.open(site + address, timeout=20) as page:
            return page.url.removeprefix(site), page.read().decode()

    def send(page: str, address: str, **fields: str) -> tuple[str, str]:
        token = re.search('name="csrf_token" value="([^"]+)"', page)
        assert token is not None
        form = urllib.parse.urlencode({"csrf_token": token[1], **fields}).encode()
        with browser.open(site + address, form, timeout=20) as answer:
            return answer.url.removeprefix(site), answer.read().decode()

    send(look(f"/link/{secret}")[1], f"/link/{secret}")
    index = "/projects/demo-chat/chat"
    address, page = send(look(index)[1], index, language="en")
    send(page, f"{address}/messages", text=message, key=str(uuid.uuid4()))
    for _ in range(processes.PATIENCE_S * 4):
        page = look(address)[1]
        found = re.findall(r'<div class="prose[^>]*>(.*?)</div>', page, re.DOTALL)
        answers = [re.sub("<[^>]+>", "", each).strip() for each in found]
        if any("156" in each for each in answers):
            return answers[-2:]
        time.sleep(0.25)
    pytest.fail(f"Nobody answered: {page}")


def is_gone(address: str) -> bool:
    """Tell whether nothing answers there any more, within a few seconds."""
    for _ in range(100):
        try:
            processes.read(f"{address}/health")
        except OSError:
            return True
        time.sleep(0.05)
    return False


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
