"""What workers object to, who answers, and that both of two who decide at once cannot."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import audit
from labeler.database import Database
from labeler.errors import Busy, Conflict, Forbidden, Invalid, NotFound
from labeler.pay import earnings, ledger
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import brakes, decisions, disputes, explained, outcomes, refusals, reviews
from labeler.quality.disputes import Dispute, Finding
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode, Refusal, RefusalState
from labeler.quality.reviews import ReviewKind
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast, make_cast
from tests.conftest import StoppedClock
from tests.make import judge_next, make_batch, make_project


def test_a_worker_objects_and_somebody_who_did_not_decide_answers(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> None:
    # Rex has left out what Ada said. It is on her page: what, who, when and why.
    decisions.exclude(session, said, "It is about another text.", by=cast.rex)
    [act] = explained.of_person(session, cast.ada.id)
    assert (act.about, act.subject, act.by) == (About.exclusion, said.id, (cast.rex.id,))
    assert (act.at, act.reason) == (frozen.time, "It is about another text.")
    assert explained.roles(session, [act]) == {(project.id, cast.rex.id): Role.reviewer}
    # She objects; an answer is due in 14 days, and not from him.
    about = {"subject": said.id, "by": cast.ada}
    dispute = disputes.open(session, project, About.exclusion, "It is not.", **about)
    assert disputes.open(session, project, About.exclusion, "It is not. ", **about) is dispute
    assert dispute.answer_until == frozen.time + timedelta(days=14)
    assert disputes.open_in(session, project.id) == [dispute]
    with pytest.raises(Forbidden, match="somebody else answers"):
        disputes.answer(session, dispute, "It is.", Finding.stands, by=cast.rex)
    frozen.forward(days=15)
    assert dispute.is_late
    # Olga finds that she is right, and pays the time that it took her.
    disputes.answer(
        session, dispute, "You are right.", Finding.upheld, amount_minor=250, by=cast.olga
    )
    assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 35 + 250}
    assert (dispute.is_late, disputes.open_in(session, project.id)) == (False, [])
    with pytest.raises(Conflict, match="answered already"):
        disputes.answer(session, dispute, "No.", Finding.stands, by=cast.olga)
    assert list(audit.faults(session)) == []


def test_every_decision_about_a_person_is_explained_to_them_alone(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    drawn = reviews.open(
        session, project.id, ReviewKind.sample, judgment_id=said.id, reason="Drawn by lot."
    )
    outcomes.send_back(session, drawn, said, "Is B not wrong?", by=cast.rex)
    memberships.remove(session, project.id, cast.ada, by=cast.olga)
    found = {act.about: act for act in explained.of_person(session, cast.ada.id)}
    assert set(found) == {About.sent_back, About.removal}
    assert found[About.removal].by == (cast.olga.id,)
    assert explained.of_person(session, cast.bea.id) == []
    # Also who has no part any more objects, and nobody does so in another's name.
    removal = {"subject": found[About.removal].subject}
    disputes.open(session, project, About.removal, "Why?", **removal, by=cast.ada)
    with pytest.raises(NotFound):
        disputes.open(session, project, About.removal, "Why?", **removal, by=cast.bea)


def test_what_is_not_decided_is_appealed_and_money_goes_with_being_right(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    refusal = brakes.propose(session, said, ReasonCode.other, "See there.", by=cast.rex)
    with pytest.raises(Conflict, match="appeal instead"):
        disputes.open(session, project, About.refusal, "No.", subject=refusal.id, by=cast.ada)
    dispute = disputes.open(session, project, About.time, "An hour is missing.", by=cast.ada)
    with pytest.raises(Invalid) as refused:
        disputes.answer(
            session, dispute, "It is not.", Finding.stands, amount_minor=1, by=cast.olga
        )
    assert list(refused.value.fields) == ["amount"]
    # What is held stays held.
    assert earnings.is_held(session, refusals.pay_of(session, [refusal])[refusal.transfer_id])


def at_once(database: Database, *verbs: Callable[[Session], Any]) -> list[str]:
    """Do all of it at the same moment; return what became of each."""
    ready = Barrier(len(verbs))

    def act(verb: Callable[[Session], Any]) -> str:
        ready.wait(10)
        while True:
            try:
                with database.writing() as session:
                    verb(session)
                    session.commit()
                    return "done"
            except Busy:
                continue
            except Conflict:
                return "conflict"

    with ThreadPoolExecutor(len(verbs)) as pool:
        return [done.result(60) for done in [pool.submit(act, verb) for verb in verbs]]


def set_out(database: Database) -> tuple[Cast, Project, list[Judgment]]:
    with database.writing() as session:
        cast = make_cast(session)
        project = make_project(session, cast)
        make_batch(session, project, cast, pairs=4)
        judged = [judge_next(session, project, cast.ada) for _ in range(4)]
        session.commit()
    return cast, project, judged


def test_of_two_who_decide_at_once_one_does(database: Database, frozen: StoppedClock) -> None:
    cast, _, [judged, *_] = set_out(database)
    with database.writing() as session:
        refusal = brakes.propose(session, judged, ReasonCode.other, "See there.", by=cast.rex)
        session.commit()
    frozen.forward(days=15)

    def decide(verb: Any, by: Person) -> Callable[[Session], None]:
        return lambda s: verb(s, s.get_one(Refusal, refusal.id), "Because.", by=by)

    both = decide(refusals.refuse, cast.olga), decide(refusals.pay, cast.root)
    assert sorted(at_once(database, *both)) == ["conflict", "done"]
    with database.reading() as session:
        state = session.scalars(sa.select(Refusal.state)).one()
        kept = 4 * 35 if state is RefusalState.paid else 3 * 35
        assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": kept}
        assert list(audit.faults(session)) == []


def test_what_becomes_due_while_it_is_proposed_is_either_held_or_due(
    database: Database, frozen: StoppedClock
) -> None:
    cast, project, judged = set_out(database)
    frozen.forward(hours=72)  # the window has just ended: both are as late as each other
    frozen.time -= timedelta(microseconds=1)

    def propose(session: Session) -> None:
        brakes.propose(session, judged[0], ReasonCode.other, "See there.", by=cast.rex)

    def approve(session: Session) -> None:
        frozen.time += timedelta(microseconds=1)
        for _ in earnings.approve_due(session, project.id):
            session.commit()

    ended = at_once(database, propose, approve)
    with database.reading() as session:
        has = ledger.standing(session, person_id=cast.ada.id)[project.id, "EUR"]
        held = 35 if ended[0] == "done" else 0
        assert {kind.value: n for kind, n in has.items() if n} == {
            key: n for key, n in (("held", held), ("earned_approved", 140 - held)) if n
        }
        assert list(audit.faults(session)) == []


def test_two_owners_answer_one_dispute_once(database: Database, frozen: StoppedClock) -> None:
    cast, project, _ = set_out(database)
    with database.writing() as session:
        dispute = disputes.open(session, project, About.pay, "It is less.", by=cast.ada)
        session.commit()

    def answer(by: Person) -> Callable[[Session], None]:
        right = {"amount_minor": 100, "by": by}
        return lambda s: disputes.answer(
            s, s.get_one(Dispute, dispute.id), "Yes.", Finding.upheld, **right
        )

    assert sorted(at_once(database, answer(cast.olga), answer(cast.root))) == ["conflict", "done"]
    with database.reading() as session:
        assert ledger.earned(session, person_id=cast.ada.id) == {"EUR": 4 * 35 + 100}
