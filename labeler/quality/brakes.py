"""Brakes: how much of people's pay may be proposed to be refused, and what a second owner releases.

Workers on platforms have asked for both: that of one person's work no more than a few judgments can
be turned down, and that nobody turns down everything at once (Turkopticon; on one platform 70,000
tasks were, and nobody answered). So there is a limit for each person, and proposals that come in a
mass wait for a second owner: until then nothing is held, and nobody notified.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.errors import Conflict
from labeler.pay import earnings
from labeler.people.accounts import Person, require_person
from labeler.quality import refusals
from labeler.quality.refusals import ReasonCode, Refusal, RefusalState
from labeler.said import say
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment
from labeler.work.projects import Project

PERCENT_OF_PERSON = 5
"""Of a person's judgments of the last MONTH; one is always allowed (`batch.rejection_rate`, the
Turkopticon row in our notes on fair work)."""
MONTH = timedelta(days=30)
PER_DAY = 10
"""Of one person's judgments in 24 hours (the same row)."""
PERCENT_OF_BATCH = 5
"""What is more than that of a batch's judgments is a mass; one never is (the same row)."""
PROJECT_PER_DAY = 20
"""What is more than that in 24 hours in a project is a mass."""
DAY = timedelta(days=1)
STANDS = Refusal.state != RefusalState.dropped


def propose(
    session: Session, judgment: Judgment, code: ReasonCode, evidence: str, *, by: Person
) -> Refusal:
    """Propose that a judgment is not paid, as `refusals.add` does, within the limits.

    The money is held and its owner notified at once; one of a mass waits for a second owner.
    Raises Conflict beyond what may be proposed of one person's work.
    """
    require_person(by)
    _take_turn(session, judgment.project_id)
    refusal = refusals.add(session, judgment, code, evidence, by=by)
    _require_within(session, judgment)
    if not _is_mass(session, judgment):
        refusals.notify(session, refusal, by=by)
    return refusal


def release(session: Session, project: Project, *, by: Person) -> int:
    """Release, as a second owner, what others proposed in a mass; return how much is held now.

    What is due meanwhile stays paid. Raises Conflict where nothing waits for this person.
    """
    require_person(by)
    _take_turn(session, project.id)
    waiting = [each for each in unreleased(session, project.id) if each.proposed_by != by.id]
    if not waiting:
        raise Conflict("Nothing waits here for you to release it.")
    pay = refusals.pay_of(session, waiting)
    released = 0
    for refusal in waiting:
        if earnings.is_due(pay[refusal.transfer_id]):
            refusals.lapse(session, refusal)
        else:
            refusals.notify(session, refusal, by=by, released=True)
            released += 1
    return released


def unreleased(session: Session, project_id: int) -> Sequence[Refusal]:
    """Return what waits for a second owner."""
    waits = Refusal.project_id == project_id, Refusal.state == RefusalState.unreleased
    return session.scalars(sa.select(Refusal).where(*waits).order_by(Refusal.id)).all()


def _take_turn(session: Session, project_id: int) -> None:
    """Wait for whoever else proposes something in this project, so that limits hold."""
    turn = sa.select(Project.id).where(Project.id == project_id).with_for_update(key_share=True)
    session.execute(turn)


def _require_within(session: Session, judgment: Judgment) -> None:
    """Raise Conflict if more is proposed of a person's work now than may be."""
    now = clock.now()
    theirs = Judgment.person_id == judgment.person_id, Judgment.project_id == judgment.project_id
    made = _count(session, Judgment.version == 1, Judgment.created_at > now - MONTH, *theirs)
    about = Refusal.person_id == judgment.person_id, Refusal.project_id == judgment.project_id
    month = _count(session, STANDS, Refusal.proposed_at > now - MONTH, *about)
    if month > max(1, made * PERCENT_OF_PERSON // 100):
        raise Conflict(
            say(
                "Of a person’s judgments of 30 days, no more than %(percent)s in 100 can be "
                "proposed. Talk to them first.",
                percent=PERCENT_OF_PERSON,
            )
        )
    if _count(session, STANDS, Refusal.proposed_at > now - DAY, *about) > PER_DAY:
        raise Conflict(say("Of one person’s work, no more than %(number)s a day.", number=PER_DAY))


def _is_mass(session: Session, judgment: Judgment) -> bool:
    of_project = Refusal.project_id == judgment.project_id
    today = _count(session, STANDS, of_project, Refusal.proposed_at > clock.now() - DAY)
    if today > PROJECT_PER_DAY:
        return True
    batch_id = session.get_one(Comparison, judgment.comparison_id).batch_id
    in_batch = Judgment.comparison_id.in_(
        sa.select(Comparison.id).where(Comparison.batch_id == batch_id)
    )
    judged = _count(session, Judgment.version == 1, in_batch)
    proposed = Refusal.judgment_id.in_(
        sa.select(Judgment.id).where(Judgment.id == Refusal.judgment_id, in_batch)
    )
    refused = _count(session, STANDS, of_project, proposed)
    return refused > max(1, judged * PERCENT_OF_BATCH // 100)


def _count(session: Session, *which: Any) -> int:
    return session.scalar(sa.select(sa.func.count()).where(*which)) or 0
