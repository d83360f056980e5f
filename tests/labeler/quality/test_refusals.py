"""Whether one judgment is not paid: what is proposed, who reads it, who decides, and until when."""

from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from labeler import audit
from labeler.errors import Conflict, Forbidden, Invalid, NotFound
from labeler.pay import earnings, ledger
from labeler.pay.ledger import Transfer, TransferKind
from labeler.people import memberships
from labeler.people.accounts import Person
from labeler.people.memberships import Role
from labeler.quality import brakes, explained, refusals
from labeler.quality.explained import About
from labeler.quality.refusals import ReasonCode, Refusal, RefusalState
from labeler.work import answers, judgments
from labeler.work.assignments import Assignment
from labeler.work.judgments import Judgment
from labeler.work.projects import Project
from tests.cast import Cast
from tests.conftest import StoppedClock
from tests.make import judge_next, load_rows, make_row, new_key

WHY = "The two answers are swapped in every reason that is given."


def propose(session: Session, judgment: Judgment, by: Person) -> Refusal:
    return brakes.propose(session, judgment, ReasonCode.copied, WHY, by=by)


def money(session: Session, person: Person) -> dict[str, int]:
    """Return where a person's money is, where there is some."""
    places = ledger.standing(session, person_id=person.id).values()
    return {kind.value: minor for kinds in places for kind, minor in kinds.items() if minor}


def let_pass(session: Session, project: Project) -> None:
    """Do what follows from the calendar."""
    list(refusals.lapse_due(session, project.id))
    list(earnings.approve_due(session, project.id))


def test_a_refusal_is_proposed_read_appealed_and_decided_by_somebody_else(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> None:
    # Ada has judged, and earned 0.35 by it. Rex thinks that she copied her reasons.
    assert money(session, cast.ada) == {"earned_pending": 35}
    refusal = propose(session, said, cast.rex)
    # The money is kept apart at once, and Ada reads why, and until when she may object.
    assert money(session, cast.ada) == {"held": 35}
    [seen] = refusals.of_person(session, cast.ada.id)
    assert (seen.evidence, seen.code) == (WHY, ReasonCode.copied)
    assert seen.answer_until == frozen.time + timedelta(days=14)
    assert refusals.unanswered(session, cast.ada) == 1
    # Nobody can decide against her while she may object, and her money does not become due.
    frozen.forward(days=13)
    let_pass(session, project)
    assert money(session, cast.ada) == {"held": 35}
    with pytest.raises(Conflict, match="too early"):
        refusals.refuse(session, refusal, "Clear enough.", by=cast.olga)
    # She appeals on the last day; the decision is somebody else's, in 14 days, with reasons.
    refusals.appeal(session, refusal, "I wrote them myself. Ask me.", by=cast.ada)
    assert refusal.decide_until == frozen.time + timedelta(days=14)
    assert refusals.unanswered(session, cast.ada) == 0
    with pytest.raises(Forbidden, match="somebody else decides"):
        refusals.refuse(session, refusal, "I still think so.", by=cast.rex)
    with pytest.raises(Invalid) as refused:
        refusals.pay(session, refusal, " ", by=cast.olga)
    assert list(refused.value.fields) == ["reasons"]
    frozen.forward(days=2)
    refusals.pay(session, refusal, "Her notes show how she came to it.", by=cast.olga)
    # The money is hers, and due by now; the decision is on her page, with its reasons.
    let_pass(session, project)
    assert money(session, cast.ada) == {"earned_approved": 35}
    [act] = explained.of_person(session, cast.ada.id)
    assert (act.about, act.reason) == (About.refusal, "Her notes show how she came to it.")
    assert set(act.by) == {cast.rex.id, cast.olga.id}
    # That was that.
    with pytest.raises(Conflict):
        propose(session, said, cast.rex)
    assert list(audit.faults(session)) == []


def test_without_an_appeal_a_second_person_confirms(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> None:
    refusal = propose(session, said, cast.rex)
    frozen.forward(days=14)
    with pytest.raises(Conflict, match="over"):
        refusals.appeal(session, refusal, "No.", by=cast.ada)
    with pytest.raises(Forbidden):
        refusals.refuse(session, refusal, "Nothing was said.", by=cast.rex)
    refusals.refuse(session, refusal, "It stands word for word in a book.", by=cast.olga)
    assert money(session, cast.ada) == {}
    booked = session.scalars(sa.select(Transfer).where(Transfer.kind == TransferKind.refusal)).one()
    assert (booked.by_id, booked.reason) == (cast.olga.id, "It stands word for word in a book.")
    for late in (refusals.refuse, refusals.pay):  # the second of two who decide is told
        with pytest.raises(Conflict, match="dealt with"):
            late(session, refusal, "The other way.", by=cast.olga)
    assert list(audit.faults(session)) == []


@pytest.mark.parametrize("appeals", [True, False])
def test_what_nobody_decides_in_time_is_the_workers(
    session: Session,
    cast: Cast,
    project: Project,
    said: Judgment,
    frozen: StoppedClock,
    appeals: bool,
) -> None:
    refusal = propose(session, said, cast.rex)
    if appeals:
        refusals.appeal(session, refusal, "No.", by=cast.ada)
    frozen.forward(days=14 if appeals else 28)
    with pytest.raises(Conflict, match="too late"):
        refusals.refuse(session, refusal, "At last.", by=cast.olga)
    let_pass(session, project)
    assert refusal.state is RefusalState.lapsed
    assert money(session, cast.ada) == {"earned_approved": 35}
    back = session.scalars(sa.select(Transfer).where(Transfer.kind == TransferKind.release)).one()
    assert (back.by_id, back.reason) == (None, refusals.LAPSED)
    assert list(audit.faults(session)) == []


def test_what_is_due_cannot_be_refused_even_beside_newer_pay(
    session: Session, cast: Cast, project: Project, said: Judgment, frozen: StoppedClock
) -> None:
    frozen.forward(hours=72)
    judge_next(session, project, cast.ada)
    with pytest.raises(Conflict, match="due already"):
        propose(session, said, cast.rex)
    let_pass(session, project)
    assert money(session, cast.ada) == {"earned_approved": 35, "earned_pending": 35}


def test_a_changed_judgment_is_still_the_one_that_was_paid(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    answer = answers.read(session, session.get_one(Assignment, said.assignment_id), 7)
    later = judgments.change(session, project, said, answer, key=new_key()).judgment
    propose(session, later, cast.rex)
    assert money(session, cast.ada) == {"held": 35}
    with pytest.raises(Conflict, match="before"):
        propose(session, said, cast.olga)


def test_who_proposed_can_take_it_back_and_nobody_judges_themselves(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    memberships.grant(session, project.id, cast.ada, Role.reviewer, by=cast.olga)
    with pytest.raises(Forbidden, match="own work"):
        propose(session, said, cast.ada)
    refusal = propose(session, said, cast.rex)
    with pytest.raises(Forbidden, match="own work"):
        refusals.pay(session, refusal, "It is mine.", by=cast.ada)
    with pytest.raises(NotFound):
        refusals.find_own(session, refusal.id, by=cast.bea)
    with pytest.raises(Forbidden):
        refusals.take_back(session, refusal, by=cast.olga)
    refusals.take_back(session, refusal, by=cast.rex)
    assert money(session, cast.ada) == {"earned_pending": 35}
    propose(session, said, cast.olga)  # it was never looked at by a second person
    assert money(session, cast.ada) == {"held": 35}


def test_only_so_much_of_one_persons_work_can_be_proposed(
    session: Session, cast: Cast, project: Project, frozen: StoppedClock
) -> None:
    load_rows(session, project, [make_row(n) for n in range(10, 50)], by=cast.olga, name="more")
    theirs = [judge_next(session, project, cast.ada) for _ in range(40)]
    for judgment in theirs[:2]:
        propose(session, judgment, cast.rex)
    with pytest.raises(Conflict, match="5 in 100"), session.begin_nested():  # two of 40 are
        propose(session, theirs[2], cast.rex)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brakes, "PERCENT_OF_PERSON", 100)
        for judgment in theirs[2:10]:
            propose(session, judgment, cast.rex)
        with pytest.raises(Conflict, match="10 a day"), session.begin_nested():
            propose(session, theirs[10], cast.rex)
    assert (brakes.PERCENT_OF_PERSON, brakes.PER_DAY) == (5, 10)
    assert (brakes.PERCENT_OF_BATCH, brakes.PROJECT_PER_DAY) == (5, 20)


def test_a_mass_of_refusals_waits_for_a_second_owner(
    session: Session,
    cast: Cast,
    project: Project,
    frozen: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(brakes, "PROJECT_PER_DAY", 1)
    of_ada, of_bea = (judge_next(session, project, who) for who in (cast.ada, cast.bea))
    frozen.forward(hours=1)
    of_rex = judge_next(session, project, cast.rex)
    propose(session, of_ada, cast.olga)
    many = propose(session, of_bea, cast.olga)
    # Of the second nothing is held, and Bea is told nothing, until another owner releases it.
    assert many.state is RefusalState.unreleased
    assert money(session, cast.bea) == {"earned_pending": 35}
    assert refusals.of_person(session, cast.bea.id) == []
    with pytest.raises(NotFound):
        refusals.find_own(session, many.id, by=cast.bea)
    with pytest.raises(Conflict, match="Nothing waits"):
        brakes.release(session, project, by=cast.olga)
    assert brakes.release(session, project, by=cast.root) == 1
    assert money(session, cast.bea) == {"held": 35}
    assert (many.state, many.released_by) == (RefusalState.proposed, cast.root.id)
    # What nobody releases before it is due stays paid.
    last = propose(session, of_rex, cast.olga)
    frozen.forward(hours=72)
    assert brakes.release(session, project, by=cast.root) == 0
    assert last.state is RefusalState.lapsed
    let_pass(session, project)
    assert money(session, cast.rex) == {"earned_approved": 35}


def test_more_than_a_twentieth_of_a_batch_is_a_mass(
    session: Session, cast: Cast, project: Project
) -> None:
    of_ada, of_bea = (judge_next(session, project, who) for who in (cast.ada, cast.bea))
    first, second = propose(session, of_ada, cast.rex), propose(session, of_bea, cast.rex)
    assert first.state is RefusalState.proposed  # one never is
    assert second.state is RefusalState.unreleased


def test_what_was_said_about_pay_stays(
    session: Session, cast: Cast, project: Project, said: Judgment
) -> None:
    refusal = propose(session, said, cast.rex)
    refusals.pay(session, refusal, "It is fine.", by=cast.olga)
    number = refusal.id
    for act in (
        "UPDATE refusals SET evidence = 'other'",
        "UPDATE refusals SET reasons = 'other'",
        "DELETE FROM refusals",
    ):
        with pytest.raises(DBAPIError, match="stays as it was said"), session.begin_nested():
            session.execute(sa.text(act))
    with suppress(NotFound):
        assert refusals.find(session, project.id, number).evidence == WHY
