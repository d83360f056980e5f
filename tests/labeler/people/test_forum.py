"""The forum is the workers' own: they read, write and take back there, and no manager gets in."""

from collections.abc import Callable
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.events import Event
from labeler.people import forum, memberships
from labeler.people.memberships import Role
from labeler.privacy import erasure
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import make_project


def test_what_workers_tell_each_other(session: Session, cast: Cast, frozen: StoppedClock) -> None:
    project = make_project(session, cast)
    events = session.scalar(sa.select(sa.func.count(Event.id)))
    pay = forum.open_topic(session, "Pay", "Is yours **late**?", by=cast.ada)
    assert forum.open_topic(session, "Pay", "Is yours **late**?", by=cast.ada) is pay
    frozen.forward(minutes=1)
    rest = forum.open_topic(session, "Breaks", "Take them.", by=cast.ada)
    frozen.forward(minutes=1)
    for _ in range(2):  # a second click says nothing twice
        forum.reply(session, pay, "Mine is.", is_nameless=True, by=cast.bea)
    assert [each.id for each in forum.topics(session, by=cast.bea)] == [pay.id, rest.id]
    asked, said = forum.posts(session, pay, by=cast.ada)
    assert (asked.author, asked.is_own, said.author, said.is_own) == ("Ada", True, None, False)
    assert pay.posts == 2

    # Only its author takes it back; its text is gone from the database, and its place stays.
    with pytest.raises(NotFound):
        forum.take_back(session, asked.id, by=cast.bea)
    for _ in range(2):
        forum.take_back(session, asked.id, by=cast.ada)
    gone, still = forum.posts(session, pay, by=cast.bea)
    assert (gone.author, gone.text, gone.is_taken_back, still.text) == (None, "", True, "Mine is.")
    assert pay.title == ""
    # No event tells those who run the site who wrote.
    assert session.scalar(sa.select(sa.func.count(Event.id))) == events

    # Whoever comes to review anything is out from then on.
    memberships.grant(session, project.id, cast.bea, Role.reviewer, by=cast.olga)
    with pytest.raises(Forbidden):
        forum.posts(session, pay, by=cast.bea)


def test_nobody_who_manages_or_works_nowhere_gets_in(session: Session, cast: Cast) -> None:
    project = make_project(session, cast)
    other = make_project(session, cast, slug="other")
    topic = forum.open_topic(session, "Pay", "Late.", by=cast.ada)
    memberships.grant(session, project.id, cast.root, Role.annotator, by=cast.olga)
    memberships.grant(session, other.id, cast.rex, Role.annotator, by=cast.olga)
    acts: list[Callable[..., object]] = [
        partial(forum.topics, session),
        partial(forum.find, session, topic.id),
        partial(forum.posts, session, topic),
        partial(forum.open_topic, session, "Hello", "It is me."),
        partial(forum.reply, session, topic, "No."),
        partial(forum.take_back, session, 1),
    ]
    for who in (cast.olga, cast.rex, cast.root, cast.mallory):
        for act in acts:
            with pytest.raises(Forbidden):
                act(by=who)


def test_what_cannot_be_said(session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    make_project(session, cast)
    with pytest.raises(Invalid) as refused:
        forum.open_topic(session, "x" * 201, " ", by=cast.ada)
    assert list(refused.value.fields) == ["title", "text"]
    with pytest.raises(Invalid):
        forum.open_topic(session, "One\nline", "a\0b", by=cast.ada)
    topic = forum.open_topic(session, "Pay", "Late.", by=cast.ada)
    monkeypatch.setattr(forum, "FULL", 1)
    with pytest.raises(Conflict, match="full"):
        forum.reply(session, topic, "Again.", by=cast.ada)
    with pytest.raises(NotFound):
        forum.find(session, topic.id + 1, by=cast.ada)


def test_of_whoever_is_erased_no_words_stay(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    make_project(session, cast)
    topic = forum.open_topic(session, "Pay", "I am Ada.", by=cast.ada)
    forum.reply(session, topic, "Hello.", by=cast.bea)
    erasure.forget(session, cast.ada, at=frozen.time)
    session.expire_all()
    gone, stays = forum.posts(session, topic, by=cast.bea)
    assert (topic.title, gone.text, gone.author) == ("", "", None)
    assert (stays.text, stays.author) == ("Hello.", "Bea")
