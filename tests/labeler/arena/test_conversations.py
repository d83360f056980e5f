"""Conversations: who may begin one, in which language, and with which two models."""

from collections import Counter
from itertools import combinations

import pytest
from sqlalchemy.orm import Session

from labeler.arena import conversations, endings, turns
from labeler.endpoints import registry
from labeler.errors import Conflict, Invalid, NotFound
from labeler.pay import budgets, limits, missed
from labeler.pay.limits import Hours, Reached
from labeler.pay.worktime import Kind
from labeler.people import memberships, terms
from labeler.people.memberships import Placement
from labeler.people.terms import NotAgreed
from labeler.work import projects
from labeler.work.projects import ProjectState
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.arena.talks import begin, make_chat, vote, write
from tests.make import load_rows, make_project, make_row, new_key


def test_pairs_that_met_least_come_first(session: Session, cast: Cast) -> None:
    names = ("one", "two", "three", "four")
    project = make_chat(session, cast, names=names)
    met: Counter[frozenset[str]] = Counter()
    first: Counter[str] = Counter()
    for _ in range(12):
        chat = begin(session, project, cast.ada)
        one, other = conversations.endpoints(session, chat)
        met[frozenset((one.name, other.name))] += 1
        first[one.name] += 1
        endings.end(session, chat, by=cast.ada)
    assert met == {frozenset(pair): 2 for pair in combinations(names, 2)}
    assert max(first.values()) < 12  # whoever is named first by the rules is not always first


def test_one_is_open_at_a_time(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    assert begin(session, project, cast.ada, "de") is chat
    other = begin(session, project, cast.bea, "de")
    assert (other.person_id, other.language) == (cast.bea.id, "de")
    with pytest.raises(NotFound):
        conversations.find(session, chat.id, by=cast.bea)
    endings.end(session, chat, by=cast.ada)
    again = begin(session, project, cast.ada)
    assert again.id != chat.id
    assert [each.id for each in conversations.of_person(session, project.id, cast.ada)] == [
        again.id,
        chat.id,
    ]


def test_it_is_in_a_language_of_the_project_and_of_the_person(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    memberships.place(session, project.id, cast.ada, Placement(languages=["de"]), by=cast.olga)
    for language in ("fr", "en", ""):
        with pytest.raises(Invalid) as refusal:
            begin(session, project, cast.ada, language)
        assert list(refusal.value.fields) == ["language"]
    assert begin(session, project, cast.ada, "de").language == "de"


def test_what_keeps_others_from_work_keeps_them_from_chatting(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    silent = make_project(session, cast, slug="silent")
    with pytest.raises(Conflict, match="no chat"):
        begin(session, silent, cast.ada)
    project = make_chat(session, cast)
    with pytest.raises(NotFound):
        begin(session, project, cast.mallory)
    projects.move(session, project, ProjectState.paused, by=cast.olga)
    with pytest.raises(Conflict, match="paused"):
        begin(session, project, cast.ada)
    projects.move(session, project, ProjectState.active, by=cast.olga)
    terms.publish(session, project.id, {"en": "Be kind."}, notice_days=30, by=cast.olga)
    with pytest.raises(NotAgreed):
        begin(session, project, cast.ada)
    terms.agree(session, project.id, 1, "en", by=cast.ada)
    chat = begin(session, project, cast.ada)
    _work_long(session, project.id, cast, frozen)
    with pytest.raises(Reached):
        turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)


def _work_long(session: Session, project_id: int, cast: Cast, frozen: StoppedClock) -> None:
    limits.change(session, Hours(day_hours=1, week_hours=40), by=cast.ada)
    began = frozen.time
    frozen.forward(hours=1)
    span = {"started_at": began, "ended_at": frozen.time}
    missed.add(session, project_id, by=cast.ada, kind=Kind.judging, note="Read.", **span)


def test_who_has_yet_to_qualify_does_that_first(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    project.qualification_questions, project.qualification_right = 1, 1
    rows = [make_row(n, gold=0) for n in range(2)]
    load_rows(session, project, rows, by=cast.olga, for_qualification=True)
    with pytest.raises(Conflict, match="questions"):
        begin(session, project, cast.ada)
    assert begin(session, project, cast.rex).person_id == cast.rex.id


def test_a_budget_counts_what_chats_are_promised(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    budgets.limit(session, project.id, "EUR", 70, by=cast.olga)
    of_ada, of_bea = (begin(session, project, person) for person in (cast.ada, cast.bea))
    of_rex = begin(session, project, cast.rex)
    turn = write(session, of_ada, "Hello", cast.ada)
    write(session, of_bea, "Hello", cast.bea)
    with pytest.raises(Conflict, match="budget"):
        write(session, of_rex, "Hello", cast.rex)
    vote(session, turn, 1, cast.ada)  # what was promised is paid
    with pytest.raises(Conflict, match="budget"):
        write(session, of_ada, "And then?", cast.ada)
    endings.end(session, of_bea, by=cast.bea)
    write(session, of_rex, "Hello", cast.rex)


def test_models_that_are_gone_are_not_drawn(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast, names=("one", "two", "three"))
    registry.archive(session, "one", by=None)
    for _ in range(3):
        chat = begin(session, project, cast.ada)
        names = {endpoint.name for endpoint in conversations.endpoints(session, chat)}
        assert names == {"two", "three"}
        endings.end(session, chat, by=cast.ada)
    registry.archive(session, "two", by=None)
    with pytest.raises(Conflict, match="Fewer than two"):
        begin(session, project, cast.ada)


def test_a_model_that_goes_meanwhile_is_not_named(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    registry.archive(session, "two", by=None)
    with pytest.raises(Conflict) as refusal:
        turns.say(session, chat, "Hello", key=new_key(), by=cast.ada)
    assert refusal.value.message == turns.GONE
