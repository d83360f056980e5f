"""An owner's pages about releases that were asked for: followed, stopped, failed, and there."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from exports.making import cutting
from labeler import jobs
from labeler.database import Database
from labeler.events import Event
from labeler.jobs import PATIENCE, Job
from labeler.people import accounts
from labeler.work import comparisons
from labeler.work.comparisons import Comparison
from tests.exports.ordering import HOME, RULES, ask, cut, do_jobs, look
from tests.exports.stories import Said, tell
from tests.serving import lend_app
from tests.visits import Visit

OLGA = "olga@example.org"
VOTES: dict[str, list[Said]] = {f"p{n}": [n % 2, n % 2] for n in range(8)}


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path, releases=True) as app:
        tell(app.extensions["labeler.database"], VOTES)
        yield app


@pytest.fixture
def olga(app: Flask) -> Visit:
    return Visit(app).arrive(OLGA)


def test_asking_twice_is_one_order(olga: Visit) -> None:
    order = ask(olga)
    assert olga.post(HOME, **RULES).location == order
    other = olga.post(HOME, min_judgments="1").location
    assert other != order
    assert "Release 2 is being cut" in olga.get(other).text


def test_an_order_is_followed_and_leads_to_its_release(app: Flask, olga: Visit) -> None:
    order = ask(olga)
    page = olga.get(order).text
    assert "Release 1 is being cut" in page
    assert "It waits for its turn." in page
    assert f'<a class="btn" href="{order}"' in page  # to look again, without JavaScript
    assert "labeler work" not in page
    assert look(olga, order) == {
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
    assert look(olga, order) == {
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
    do_jobs(app)
    assert olga.get(order).location == f"{HOME}/1"
    assert look(olga, order)["next"] == f"{HOME}/1"
    assert order not in olga.get(HOME).text


def test_an_order_that_fails_says_why_and_leads_on(app: Flask, olga: Visit, tmp_path: Path) -> None:
    order = ask(olga)
    (tmp_path / "releases" / "helpful" / "1").mkdir(parents=True)
    (tmp_path / "releases" / "helpful" / "1" / "notes.txt").write_text("Mine.")
    do_jobs(app)
    page = olga.get(order).text
    assert "Release 1 was not cut" in page
    assert "There is something at" in page
    assert f'href="{HOME}?min_judgments=2' in page
    assert look(olga, order)["is_over"] is True
    listed = olga.get(HOME).text
    assert (order in listed, "was not cut" in listed) == (True, True)
    shutil.rmtree(tmp_path / "releases" / "helpful" / "1")
    assert cut(olga) == f"{HOME}/1"
    assert order not in olga.get(HOME).text


def test_what_is_stopped_is_not_cut(app: Flask, olga: Visit, tmp_path: Path) -> None:
    order = ask(olga)
    for _ in range(2):
        assert olga.post(f"{order}/stop").location == HOME
    assert "Release 1 was stopped" in olga.get(order).text
    do_jobs(app)
    assert not (tmp_path / "releases").exists()
    assert cut(olga) == f"{HOME}/1"
    with app.extensions["labeler.database"].reading() as session:
        kinds = session.scalars(sa.select(Event.kind).where(Event.kind.like("release.%")))
        assert list(kinds) == ["release.asked", "release.stopped", "release.asked", "release.cut"]
        done = session.scalar(sa.select(sa.func.max(Job.id)))
    assert olga.post(f"{HOME}/orders/{done}/stop").status_code == 409


def test_what_happened_since_it_was_asked_for_is_not_in_it(app: Flask, olga: Visit) -> None:
    first = ask(olga)
    with app.extensions["labeler.database"].writing() as session:
        one = session.scalars(sa.select(Comparison).where(Comparison.external_id == "p1")).one()
        comparisons.withdraw(session, one, "It shows a name.", by=accounts.find(session, OLGA))
        session.commit()
    second = olga.post(HOME, **RULES).location
    assert second != first
    do_jobs(app)
    assert "8 comparisons with a better answer." in olga.get(olga.get(first).location).text
    assert "7 comparisons with a better answer." in olga.get(olga.get(second).location).text
