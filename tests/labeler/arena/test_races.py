"""Two browsers of one person at the same moment, each with a session and a commit of its own."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.arena import conversations, endings, turns, visits, votes
from labeler.arena.conversations import Conversation
from labeler.arena.turns import Turn
from labeler.database import Database
from labeler.endpoints.calls import Call
from labeler.errors import Conflict
from labeler.people.accounts import Person
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import make_cast
from tests.conftest import StoppedClock
from tests.labeler.arena.talks import begin, make_chat, write
from tests.make import new_key

AT_ONCE = 4


@dataclass
class Stage:
    """A project with a chat, and Ada, whose browsers do things at once."""

    database: Database
    project: Project
    ada: Person
    link: str

    def act(self, verb: Callable[[Session], Any]) -> Any:
        with self.database.writing() as session:
            done = verb(session)
            session.commit()
            return done

    def at_once(self, *verbs: Callable[[Session], Any]) -> list[Any]:
        """Do all of it at the same moment; return what came of each, be it a refusal."""
        start = threading.Barrier(len(verbs))

        def run(verb: Callable[[Session], Any]) -> Any:
            start.wait()
            try:
                return self.act(verb)
            except Conflict as refusal:
                return refusal

        with ThreadPoolExecutor(len(verbs)) as browsers:
            return list(browsers.map(run, verbs))

    def count(self, *which: Any) -> int:
        with self.database.reading() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(*which)) or 0

    def sound(self) -> bool:
        with self.database.reading() as session:
            return list(audit.faults(session)) == []


@pytest.fixture
def stage(database: Database, frozen: StoppedClock) -> Stage:
    """A committed stage."""
    with database.writing() as session:
        cast = make_cast(session)
        project = make_chat(session, cast, visitors={"per_visitor": 1, "per_day": 2})
        until = frozen.time.replace(hour=23)
        link = visits.make_link(session, project, label="", expires_at=until, by=cast.olga)
        session.commit()
        return Stage(database, project, cast.ada, link)


def test_two_windows_begin_one_conversation(stage: Stage) -> None:
    verb = lambda session: begin(session, stage.project, stage.ada).id  # noqa: E731
    assert len(set(stage.at_once(*[verb] * AT_ONCE))) == 1
    assert stage.count(Conversation) == 1


def test_a_message_that_is_sent_twice_is_one(stage: Stage) -> None:
    chat, key = stage.act(lambda session: begin(session, stage.project, stage.ada)), new_key()
    found = stage.at_once(
        *[lambda session: turns.say(session, chat, "Hello", key=key, by=stage.ada).id] * AT_ONCE
    )
    assert len(set(found)) == 1
    assert (stage.count(Turn), stage.count(Call)) == (1, 2)


def test_of_two_messages_one_is_asked(stage: Stage) -> None:
    chat = stage.act(lambda session: begin(session, stage.project, stage.ada))
    found = stage.at_once(
        *(
            lambda session, n=n: turns.say(session, chat, f"{n}", key=new_key(), by=stage.ada)
            for n in range(AT_ONCE)
        )
    )
    assert Counter(map(type, found)) == {Turn: 1, Conflict: AT_ONCE - 1}
    assert (stage.count(Turn), stage.count(Call)) == (1, 2)


def test_of_many_votes_one_counts(stage: Stage) -> None:
    chat = stage.act(lambda session: begin(session, stage.project, stage.ada))
    turn, key = stage.act(lambda session: write(session, chat, "Hello", stage.ada)), new_key()

    def vote(key: str) -> Callable[[Session], Any]:
        def act(session: Session) -> Any:
            mine = turns.find(session, turn.id, by=stage.ada)
            said = votes.read(session, mine, {"pairwise": 1})
            return votes.vote(session, mine, said, key=key, by=stage.ada)

        return act

    found = stage.at_once(vote(key), vote(key), vote(new_key()), vote(new_key()))
    kept = [each.judgment.id for each in found if not isinstance(each, Conflict)]
    assert kept and len(set(kept)) == 1
    assert stage.count(Judgment) == 1
    assert stage.sound()


def test_a_vote_and_the_names_come_one_after_the_other(stage: Stage) -> None:
    chat = stage.act(lambda session: begin(session, stage.project, stage.ada))
    turn = stage.act(lambda session: write(session, chat, "Hello", stage.ada))
    stage.act(lambda session: endings.end(session, chat, by=stage.ada))

    def vote(session: Session) -> Any:
        mine = turns.find(session, turn.id, by=stage.ada)
        said = votes.read(session, mine, {"pairwise": 1})
        return votes.vote(session, mine, said, key=new_key(), by=stage.ada)

    said, _ = stage.at_once(vote, lambda session: endings.reveal(session, chat, by=stage.ada))
    assert stage.count(Judgment) == (0 if isinstance(said, Conflict) else 1)
    with stage.database.reading() as session:
        judged = sa.select(Judgment.created_at)
        revealed = session.scalars(sa.select(Conversation.revealed_at)).one()
        assert revealed is not None and all(at <= revealed for at in session.scalars(judged))


def test_answers_are_drawn_again_once(stage: Stage) -> None:
    chat = stage.act(lambda session: begin(session, stage.project, stage.ada))
    turn = stage.act(lambda session: write(session, chat, "Hello", stage.ada))

    def again(session: Session) -> int:
        mine = turns.find(session, turn.id, by=stage.ada)
        return turns.draw_again(session, mine, by=stage.ada).id

    assert len(set(stage.at_once(*[again] * AT_ONCE))) == 1
    assert (stage.count(Turn), stage.count(Call)) == (2, 4)


def test_no_more_visitors_come_than_the_day_takes(stage: Stage) -> None:
    found = stage.at_once(*[lambda session: visits.enter(session, stage.link)] * AT_ONCE)
    came = [each[0] for each in found if not isinstance(each, Conflict)]
    assert len(came) == 2
    begun = stage.at_once(
        *(lambda session, who=who: begin(session, stage.project, who) for who in came)
    )
    assert all(isinstance(each, conversations.Conversation) for each in begun)
