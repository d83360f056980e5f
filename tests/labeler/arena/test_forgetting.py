"""Forgetting: what becomes of chats when somebody is erased, and of visitors in time."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.arena import endings, visits
from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.endpoints.calls import Call
from labeler.people.accounts import Person
from labeler.people.sign_ins import SignIn
from labeler.people.visitors import Visit
from labeler.privacy import erasure, retention, subjects
from labeler.privacy.retention import Periods
from labeler.work.comparisons import Prompt
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.labeler.arena.talks import begin, make_chat, vote, write


def kept(session: Session) -> dict[str, bool]:
    """Say where the secret still stands."""
    rows = {
        "turns": session.scalars(sa.select(Turn.text)).all(),
        "asked": [str(each) for each in session.scalars(sa.select(Call.messages))],
        "answered": [each or "" for each in session.scalars(sa.select(Call.text))],
        "prompts": [str(each) for each in session.scalars(sa.select(Prompt.messages))],
    }
    return {name: any("Rosa" in text for text in texts) for name, texts in rows.items()}


def test_what_was_never_voted_on_is_emptied(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada)
    write(session, chat, "My aunt is called Rosa.", cast.ada)
    assert all(is_there for name, is_there in kept(session).items() if name != "prompts")
    erasure.erase(session, cast.ada, by=cast.ada)
    session.expire_all()
    assert not any(kept(session).values())
    found = session.get_one(Conversation, chat.id)
    assert found.person_id == cast.ada.id
    assert None not in (found.ended_at, found.revealed_at)
    erasure.forget(session, cast.ada, at=found.ended_at or found.created_at)


def test_what_was_voted_on_is_the_dataset_s(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.rex)
    vote(session, write(session, chat, "My aunt is called Rosa.", cast.rex), 1, cast.rex)
    erasure.forget(session, cast.rex, at=chat.created_at)
    session.expire_all()
    assert kept(session)["prompts"]
    assert list(audit.faults(session)) == []


def test_people_read_what_they_wrote(session: Session, cast: Cast) -> None:
    project = make_chat(session, cast)
    chat = begin(session, project, cast.ada, "de")
    write(session, chat, "Hallo", cast.ada)
    write(session, begin(session, project, cast.bea), "Hello", cast.bea)
    found = {
        subject.name: [values for _, values in subject.page(session, cast.ada.id, 0)]
        for subject in subjects.SUBJECTS
        if subject.name in ("chats", "messages", "visits")
    }
    assert [(each["chat"], each["language"]) for each in found["chats"]] == [(chat.id, "de")]
    assert [(each["turn"], each["text"]) for each in found["messages"]] == [(1, "Hallo")]
    assert found["visits"] == []


def test_visitors_are_erased_in_time_and_stay_visitors(
    session: Session, cast: Cast, frozen: StoppedClock
) -> None:
    project = make_chat(session, cast, visitors={})
    until = frozen.time.replace(hour=23)
    secret = visits.make_link(session, project, label="", expires_at=until, by=cast.olga)
    person, _ = visits.enter(session, secret, browser="Rosa's phone")
    chat = begin(session, project, person)
    write(session, chat, "My aunt is called Rosa.", person)
    endings.end(session, chat, by=person)
    frozen.forward(days=180)
    assert {rule.table: n for rule, n in retention.report(session, Periods())}["visits"] == 0
    frozen.forward(days=1)
    assert {rule.table: n for rule, n in retention.report(session, Periods())}["visits"] == 1
    list(retention.apply(session, Periods()))
    session.expire_all()
    assert list(retention.apply(session, Periods())) == []
    gone = session.get_one(Person, person.id)
    assert (gone.name, gone.is_visitor) == (erasure.NAME, False)
    assert session.scalars(sa.select(SignIn)).all() == []
    assert not any(kept(session).values())
    visit = session.scalars(sa.select(Visit)).one()
    assert (visit.person_id, visit.forgotten_at) == (person.id, frozen.time)
