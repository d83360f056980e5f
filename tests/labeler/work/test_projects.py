"""Projects: who may make and find one, what its settings may be, where its state may go."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.events import Event
from labeler.people import memberships
from labeler.people.memberships import Role
from labeler.work import drafts, guidelines, projects
from labeler.work.projects import MOVES, Project, ProjectState
from tests.cast import Cast, make_cast
from tests.make import make_project


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Helpful answers, by Olga."""
    return make_project(session, cast)


# Drafts


def test_a_title_is_enough() -> None:
    draft = drafts.read({"title": " Helpful answers "})
    assert draft.title == "Helpful answers"
    assert draft.question == "Which answer is better?"
    assert draft.rubric.steps == 7
    assert draft.judgments_per_comparison == 3
    assert draft.languages == ["en"]
    assert draft.pay.per_judgment == "0"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("title", {"title": "  "}),
        ("title", {"title": "x" * 301}),
        ("slug", {"slug": "Not a slug"}),
        ("slug", {"slug": "../x"}),
        ("judgments_per_comparison", {"judgments_per_comparison": 0}),
        ("judgments_per_comparison", {"judgments_per_comparison": 101}),
        ("gold_share", {"gold_share": 0.51}),
        ("gold_share", {"gold_share": float("nan")}),
        ("languages", {"languages": []}),
        ("languages.0", {"languages": ["klingonese"]}),
        ("rubric.steps", {"rubric": {"steps": 12}}),
        ("rubric", {"rubric": {"steps": 5, "tie": False}}),
        ("time_limit_minutes", {"time_limit_minutes": 0}),
        ("change_window_minutes", {"change_window_minutes": -1}),
        ("pay.currency_code", {"pay": {"currency_code": "EUR"}}),
        ("colour", {"colour": "red"}),
    ],
)
def test_every_bad_field_is_named(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as refusal:
        drafts.read({"title": "Helpful answers"} | given)
    assert list(refusal.value.fields) == [field]


@pytest.mark.parametrize(
    "pay",
    [
        {"per_judgment": "0.355", "currency": "EUR"},
        {"per_judgment": "-1", "currency": "EUR"},
        {"per_judgment": "much", "currency": "EUR"},
        {"per_judgment": "1", "currency": "euro"},
    ],
)
def test_pay_must_be_an_amount_of_its_currency(pay: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        drafts.read({"title": "Helpful answers", "pay": pay})


# Making one


def test_a_new_project_is_active_owned_by_its_maker_and_has_its_first_versions(
    session: Session, cast: Cast
) -> None:
    draft = drafts.read(
        {
            "title": "Réponses utiles!",
            "guidelines": "Prefer what is correct.",
            "rubric": {"steps": 5},
            "pay": {"per_judgment": "0.355", "currency": "KWD"},
            "time_limit_minutes": 10,
        }
    )
    project = projects.create(session, draft, by=cast.root)
    session.expire_all()
    assert project.slug == "r-ponses-utiles"
    assert project.state is ProjectState.active
    assert (project.pay_minor, project.currency) == (355, "KWD")
    assert project.time_limit_s == 600
    assert memberships.role_of(session, project.id, cast.root) is Role.owner
    assert guidelines.version(session, project.id, 1).text == "Prefer what is correct."
    assert projects.rubric_draft(session, project) == draft.rubric


def test_a_title_without_latin_letters_gets_a_name_in_addresses(
    session: Session, cast: Cast
) -> None:
    made = [
        projects.create(session, drafts.read({"title": "সহায়ক উত্তর"}), by=cast.root).slug
        for _ in range(2)
    ]
    assert made[0] != made[1]
    assert all(slug.startswith("project-") for slug in made)


def test_a_name_is_taken_once(session: Session, cast: Cast, project: Project) -> None:
    draft = drafts.read({"title": "Another", "slug": project.slug})
    with pytest.raises(Conflict, match="already a project called helpful"):
        projects.create(session, draft, by=cast.root)


def test_only_administrators_and_owners_make_projects(
    session: Session, cast: Cast, project: Project
) -> None:
    assert [
        projects.may_create(session, person)
        for person in (cast.root, cast.olga, cast.rex, cast.ada, cast.mallory)
    ] == [True, True, False, False, False]
    with pytest.raises(Forbidden):
        projects.create(session, drafts.read({"title": "Mine"}), by=cast.ada)


# Finding one


def test_finding_a_project_and_being_allowed_to_are_one_act(
    session: Session, cast: Cast, project: Project
) -> None:
    def outcome(person: str, role: Role) -> str:
        try:
            projects.find(session, project.slug, by=getattr(cast, person), role=role)
        except (Forbidden, NotFound) as refusal:
            return type(refusal).__name__
        return "found"

    people = ("root", "olga", "rex", "ada", "mallory")
    assert {role: [outcome(person, role) for person in people] for role in Role} == {
        Role.annotator: ["found", "found", "found", "found", "NotFound"],
        Role.reviewer: ["found", "found", "found", "Forbidden", "NotFound"],
        Role.owner: ["found", "found", "Forbidden", "Forbidden", "NotFound"],
    }


def test_a_stranger_cannot_tell_a_project_from_none(
    session: Session, cast: Cast, project: Project
) -> None:
    complaints = []
    for slug in (project.slug, "nothing", "", "no\x00thing"):
        with pytest.raises((NotFound, Invalid)) as refusal:
            projects.find(session, slug, by=cast.mallory)
        complaints.append(refusal.value.message)
    assert complaints[:3] == ["There is no such project."] * 3


def test_who_was_removed_is_a_stranger(session: Session, cast: Cast, project: Project) -> None:
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    with pytest.raises(NotFound):
        projects.find(session, project.slug, by=cast.ada)
    assert projects.of_person(session, cast.ada) == []


def test_everybody_sees_their_own_projects_newest_first(
    session: Session, cast: Cast, project: Project
) -> None:
    other = make_project(session, cast, slug="other")
    memberships.remove(session, other.id, cast.rex, by=cast.olga)
    assert projects.of_person(session, cast.ada) == [
        (other, Role.annotator),
        (project, Role.annotator),
    ]
    assert projects.of_person(session, cast.rex) == [(project, Role.reviewer)]
    assert projects.of_person(session, cast.root) == [(other, Role.owner), (project, Role.owner)]
    assert projects.of_person(session, cast.mallory) == []


# Changing one


def draft_with(**changes: Any) -> drafts.ProjectDraft:
    given = {"title": "Helpful answers", "guidelines": "Prefer what is **correct**."}
    return drafts.read(given | changes)


def test_only_what_changed_becomes_a_new_version(
    session: Session, cast: Cast, project: Project
) -> None:
    projects.revise(session, project, draft_with(question="Which is truer?"), by=cast.olga)
    assert project.question == "Which is truer?"
    assert (project.guideline_number, project.rubric_number) == (1, 1)
    projects.revise(session, project, draft_with(guidelines="Be fair."), by=cast.olga)
    assert (project.guideline_number, project.rubric_number) == (2, 1)
    with_scale = draft_with(guidelines="Be fair.", rubric={"steps": 3})
    projects.revise(session, project, with_scale, by=cast.olga)
    assert (project.guideline_number, project.rubric_number) == (2, 2)


def test_what_is_like_this_already_is_no_event(
    session: Session, cast: Cast, project: Project
) -> None:
    draft = draft_with(guidelines="Be fair.", languages=["en"], rubric={"steps": 3})
    projects.revise(session, project, draft, by=cast.olga)
    before = session.scalars(sa.select(sa.func.count(Event.id))).one()
    projects.revise(session, project, draft, by=cast.olga)
    session.flush()
    assert session.scalars(sa.select(sa.func.count(Event.id))).one() == before


def test_the_currency_stays(session: Session, cast: Cast, project: Project) -> None:
    with pytest.raises(Invalid, match="currency stays"):
        projects.revise(session, project, draft_with(pay={"currency": "USD"}), by=cast.olga)


def test_states_go_where_the_table_says(session: Session, cast: Cast, project: Project) -> None:
    for before in ProjectState:
        for after in ProjectState:
            project.state = before
            if after is before or after in MOVES[before]:
                projects.move(session, project, after, by=cast.olga)
                assert project.state is after
            else:
                with pytest.raises(Conflict):
                    projects.move(session, project, after, by=cast.olga)
                assert project.state is before


def test_two_who_move_a_project_at_once_are_one_heard(database: Database) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        slug = make_project(session, cast).slug
        session.commit()
    with database.reading() as second:
        # The second looks before the first is through and goes on afterwards.
        seen = projects.find(second, slug, by=cast.root)
    with database.writing() as first:
        found = projects.find(first, slug, by=cast.olga)
        projects.move(first, found, ProjectState.closed, by=cast.olga)
        first.commit()
    with database.writing() as second:
        second.add(seen)
        with pytest.raises(Conflict, match="just changed"):
            projects.move(second, seen, ProjectState.paused, by=cast.root)
    with database.reading() as session:
        assert projects.find(session, slug, by=cast.root).state is ProjectState.closed
