"""Every kind of question on the judging page, without JavaScript, and what is shown of it later."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from labeler import audit
from labeler.database import Database
from labeler.work import projects, rubrics
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.layouts import Message, ResponseIn
from labeler.work.rubrics import RubricDraft
from tests.cast import Cast, make_cast
from tests.make import load_rows, make_project, make_row
from tests.serving import lend_app
from tests.visits import Visit

HELPFUL = "/projects/helpful"
TEXTS = ("The *first* one.", "A second, a second.", "Third <b>time</b>.")
RANKING: dict[str, Any] = {"kind": "ranking"}
PAIRWISE: dict[str, Any] = {"kind": "pairwise"}
CRITERIA = {"kind": "criteria", "criteria": [{"name": "Clear"}, {"name": "Kind", "points": 2}]}
REASON = {"kind": "reason", "tags": ["Wrong facts", "Too long"], "text": "none"}
ALL = [RANKING, CRITERIA, REASON, {"kind": "edit"}, {"kind": "marks"}, {"kind": "flags"}]


@pytest.fixture
def app(address: str, tmp_path: Path) -> Iterator[Flask]:
    with lend_app(address, tmp_path) as app:
        yield app


@pytest.fixture
def database(app: Flask) -> Iterator[Database]:
    database: Database = app.extensions["labeler.database"]
    yield database
    with database.reading() as session:
        assert list(audit.faults(session)) == []


@pytest.fixture
def people(database: Database) -> Cast:
    with database.writing() as session:
        cast = make_cast(session)
        session.commit()
    return cast


def begin(
    app: Flask, database: Database, people: Cast, asked: list[Any], *, answers: int = 3, **row: Any
) -> tuple[Visit, str]:
    """Make a project of one comparison that asks this; Ada looks at it."""
    with database.writing() as session:
        project = make_project(session, people, rubric={"questions": asked})
        texts = tuple(ResponseIn(text=text, model=f"model-{text[0]}") for text in TEXTS)
        load_rows(session, project, [make_row(1, responses=texts[:answers], **row)], by=people.olga)
        session.commit()
    ada = Visit(app).arrive("ada@example.org")
    task = ada.post(f"{HELPFUL}/start").location
    assert ada.get(task).status_code == 200
    return ada, task


def letters(database: Database) -> dict[int, str]:
    """Return where Ada sees each response."""
    with database.reading() as session:
        places = session.scalars(sa.select(Assignment.places)).one()
    return {number: "ABC"[place] for place, number in enumerate(places)}


def stored(database: Database) -> list[Judgment]:
    with database.reading() as session:
        return list(session.scalars(sa.select(Judgment).order_by(Judgment.id)))


def selected(page: str, name: str) -> str:
    """Return what is chosen in a select."""
    found = re.search(rf'<select[^>]*name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    assert found
    chosen = re.search(r"<option[^>]* selected>([^<]*)", found[0])
    return chosen[1] if chosen else ""


def test_ranking(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [RANKING])
    key, at = ada.hidden("key"), letters(database)
    untouched = ada.post(task, key=key, **{f"ranking.{letter}": "" for letter in "ABC"})
    assert untouched.status_code == 422
    assert "Please put the answers in order." in untouched.text
    fields = {f"ranking.{at[2]}": "1", f"ranking.{at[0]}": "2"}
    half = ada.post(task, key=key, **fields)
    assert f"Please give answer {at[1]} a place." in half.text
    assert selected(half.text, f"ranking.{at[2]}") == "1"
    done = ada.post(task, key=key, **fields, **{f"ranking.{at[1]}": "2"})
    assert done.location == "/finished"
    (judgment,) = stored(database)
    assert (judgment.verdict.value, judgment.said) == ("ranking", {"ranking": [[2], [0, 1]]})
    assert (judgment.preferred, judgment.place, judgment.step) == (2, None, None)
    mine = ada.get("/judgments").text
    tied = " = ".join(at[number] for number in (0, 1))
    assert f"{at[2]}, {tied}" in mine
    again = ada.get(f"{task}/change").text
    assert [selected(again, f"ranking.{at[n]}") for n in range(3)] == ["2", "2", "1"]
    changed = ada.post(f"{task}/change", key=ada.hidden("key"), **{"ranking.none": "1"})
    assert changed.location == "/judgments"
    assert [each.said for each in stored(database)] == [
        {"ranking": [[2], [0, 1]]},
        {"ranking": []},
    ]


def test_a_form_sent_twice_is_one_ranking(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [RANKING])
    key = ada.hidden("key")
    order = {f"ranking.{letter}": str(n) for n, letter in enumerate("ABC", start=1)}
    other = order | {"ranking.A": "2", "ranking.B": "1"}
    assert ada.post(task, key=key, **order).status_code == 302
    assert ada.post(task, key=key, **order).status_code == 302
    assert ada.post(task, key=key, **other).status_code == 409
    assert len(stored(database)) == 1


def test_criteria_alone(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [CRITERIA, REASON])
    key, at = ada.hidden("key"), letters(database)
    rated = {f"criteria.0.{at[n]}": str(n + 1) for n in range(3)}
    missing = ada.post(task, key=key, **rated)
    assert missing.text.count("Please give from 1 to 2.") >= 3
    rated |= {f"criteria.1.{at[n]}": "2" for n in range(3)}
    assert ada.post(task, key=key, **rated, **{"reason.tags.1": "1"}).location == "/finished"
    (judgment,) = stored(database)
    assert judgment.verdict.value == "criteria"
    assert judgment.said == {
        "criteria": {
            "Clear": {"points": {"0": 1, "1": 2, "2": 3}},
            "Kind": {"points": {"0": 2, "1": 2, "2": 2}},
        },
        "reason": ["Too long"],
    }
    assert "Too long" in ada.get("/judgments").text


def test_a_comparison_by_criteria(app: Flask, database: Database, people: Cast) -> None:
    compared = {"name": "Clear", "asks": "comparison", "points": 7}
    asked = [PAIRWISE, {"kind": "criteria", "criteria": [compared]}]
    ada, task = begin(app, database, people, asked, answers=2)
    key, at = ada.hidden("key"), letters(database)
    assert ada.post(task, key=key, choice="4").status_code == 422
    ada.post(task, key=key, choice="4", **{"criteria.0": "7"})
    (judgment,) = stored(database)
    better = next(number for number, letter in at.items() if letter == "B")
    assert judgment.verdict.value == "tie"
    assert judgment.said == {"criteria": {"Clear": {"preferred": better, "strength": 3}}}
    again = ada.get(f"{task}/change").text
    assert re.search(r'name="criteria.0" value="7"[^>]* checked', again)


def test_improving_the_better_answer(app: Flask, database: Database, people: Cast) -> None:
    asked = [PAIRWISE, {"kind": "edit", "required": True}]
    ada, task = begin(app, database, people, asked, answers=2)
    key, at = ada.hidden("key"), letters(database)
    source = {f"edit.{at[n]}": TEXTS[n] for n in range(2)}
    step = {"A": "1", "B": "7"}[at[0]]
    assert (
        "Please improve the better answer." in ada.post(task, key=key, choice=step, **source).text
    )
    other = source | {f"edit.{at[1]}": "Another"}
    assert "Only the better answer" in ada.post(task, key=key, choice=step, **other).text
    better = source | {f"edit.{at[0]}": "The first one,\r\nand better."}
    assert ada.post(task, key=key, choice=step, **better).location == "/finished"
    (judgment,) = stored(database)
    assert judgment.said == {"edit": {"response": 0, "text": "The first one,\nand better."}}
    assert "and better." in ada.get(f"{task}/change").text


def test_marking_a_passage(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [PAIRWISE, {"kind": "marks"}], answers=2)
    key, at = ada.hidden("key"), letters(database)
    row = {"place": at[1], "quote": "second", "type": "Wrong", "severity": "Major"}
    fields = {f"marks.0.{name}": value for name, value in row.items()}
    twice = ada.post(task, key=key, choice="4", **fields)
    assert "This stands there 2 times" in twice.text
    fields |= {"marks.0.quote": "second, a", "marks.0.comment": "Twice."}
    assert ada.post(task, key=key, choice="4", **fields).location == "/finished"
    (judgment,) = stored(database)
    assert judgment.said == {
        "marks": [
            {
                "response": 1,
                "start": 2,
                "end": 11,
                "quote": "second, a",
                "type": "Wrong",
                "severity": "Major",
                "comment": "Twice.",
            }
        ]
    }
    assert selected(ada.get(f"{task}/change").text, "marks.0.place") == at[1]


def test_flags(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [PAIRWISE, {"kind": "flags"}], answers=2)
    key, at = ada.hidden("key"), letters(database)
    ada.post(task, key=key, choice="both_bad", **{f"flags.{at[1]}.personal_data": "1"})
    (judgment,) = stored(database)
    assert judgment.said == {"flags": {"1": ["personal_data"]}}


def test_what_nobody_asked_is_refused(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, [PAIRWISE], answers=2)
    answer = ada.post(task, key=ada.hidden("key"), choice="1", **{"flags.A.broken": "1"})
    assert answer.status_code == 422
    assert stored(database) == []


def test_a_plain_judgment_says_nothing_beside(app: Flask, database: Database, people: Cast) -> None:
    asked = [PAIRWISE, {"kind": "reason"}, {"kind": "edit"}, {"kind": "marks"}, {"kind": "flags"}]
    ada, task = begin(app, database, people, asked, answers=2)
    ada.post(task, key=ada.hidden("key"), choice="1", reason="Right.")
    (judgment,) = stored(database)
    assert (judgment.reason, judgment.said) == ("Right.", None)


def test_reviewers_see_all_that_was_said(app: Flask, database: Database, people: Cast) -> None:
    ada, task = begin(app, database, people, ALL)
    at = letters(database)
    said = {f"ranking.{at[n]}": str(3 - n) for n in range(3)}
    said |= {f"criteria.{c}.{at[n]}": "2" for c in range(2) for n in range(3)}
    said |= {"reason.tags.0": "1", f"flags.{at[0]}.harmful": "1"}
    said |= {f"edit.{at[n]}": TEXTS[n] for n in range(2)} | {f"edit.{at[2]}": "<i>Improved</i>"}
    mark = {"place": at[0], "quote": "first one", "type": "Unclear", "severity": "Minor"}
    said |= {f"marks.0.{name}": value for name, value in mark.items()}
    assert ada.post(task, key=ada.hidden("key"), **said).location == "/finished"
    page = Visit(app).arrive("rex@example.org").get(f"{HELPFUL}/comparisons/1").text
    assert "Answer 3 is ahead, 1 to 0" in page
    for shown in ("3, 2, 1", "Wrong facts", "Could harm somebody", "first* one", "1: 2, 2: 2"):
        assert shown in page, shown
    assert "&lt;i&gt;Improved" in page
    assert '<q lang="en" dir="ltr">first* one</q>' in page
    assert '<p class="serif source" lang="en" dir="ltr">' in page
    assert "<i>Improved" not in page


def test_each_turn_has_its_language_and_direction(
    app: Flask, database: Database, people: Cast
) -> None:
    turns = (
        Message(role="user", content="سلام", language="fa"),
        Message(role="assistant", content="Salut", language="fr"),
        Message(role="user", content="Go on"),
    )
    ada, task = begin(app, database, people, [PAIRWISE], answers=2, messages=turns)
    page = ada.get(task).text
    for words, lang, direction in (
        ("سلام", "fa", "rtl"),
        ("Salut", "fr", "ltr"),
        ("Go on", "en", "ltr"),
    ):
        assert re.search(rf'lang="{lang}" dir="{direction}"><p>{words}</p>', page)
    assert "What was said before" in page


def test_open_work_keeps_the_form_that_it_was_given(
    app: Flask, database: Database, people: Cast
) -> None:
    ada, task = begin(app, database, people, [RANKING])
    with database.writing() as session:
        project = projects.find(session, "helpful", by=people.olga)
        later = RubricDraft.model_validate({"questions": [CRITERIA]})
        project.rubric_number = rubrics.publish(session, project.id, later, by=people.olga).number
        session.commit()
    order = {f"ranking.{letter}": str(n) for n, letter in enumerate("ABC", start=1)}
    assert 'name="ranking.A"' in ada.get(task).text
    assert ada.post(task, key=ada.hidden("key"), **order).location == "/finished"
    assert [(each.rubric_number, each.verdict.value) for each in stored(database)] == [
        (1, "ranking")
    ]
