"""An owner's pages: counting, cutting, looking, downloading; nobody else gets in."""

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from exports import cutting, verification
from exports.formats import dpo
from labeler import jobs
from labeler.cli import working
from labeler.database import Database
from labeler.events import Event
from labeler.jobs import PATIENCE, Job
from labeler.people import accounts
from labeler.work import comparisons
from labeler.work.comparisons import Comparison
from labeler.work.projects import Project
from tests.exports.stories import Said, contents, tell
from tests.serving import lend_app
from tests.visits import Visit

VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(8)} | {
    "t": ["tie", 0],
    "s": [0, 1],
}
OLGA = "olga@example.org"
HOME = "/projects/helpful/releases"
RULES = {"min_judgments": "2", "test_percent": "0"}


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path, releases=True) as app:
        tell(app.extensions["labeler.database"], VOTES)
        yield app


@pytest.fixture
def olga(app: Flask) -> Visit:
    return Visit(app).arrive("olga@example.org")


def counts(page: str) -> list[str]:
    return re.findall(r'<span class="count">([^<]*)</span>', page)


def ask(visit: Visit, path: str) -> Any:
    """Ask how far an order is, as the page's script does."""
    return visit.client.get(path, headers={"Accept": "application/json"}).json


def test_counting_before_cutting(olga: Visit) -> None:
    assert counts(olga.get(HOME).text) == ["10", "−1", "−1", "8"]
    stricter = olga.get(f"{HOME}?min_judgments=3").text
    assert counts(stricter) == ["10", "−10", "0"]
    assert "There is nothing to release yet" in stricter


def test_rules_that_make_no_sense_are_marked(olga: Visit) -> None:
    answer = olga.get(f"{HOME}?agreement_percent=lots&min_margin=0")
    assert answer.status_code == 422
    assert 'id="agreement_percent-fault"' in answer.text
    assert 'id="min_margin-fault"' in answer.text
    assert 'value="lots"' in answer.text


def cut(visit: Visit, **rules: str) -> str:
    """Have a release cut, and what waits done; return where the page leads then."""
    visit.get(HOME)
    order = visit.post(HOME, **(rules or RULES)).location
    working.do_due(
        visit.app.extensions["labeler.database"], visit.app.extensions["labeler.settings"]
    )
    answer = visit.get(order)
    return str(answer.location or order)


def test_cut_look_and_download(olga: Visit, tmp_path: Path) -> None:
    olga.get(f"{HOME}?test_percent=0")
    assert cut(olga) == f"{HOME}/1"
    page = olga.get(f"{HOME}/1").text
    assert "8 pairs for preference training" in page
    assert page.count('class="dpo"') == 3
    assert page.count("English") > 3  # of each row, and of all
    assert "<h3>Helpful answers</h3>" in page  # the card, as it reads
    assert "pretty_name" not in page
    assert counts(page) == ["10", "−1", "−1", "8"]
    sent = olga.get(f"{HOME}/1/download")
    assert sent.headers["Content-Disposition"] == 'attachment; filename="helpful-release-1.zip"'
    with zipfile.ZipFile(io.BytesIO(sent.data)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "got")
    got = tmp_path / "got" / "helpful-release-1"
    assert verification.verify(got) == []
    assert contents(got) == contents(tmp_path / "releases" / "helpful" / "1")
    assert olga.get(f"{HOME}/1/download").data == sent.data


def test_cutting_twice_is_one_release(olga: Visit) -> None:
    assert cut(olga) == f"{HOME}/1"
    assert olga.post(HOME, **RULES).location == f"{HOME}/1"
    assert "Nothing has changed since release 1: this is it." in olga.get(HOME).text
    assert olga.get(HOME).text.count(f'href="{HOME}/') == 1
    assert cut(olga, min_judgments="1") == f"{HOME}/2"


def test_asking_twice_is_one_order(olga: Visit) -> None:
    olga.get(HOME)
    order = olga.post(HOME, **RULES).location
    assert olga.post(HOME, **RULES).location == order
    other = olga.post(HOME, min_judgments="1").location
    assert other != order
    assert "Release 2 is being cut" in olga.get(other).text


def test_an_order_is_followed_and_leads_to_its_release(app: Flask, olga: Visit) -> None:
    olga.get(HOME)
    order = olga.post(HOME, **RULES).location
    page = olga.get(order).text
    assert "Release 1 is being cut" in page
    assert "It waits for its turn." in page
    assert f'<a class="btn" href="{order}"' in page  # to look again, without JavaScript
    assert "labeler work" not in page
    assert ask(olga, order) == {
        "is_over": False,
        "next": None,
        "share": None,
        "step": "",
        "words": "It waits for its turn.",
    }
    database: Database = app.extensions["labeler.database"]
    with database.writing() as session:
        job = session.scalars(sa.select(Job)).one()
        taken = jobs.take(session, job.id)
        assert taken is not None
        jobs.beat(session, taken, 1500, 6000, cutting.READ)
        session.commit()
    assert ask(olga, order) == {
        "is_over": False,
        "next": None,
        "share": 0.25,
        "step": "Judgments are read",
        "words": "Judgments are read: 1,500 of 6,000.",
    }
    page = olga.get(order).text
    assert '<progress class="way" max="1" value="0.25"' in page
    assert "Judgments are read: 1,500 of 6,000." in page
    listed = olga.get(HOME).text
    assert f'<a href="{order}">Release 1</a>' in listed
    assert "is being cut" in listed
    with database.writing() as session:
        job = session.scalars(sa.select(Job)).one()
        assert job.heartbeat_at is not None
        job.heartbeat_at -= 2 * PATIENCE
        session.commit()
    assert "whether labeler work is running" in olga.get(order).text
    working.do_due(database, app.extensions["labeler.settings"])
    assert olga.get(order).location == f"{HOME}/1"
    assert ask(olga, order)["next"] == f"{HOME}/1"
    assert order not in olga.get(HOME).text


def test_an_order_that_fails_says_why_and_leads_on(app: Flask, olga: Visit, tmp_path: Path) -> None:
    olga.get(HOME)
    order = olga.post(HOME, **RULES).location
    (tmp_path / "releases" / "helpful" / "1").mkdir(parents=True)
    (tmp_path / "releases" / "helpful" / "1" / "notes.txt").write_text("Mine.")
    working.do_due(app.extensions["labeler.database"], app.extensions["labeler.settings"])
    page = olga.get(order).text
    assert "Release 1 was not cut" in page
    assert "There is something at" in page
    assert f'href="{HOME}?min_judgments=2' in page
    assert ask(olga, order)["is_over"] is True
    listed = olga.get(HOME).text
    assert (order in listed, "was not cut" in listed) == (True, True)
    shutil.rmtree(tmp_path / "releases" / "helpful" / "1")
    assert cut(olga) == f"{HOME}/1"
    assert order not in olga.get(HOME).text


def test_what_is_stopped_is_not_cut(app: Flask, olga: Visit, tmp_path: Path) -> None:
    olga.get(HOME)
    order = olga.post(HOME, **RULES).location
    for _ in range(2):
        assert olga.post(f"{order}/stop").location == HOME
    assert "Release 1 was stopped" in olga.get(order).text
    working.do_due(app.extensions["labeler.database"], app.extensions["labeler.settings"])
    assert not (tmp_path / "releases").exists()
    assert cut(olga) == f"{HOME}/1"
    with app.extensions["labeler.database"].reading() as session:
        kinds = session.scalars(sa.select(Event.kind).where(Event.kind.like("release.%")))
        assert list(kinds) == ["release.asked", "release.stopped", "release.asked", "release.cut"]
        done = session.scalar(sa.select(sa.func.max(Job.id)))
    assert olga.post(f"{HOME}/orders/{done}/stop").status_code == 409


def test_what_happened_since_it_was_asked_for_is_not_in_it(app: Flask, olga: Visit) -> None:
    olga.get(HOME)
    first = olga.post(HOME, **RULES).location
    with app.extensions["labeler.database"].writing() as session:
        one = session.scalars(sa.select(Comparison).where(Comparison.external_id == "p1")).one()
        comparisons.withdraw(session, one, "It shows a name.", by=accounts.find(session, OLGA))
        session.commit()
    second = olga.post(HOME, **RULES).location
    assert second != first
    working.do_due(app.extensions["labeler.database"], app.extensions["labeler.settings"])
    assert "8 pairs for preference training" in olga.get(olga.get(first).location).text
    assert "7 pairs for preference training" in olga.get(olga.get(second).location).text


def test_files_that_are_gone_or_changed_are_not_offered(olga: Visit, tmp_path: Path) -> None:
    cut(olga)
    folder = tmp_path / "releases" / "helpful" / "1"
    folder.rename(tmp_path / "away")
    assert "labeler release again helpful 1" in olga.get(f"{HOME}/1").text
    assert olga.get(f"{HOME}/1/download").status_code == 404
    cut(olga)
    assert contents(folder) == contents(tmp_path / "away")


def test_one_file_that_was_changed_is_noticed(olga: Visit, tmp_path: Path) -> None:
    cut(olga)
    lines = tmp_path / "releases" / "helpful" / "1" / "jsonl" / "dpo-train.jsonl"
    lines.write_bytes(lines.read_bytes().replace(b"model-x", b"model-z"))
    assert olga.get(f"{HOME}/1/download").status_code == 404
    lines.unlink()
    page = olga.get(f"{HOME}/1")
    assert (page.status_code, "labeler release again helpful 1" in page.text) == (200, True)


def test_nothing_to_release_is_said_and_the_form_comes_back(olga: Visit) -> None:
    olga.get(HOME)
    answer = olga.post(HOME, languages="sw")
    assert answer.status_code == 422
    assert "There is nothing to release" in answer.text
    assert 'name="languages" type="text" value="sw"' in answer.text
    assert counts(answer.text)[-1] == "0"


def test_a_cut_by_rules_that_make_no_sense_gives_the_form_back(olga: Visit) -> None:
    olga.get(HOME)
    answer = olga.post(HOME, agreement_percent="lots", min_margin="2", languages="english")
    assert answer.status_code == 422
    assert 'id="agreement_percent-fault"' in answer.text
    assert 'value="lots"' in answer.text
    assert 'name="min_margin" type="number" value="2"' in answer.text
    assert 'id="languages-fault"' in answer.text


def test_others_write_while_files_are_made(
    app: Flask, olga: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    database: Database = app.extensions["labeler.database"]
    held: list[int] = []
    finish = dpo.Writer.finish

    def notice(writer: dpo.Writer) -> dict[Path, int]:
        pools = database.writer.pool, database.reader.pool
        held.extend(pool.checkedout() for pool in pools)  # type: ignore[attr-defined]
        with database.writing() as session:
            session.execute(sa.update(Project).values(title="Renamed meanwhile"))
            session.commit()
        return finish(writer)

    monkeypatch.setattr(dpo.Writer, "finish", notice)
    assert cut(olga) == f"{HOME}/1"
    assert held == [0, 0]
    assert "Renamed meanwhile" in olga.get(HOME).text


@pytest.mark.parametrize(
    ("email", "status"),
    [("rex@example.org", 403), ("ada@example.org", 403), ("mallory@example.org", 404)],
)
def test_nobody_but_owners_gets_in(app: Flask, olga: Visit, email: str, status: int) -> None:
    cut(olga)
    visit = Visit(app).arrive(email)
    for path in (HOME, f"{HOME}/1", f"{HOME}/1/download", f"{HOME}/orders/1"):
        assert visit.get(path).status_code == status
    assert visit.post(HOME, **RULES).status_code == status


def test_a_stranger_is_asked_to_sign_in(app: Flask) -> None:
    assert "/sign-in" in Visit(app).get(HOME).location


def test_what_is_not_there_is_not_found(olga: Visit) -> None:
    for number in (7, 10**15):
        assert olga.get(f"{HOME}/{number}").status_code == 404
        assert olga.get(f"{HOME}/orders/{number}").status_code == 404
    assert olga.get("/projects/other/releases").status_code == 404
