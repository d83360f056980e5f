"""The annotator's pages: judging without JavaScript, skipping, changing one's mind, earnings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.people import memberships
from labeler.work import assignments, projects
from labeler.work.judgments import Judgment
from labeler.work.layouts import ResponseIn
from labeler.work.projects import ProjectState
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import load_rows, make_project, make_row, new_key
from tests.serving import lend_app
from tests.visits import Visit

HOSTILE = '<script>alert("x")</script><img src=x onerror=alert(1)> **bold**'


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path) as app:
        yield app


@pytest.fixture
def database(app: Flask) -> Database:
    found: Database = app.extensions["labeler.database"]
    return found


@pytest.fixture
def people(database: Database) -> Cast:
    """A project of five pairs, and its people."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast, rubric={"reason": "optional", "steps": 7})
        load_rows(session, project, [make_row(n) for n in range(5)], by=cast.olga)
        session.commit()
    return cast


@pytest.fixture
def ada(app: Flask, people: Cast) -> Visit:
    return Visit(app).arrive("ada@example.org")


def begin(visit: Visit) -> str:
    """Start on the project; return the address of the task."""
    visit.get("/")
    location = visit.post("/projects/helpful/start").location
    assert visit.get(location).status_code == 200
    return location


def stored(database: Database) -> list[Judgment]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Judgment).order_by(Judgment.id)))


def test_judging_leads_to_the_next_and_earns(ada: Visit, database: Database) -> None:
    task = begin(ada)
    answer = ada.post(task, key=ada.hidden("key"), choice="2", reason="Counted right.")
    assert re.fullmatch(r"/work/\d+", answer.location)
    assert answer.location != task
    assert "0.35 EUR" in ada.get(answer.location).text
    (judgment,) = stored(database)
    assert (judgment.step, judgment.strength, judgment.reason) == (2, 2, "Counted right.")


def test_all_of_a_project_can_be_judged_and_then_it_says_so(ada: Visit, database: Database) -> None:
    location = begin(ada)
    for _ in range(5):
        ada.get(location)
        location = ada.post(location, key=ada.hidden("key"), choice="4").location
    assert location == "/finished"
    assert "1.75 EUR" in ada.get(location).text
    home = ada.get("/").text
    assert "There is nothing to judge just now." in home
    assert "/projects/helpful/start" not in home
    assert len({judgment.comparison_id for judgment in stored(database)}) == 5


def test_who_has_earned_nothing_reads_of_no_sum(ada: Visit) -> None:
    for page in ("/judgments", "/finished"):
        assert "You earned" not in ada.get(page).text


def test_a_form_sent_twice_is_one_judgment(ada: Visit, database: Database) -> None:
    task = begin(ada)
    key = ada.hidden("key")
    first = ada.post(task, key=key, choice="1")
    second = ada.post(task, key=key, choice="1")
    assert first.location == second.location
    assert len(stored(database)) == 1


def test_another_answer_under_a_used_key_is_refused(ada: Visit, database: Database) -> None:
    task = begin(ada)
    key = ada.hidden("key")
    ada.post(task, key=key, choice="1")
    assert ada.post(task, key=key, choice="7").status_code == 409
    assert [judgment.step for judgment in stored(database)] == [1]


def test_a_form_with_nothing_chosen_comes_back_filled_in(ada: Visit, database: Database) -> None:
    task = begin(ada)
    key = ada.hidden("key")
    answer = ada.post(task, key=key, reason="A half-finished thought")
    assert answer.status_code == 422
    assert "Please choose one of the steps." in answer.text
    assert "A half-finished thought" in answer.text
    assert ada.hidden("key") == key
    assert stored(database) == []


@pytest.mark.parametrize("choice", ["0", "8", "tieX", "1; DROP TABLE", "-1", "１"])
def test_a_choice_that_is_not_on_the_scale_is_refused(ada: Visit, choice: str) -> None:
    task = begin(ada)
    assert ada.post(task, key=ada.hidden("key"), choice=choice).status_code == 422


def test_a_key_that_is_none_is_refused(ada: Visit) -> None:
    task = begin(ada)
    assert ada.post(task, key="1", choice="1").status_code == 422


def test_skipping_asks_why_and_leads_on(ada: Visit, database: Database) -> None:
    task = begin(ada)
    assert ada.post(f"{task}/skip").status_code == 422
    answer = ada.post(f"{task}/skip", skip_reason="language")
    assert answer.location != task
    assert ada.get(answer.location).status_code == 200
    assert stored(database) == []


def test_a_judgment_can_be_changed_and_the_first_is_kept(ada: Visit, database: Database) -> None:
    task = begin(ada)
    ada.post(task, key=ada.hidden("key"), choice="1")
    page = ada.get("/judgments").text
    change = re.search(r'href="(/work/\d+/change)"', page)
    assert change is not None
    shown = ada.get(change[1]).text
    assert re.search(r'value="1"[^>]* checked', shown)
    answer = ada.post(change[1], key=ada.hidden("key"), choice="both_bad", reason="On reflection")
    assert answer.location == "/judgments"
    assert [(j.version, j.verdict.value, j.is_current) for j in stored(database)] == [
        (1, "preference", False),
        (2, "both_bad", True),
    ]
    assert "0.35 EUR" in ada.get("/").text  # paid once


def test_a_change_sent_twice_is_one_change(ada: Visit, database: Database) -> None:
    task = begin(ada)
    ada.post(task, key=ada.hidden("key"), choice="1")
    ada.get(f"{task}/change")
    key = ada.hidden("key")
    for _ in range(2):
        assert ada.post(f"{task}/change", key=key, choice="7").location == "/judgments"
    assert [judgment.step for judgment in stored(database)] == [1, 7]


# On SQLite nobody can stand between a judgment and the next claim.
@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_what_was_said_is_kept_when_the_next_cannot_be_claimed(
    ada: Visit, database: Database, people: Cast
) -> None:
    task = begin(ada)
    taken = sa.text("SELECT id FROM comparisons WHERE taken = 0 FOR NO KEY UPDATE")
    with database.writing() as elsewhere:  # holds all that is left for longer than is waited
        elsewhere.execute(taken)
        assert ada.post(task, key=ada.hidden("key"), choice="1").location == "/"
    assert [judgment.step for judgment in stored(database)] == [1]


def test_after_the_window_nothing_can_be_changed(ada: Visit, frozen: StoppedClock) -> None:
    task = begin(ada)
    ada.post(task, key=ada.hidden("key"), choice="1")
    change = re.search(r'href="(/work/\d+/change)"', ada.get("/judgments").text)
    assert change is not None
    frozen.forward(hours=2)
    assert "/change" not in ada.get("/judgments").text
    assert ada.get(change[1]).status_code == 409
    assert ada.post(change[1], key=new_key(), choice="7").status_code == 409


def test_nobody_sees_the_work_of_another(app: Flask, ada: Visit, database: Database) -> None:
    task = begin(ada)
    bea = Visit(app).arrive("bea@example.org")
    assert bea.get(task).status_code == 404
    assert bea.post(task, key=ada.hidden("key"), choice="1").status_code == 404
    assert bea.post(f"{task}/skip", skip_reason="other").status_code == 404
    assert stored(database) == []


def test_a_stranger_finds_no_project(app: Flask, people: Cast) -> None:
    mallory = Visit(app).arrive("mallory@example.org")
    assert mallory.post("/projects/helpful/start").status_code == 404


def test_a_paused_project_gives_out_nothing_but_takes_what_was_begun(
    ada: Visit, database: Database, people: Cast
) -> None:
    task = begin(ada)
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga)
        projects.move(session, project, ProjectState.paused, by=people.olga)
        session.commit()
    assert ada.post(task, key=ada.hidden("key"), choice="3").location == "/"
    assert ada.post("/projects/helpful/start").status_code == 409
    assert "Paused" in ada.get("/").text


def test_somebody_removed_may_still_hand_in_what_they_began(
    ada: Visit, database: Database, people: Cast
) -> None:
    task = begin(ada)
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga)
        memberships.remove(session, project.id, people.ada, by=people.olga)
        session.commit()
    assert ada.post(task, key=ada.hidden("key"), choice="3").location == "/"
    assert len(stored(database)) == 1


def test_the_page_tells_neither_model_nor_gold(
    app: Flask, database: Database, people: Cast
) -> None:
    with database.writing() as session:
        project = make_project(session, people, slug="blind", gold_share=0.5)
        rows = [make_row(n, gold=n % 2 if n > 4 else None) for n in range(10)]
        load_rows(session, project, rows, by=people.olga)
        session.commit()
    ada = Visit(app).arrive("ada@example.org")
    location = ada.post("/projects/blind/start").location
    while location != "/finished":
        page = ada.get(location).text.lower()
        assert "model-x" not in page
        assert "gold" not in page
        assert "count it" not in page
        location = ada.post(location, key=ada.hidden("key"), choice="1").location


def test_hostile_answers_are_text(app: Flask, database: Database, people: Cast) -> None:
    with database.writing() as session:
        project = make_project(session, people, slug="hostile")
        answers = (ResponseIn(text=HOSTILE, model="m"), ResponseIn(text="Fine.", model="n"))
        load_rows(session, project, [make_row(1, responses=answers)], by=people.olga)
        session.commit()
    ada = Visit(app).arrive("ada@example.org")
    page = ada.get(ada.post("/projects/hostile/start").location).text
    assert "<script>alert" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "<strong>bold</strong>" in page


def test_each_answer_has_its_language_and_direction(
    app: Flask, database: Database, people: Cast
) -> None:
    with database.writing() as session:
        project = make_project(session, people, slug="arabic", languages=["ar"])
        load_rows(session, project, [make_row(1, language="ar")], by=people.olga)
        session.commit()
    ada = Visit(app).arrive("ada@example.org")
    page = ada.get(ada.post("/projects/arabic/start").location).text
    assert page.count('lang="ar" dir="rtl"') >= 3


def test_looking_changes_nothing(ada: Visit, database: Database) -> None:
    task = begin(ada)

    def everything(session: Session) -> list[tuple[object, ...]]:
        tables = ("assignments", "judgments", "comparisons", "sign_ins", "transfers", "events")
        return [
            tuple(row) for t in tables for row in session.execute(sa.text(f"SELECT * FROM {t}"))
        ]

    with database.reading() as session:
        before = everything(session)
    for path in ("/", task, "/judgments", "/account", "/finished"):
        assert ada.get(path).status_code == 200
    with database.reading() as session:
        assert everything(session) == before


def test_the_order_of_answers_is_drawn_and_kept(ada: Visit, database: Database) -> None:
    task = begin(ada)
    with database.reading() as session:
        assignment = session.get_one(assignments.Assignment, int(task.rsplit("/", 1)[1]))
    page = ada.get(task).text
    number = re.search(r"What is (\d+) plus one", page)
    assert number is not None
    texts = [f"It is {int(number[1]) + 1}.", f"It is {int(number[1])}."]
    first, second = (page.index(texts[place]) for place in assignment.places)
    assert first < second
    assert ada.get(task).text.index(texts[assignment.places[0]]) == first
