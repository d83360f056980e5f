"""Memberships: one person, one role in a project; a project never loses its last owner."""

import threading

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.database import Database
from labeler.errors import Invalid, NotFound
from labeler.events import Event
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Placement, Role
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.make import make_project


@pytest.fixture
def project(session: Session, cast: Cast) -> Project:
    """Olga and Root own it, Rex reviews, Ada and Bea annotate."""
    return make_project(session, cast)


def names(session: Session, project: Project) -> dict[str, Role]:
    return {person.name: role for person, role in memberships.of_project(session, project.id)}


def test_everybody_has_one_role(session: Session, cast: Cast, project: Project) -> None:
    assert names(session, project) == {
        "Ada": Role.annotator,
        "Bea": Role.annotator,
        "Olga": Role.owner,
        "Rex": Role.reviewer,
        "Root": Role.owner,
    }
    assert memberships.role_of(session, project.id, cast.mallory) is None


def test_a_new_role_takes_the_place_of_the_old_one(
    session: Session, cast: Cast, project: Project
) -> None:
    memberships.grant(session, project.id, cast.ada, Role.reviewer, by=cast.olga)
    assert names(session, project)["Ada"] is Role.reviewer
    assert len(names(session, project)) == 5


def test_a_role_that_somebody_has_already_is_no_event(
    session: Session, cast: Cast, project: Project
) -> None:
    before = session.scalars(sa.select(sa.func.count(Event.id))).one()
    memberships.grant(session, project.id, cast.ada, Role.annotator, by=cast.olga)
    memberships.invite(session, project.id, cast.ada, Role.annotator, by=cast.olga)
    assert session.scalars(sa.select(sa.func.count(Event.id))).one() == before
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    memberships.grant(session, project.id, cast.ada, Role.annotator, by=cast.olga)
    assert session.scalars(sa.select(sa.func.count(Event.id))).one() == before + 2


def test_who_is_removed_has_no_role_and_can_come_back(
    session: Session, cast: Cast, project: Project
) -> None:
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    assert memberships.role_of(session, project.id, cast.ada) is None
    with pytest.raises(NotFound):
        memberships.remove(session, project.id, cast.ada, by=cast.olga)
    memberships.grant(session, project.id, cast.ada, Role.annotator, by=cast.olga)
    assert memberships.role_of(session, project.id, cast.ada) is Role.annotator


def test_roles_hold_in_their_project_only(session: Session, cast: Cast, project: Project) -> None:
    other = make_project(session, cast, slug="other")
    memberships.remove(session, other.id, cast.ada, by=cast.olga)
    assert memberships.role_of(session, project.id, cast.ada) is Role.annotator


def test_the_last_owner_stays(session: Session, cast: Cast, project: Project) -> None:
    memberships.remove(session, project.id, cast.root, by=cast.olga)
    with pytest.raises(Invalid, match="needs an owner"):
        memberships.remove(session, project.id, cast.olga, by=cast.root)
    with pytest.raises(Invalid, match="needs an owner"):
        memberships.grant(session, project.id, cast.olga, Role.annotator, by=cast.root)
    assert names(session, project)["Olga"] is Role.owner


def test_an_owner_who_was_removed_does_not_count(
    session: Session, cast: Cast, project: Project
) -> None:
    memberships.remove(session, project.id, cast.root, by=cast.olga)
    memberships.grant(session, project.id, cast.root, Role.annotator, by=cast.olga)
    with pytest.raises(Invalid):
        memberships.remove(session, project.id, cast.olga, by=cast.root)


@pytest.mark.parametrize("verb", ["remove", "grant"])
def test_two_owners_who_remove_each_other_at_once_leave_one(database: Database, verb: str) -> None:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        session.commit()
    refused: list[str] = []

    def end(person: Person, by: Person) -> None:
        with database.writing() as session:
            try:
                if verb == "remove":
                    memberships.remove(session, project.id, person, by=by)
                else:
                    memberships.grant(session, project.id, person, Role.annotator, by=by)
                session.commit()
            except Invalid as refusal:
                refused.append(refusal.message)

    with database.writing() as first:
        memberships.remove(first, project.id, cast.root, by=cast.olga)
        second = threading.Thread(target=end, args=(cast.olga, cast.root))
        second.start()
        second.join(0.5)  # time to look at the owners as they are without the first's doing
        first.commit()
    second.join()
    assert refused == ["A project needs an owner: make somebody else one first."]
    with database.reading() as session:
        assert names(session, project)["Olga"] is Role.owner


def test_managing_is_more_than_annotating_in_some_project(
    session: Session, cast: Cast, project: Project
) -> None:
    everybody = (cast.root, cast.olga, cast.rex, cast.ada, cast.mallory)
    manage = [memberships.manages(session, person) for person in everybody]
    assert manage == [True, True, True, False, False]
    memberships.remove(session, project.id, cast.rex, by=cast.olga)
    assert not memberships.manages(session, cast.rex)


def test_languages_and_groups_are_what_was_said_last(
    session: Session, cast: Cast, project: Project
) -> None:
    part = memberships.part_of(session, project.id, cast.ada.id)
    given = {"languages": ["pt-BR", "fr", "fr"], "cohorts": ["Experts"]}
    for _ in range(2):  # the same again is no event
        placement = memberships.read_placement(given)
        memberships.place(session, project.id, cast.ada, placement, by=cast.olga)
    assert (part.languages, part.cohorts) == (["pt-BR", "fr"], ["experts"])
    memberships.place(session, project.id, cast.ada, Placement(languages=[]), by=cast.olga)
    assert (part.languages, part.cohorts) == ([], ["experts"])
    placed = sa.select(Event.data).where(Event.kind == "membership.placed").order_by(Event.id)
    assert session.scalars(placed).all() == [
        {"subject": cast.ada.id, "languages": ["pt-BR", "fr"], "cohorts": ["experts"]},
        {"subject": cast.ada.id, "languages": []},
    ]


def test_who_has_no_part_is_not_placed(session: Session, cast: Cast, project: Project) -> None:
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    for person in (cast.ada, cast.mallory):
        with pytest.raises(NotFound):
            memberships.place(session, project.id, person, Placement(cohorts=["a"]), by=cast.olga)
    other = make_project(session, cast, slug="other")
    memberships.place(session, other.id, cast.bea, Placement(cohorts=["a"]), by=cast.olga)
    assert memberships.part_of(session, project.id, cast.bea.id).cohorts == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("languages", ["english"]), ("languages", "fr"), ("cohorts", ["two words"]), ("more", [])],
)
def test_a_placement_that_cannot_be_read_is_named(field: str, value: object) -> None:
    with pytest.raises(Invalid) as refused:
        memberships.read_placement({field: value})
    assert [name.partition(".")[0] for name in refused.value.fields] == [field]
