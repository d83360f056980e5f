"""Qualification on pages: the questions, how they end, trying again, being let in; settings."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from labeler.work.gold import Gold
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from tests.forms import read
from tests.labeler.web.conftest import HELPFUL, Site
from tests.make import load_rows, make_row, new_key
from tests.visits import Visit


@pytest.fixture(autouse=True)
def asking(site: Site) -> Iterator[None]:
    """Two of four questions are asked first; both must be right."""
    with site.writing() as (session, project):
        project.qualification_questions = project.qualification_right = 2
        rows = [make_row(70 + n, gold=0) for n in range(4)]
        load_rows(session, project, rows, by=site.people.olga, for_qualification=True)
    yield


def answer(site: Site, visit: Visit, address: str, *, right: bool) -> str:
    """Answer a question; return where that leads."""
    number = int(address.rpartition("/")[2])
    with site.database.reading() as session:
        row = session.execute(
            sa.text(f"SELECT places, comparison_id FROM assignments WHERE id = {number}")
        ).one()
        assert session.get(Gold, row.comparison_id) is not None
    first = str(row.places)[1] == "0"
    visit.get(address)
    choice = "1" if first is right else "7"
    return visit.post(address, key=new_key(), choice=choice).location


def settings(visit: Visit) -> dict[str, str]:
    """Return what the page of settings would send as it stands."""
    page = visit.get(f"{HELPFUL}/setup").text
    form = next(form for form in read(page) if form.action.endswith("/setup"))
    return {one.name: one.value for one in form.fields if one.is_set and one.name != "preview"}


def fail(site: Site, visit: Visit) -> str:
    """Go through an attempt that has been begun, all wrong; return the page after it."""
    where = visit.post(f"{HELPFUL}/start").location
    while where.startswith("/work/"):
        where = answer(site, visit, where, right=False)
    return visit.get(where).text


def test_whoever_passes_goes_on_to_the_work_itself(site: Site) -> None:
    ada = site.visit("ada")
    assert "2 questions come first, paid like the rest." in ada.get("/").text
    where = answer(site, ada, ada.post(f"{HELPFUL}/start").location, right=True)
    assert "1 of 2 questions answered, paid like the rest." in ada.get("/").text
    where = answer(site, ada, where, right=True)
    page = ada.get(where).text
    assert "You have passed: 2 of 2 were right." in page
    told = ada.get(f"{HELPFUL}/qualification").text
    assert told.count("Count it.") == 2


def test_whoever_does_not_reads_why_and_tries_again_with_other_questions(site: Site) -> None:
    ada = site.visit("ada")
    page = fail(site, ada)
    assert "0 of 2 were right; it takes 2." in page
    assert "Try again" in page
    assert 'action="/projects/helpful/start"' not in page
    told = ada.get(f"{HELPFUL}/qualification").text
    assert told.count("Not the known answer") == 2
    where = ada.post(f"{HELPFUL}/qualification").location
    assert where.startswith("/work/")
    where = answer(site, ada, where, right=True)
    assert "/work/" in answer(site, ada, where, right=True)


def test_nothing_is_told_before_the_last_answer(site: Site) -> None:
    ada = site.visit("ada")
    answer(site, ada, ada.post(f"{HELPFUL}/start").location, right=False)
    for page in (ada.get("/").text, ada.get(f"{HELPFUL}/qualification").text):
        assert "Count it." not in page
        assert "were right" not in page


def test_when_nothing_is_left_a_reviewer_lets_them_in(site: Site) -> None:
    ada, rex = site.visit("ada"), site.visit("rex")
    fail(site, ada)
    ada.post(f"{HELPFUL}/qualification")
    page = fail(site, ada)
    assert "A person of the project will look" in page
    assert "Try again" not in page
    assert ada.post(f"{HELPFUL}/qualification").status_code == 409
    people = rex.get(f"{HELPFUL}/people").text
    assert people.count("Waits for you") == 1
    admit = f"{HELPFUL}/people/{site.people.ada.id}/admit"
    assert admit in people
    assert "0 of 2 questions right" in rex.get(admit).text
    assert rex.post(admit, reason=" ").status_code == 422
    assert rex.post(admit, reason="We have talked.").location == f"{HELPFUL}/people"
    assert "Ada is in" in rex.get(f"{HELPFUL}/people").text
    assert "You were let in" in ada.get("/").text
    assert ada.post(f"{HELPFUL}/start").location.startswith("/work/")
    assert rex.get(admit).location == f"{HELPFUL}/people"
    assert rex.post(admit, reason="Again.").status_code == 409


@pytest.mark.both
def test_two_windows_that_try_again_at_once_begin_one_attempt(site: Site) -> None:
    ada = site.visit("ada")
    fail(site, ada)
    first = ada.post(f"{HELPFUL}/qualification").location
    assert ada.post(f"{HELPFUL}/qualification").location == first
    with site.database.reading() as session:
        assert session.scalars(sa.select(sa.func.count(Qualification.id))).one() == 2


def test_reviewers_are_asked_nothing(site: Site) -> None:
    rex = site.visit("rex")
    assert "Before the work itself" not in rex.get("/").text
    assert "Nothing is asked of you" in rex.get(f"{HELPFUL}/qualification").text


# Settings


def test_owners_say_what_is_asked(site: Site) -> None:
    olga = site.visit("olga")
    fields = settings(olga)
    assert fields["qualification.questions"] == "2"
    changed = {"qualification.questions": "10", "qualification.right": "8", "onboarding": "20"}
    assert olga.post(f"{HELPFUL}/setup", **fields | changed).status_code == 302
    with site.database.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.slug == "helpful")).one()
    found = project.qualification_questions, project.qualification_right, project.onboarding
    assert found == (10, 8, 20)
    none = {"qualification.questions": "", "qualification.right": ""}
    assert olga.post(f"{HELPFUL}/setup", **fields | none).status_code == 302
    with site.database.reading() as session:
        project = session.scalars(sa.select(Project).where(Project.slug == "helpful")).one()
    assert project.qualification_questions is None


@pytest.mark.parametrize(
    ("questions", "right", "field"),
    [("2", "3", "right"), ("2", "", "right"), ("", "2", "questions"), ("many", "1", "questions")],
)
def test_what_cannot_be_asked_is_marked(site: Site, questions: str, right: str, field: str) -> None:
    olga = site.visit("olga")
    fields = settings(olga)
    changed = {"qualification.questions": questions, "qualification.right": right}
    answer = olga.post(f"{HELPFUL}/setup", **fields | changed)
    assert answer.status_code == 422
    assert re.search(rf'id="qualification\.{field}-fault"', answer.text)


def test_a_batch_is_arranged_for_it(site: Site) -> None:
    olga = site.visit("olga")
    with site.writing() as (session, project):
        batch = load_rows(session, project, [make_row(90, gold=0)], by=site.people.olga)
        number = batch.id
    page = olga.get(f"{HELPFUL}/batches/{number}").text
    assert 'name="is_qualification"' in page
    olga.post(
        f"{HELPFUL}/batches/{number}",
        priority="0",
        cohorts="",
        most_per_person="",
        is_qualification="1",
    )
    assert "checked" in olga.get(f"{HELPFUL}/batches/{number}").text
    assert "before the work itself" in olga.get(f"{HELPFUL}/batches").text
