"""Visits: who comes by a link may chat within limits, and gets neither work nor pay."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from labeler.arena import endings, visits
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import ledger
from labeler.people import forum, memberships, sign_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.progress import costs
from labeler.work import projects
from labeler.work.projects import Project, ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.arena.talks import begin, make_chat, set_rules, vote, write
from tests.make import make_batch

DAY = timedelta(days=1)
LIMITS = {"per_visitor": 2, "per_day": 3}


def open_chat(
    session: Session, cast: Cast, frozen: StoppedClock, **limits: int
) -> tuple[Project, str]:
    """Make a project that lets visitors in for a week; return it with the link's secret."""
    project = make_chat(session, cast, visitors=LIMITS | limits)
    until = frozen.time + 7 * DAY
    secret = visits.make_link(session, project, label="Fair", expires_at=until, by=cast.olga)
    return project, secret


def come(session: Session, secret: str) -> Person:
    person, _ = visits.enter(session, secret)
    return person


def test_a_visitor_chats_and_is_not_paid(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project, secret = open_chat(session, cast, frozen)
    assert visits.project_of(session, secret) is project
    person, cookie = visits.enter(session, secret, browser="Phone")
    found = sign_ins.person_of(session, cookie)
    assert found is person and person.is_visitor
    chat = begin(session, project, person)
    judgment = vote(session, write(session, chat, "Hello", person), 1, person)
    assert judgment.counts
    assert ledger.earned(session, person_id=person.id) == {}
    assert ledger.cost(session, project.id) == {}
    frozen.forward(days=7)
    assert costs.of_project(session, project.id).languages == []


def test_a_visitor_is_given_nothing_else(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project, secret = open_chat(session, cast, frozen)
    make_batch(session, project, cast)
    person = come(session, secret)
    with pytest.raises(NotFound):
        projects.find(session, project.slug, by=person)
    assert memberships.role_of(session, project.id, person) is None
    assert not projects.may_create(session, person)
    with pytest.raises(Forbidden):
        forum.require_worker(session, person)
    other = make_chat(session, cast, slug="other")
    with pytest.raises(NotFound):
        begin(session, other, person)


def test_visitors_begin_only_so_many(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project, secret = open_chat(session, cast, frozen)
    one, other, third = (come(session, secret) for _ in range(3))
    with pytest.raises(Conflict, match="tomorrow"):
        come(session, secret)
    for _ in range(2):
        endings.end(session, begin(session, project, one), by=one)
    with pytest.raises(Conflict, match="all the conversations"):
        begin(session, project, one)
    begin(session, project, other)
    with pytest.raises(Conflict, match="tomorrow"):
        begin(session, project, third)
    begin(session, project, cast.ada)  # it is not for those who work here
    frozen.forward(days=1)
    begin(session, project, third)
    come(session, secret)


def test_a_link_ends(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project, secret = open_chat(session, cast, frozen, per_visitor=9, per_day=9)
    person = come(session, secret)
    endings.end(session, begin(session, project, person), by=person)
    frozen.forward(days=8)
    for late in (lambda: come(session, secret), lambda: visits.project_of(session, secret)):
        with pytest.raises(NotFound, match="over"):
            late()
    with pytest.raises(Conflict, match="over"):
        begin(session, project, person)


def test_a_link_is_revoked(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project, secret = open_chat(session, cast, frozen)
    person = come(session, secret)
    chat = begin(session, project, person)
    turn = write(session, chat, "Hello", person)
    (link,) = visits.links(session, project.id)
    for stranger in (cast.ada, cast.rex, cast.mallory):
        with pytest.raises(Forbidden):
            visits.revoke(session, link.id, project, by=stranger)
    other = make_chat(session, cast, slug="other")
    with pytest.raises(NotFound):
        visits.revoke(session, link.id, other, by=cast.olga)
    visits.revoke(session, link.id, project, by=cast.olga)
    visits.revoke(session, link.id, project, by=cast.olga)
    with pytest.raises(NotFound):
        come(session, secret)
    vote(session, turn, 1, person)  # what was begun may be finished
    with pytest.raises(Conflict, match="over"):
        write(session, chat, "And?", person)


def test_links_are_made_where_rules_let_visitors_in(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project, secret = open_chat(session, cast, frozen)
    until = frozen.time + DAY
    with pytest.raises(Forbidden):
        visits.make_link(session, project, label="", expires_at=until, by=cast.rex)
    with pytest.raises(Invalid):
        visits.make_link(session, project, label="", expires_at=frozen.time, by=cast.olga)
    set_rules(session, project, cast)
    with pytest.raises(Conflict, match="no visitors"):
        visits.make_link(session, project, label="", expires_at=until, by=cast.olga)
    with pytest.raises(Conflict, match="no visitors"):
        come(session, secret)
    projects.move(session, project, ProjectState.paused, by=cast.olga)
    with pytest.raises(NotFound):
        visits.project_of(session, secret)


def test_a_link_is_kept_as_a_hash(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project, secret = open_chat(session, cast, frozen)
    (link,) = visits.links(session, project.id)
    assert secret not in {link.secret_digest, link.label}
    with pytest.raises(NotFound):
        visits.project_of(session, link.secret_digest)


def test_a_visitor_gets_no_part_in_a_project(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project, secret = open_chat(session, cast, frozen)
    person = come(session, secret)
    with pytest.raises(Conflict, match="visitor"):
        memberships.grant(session, project.id, person, Role.annotator, by=cast.olga)
