"""Explained: every decision that touches a person, with who made it, when and why.

It is read from what those decisions left behind, so that none can be made without being here.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import NotFound
from labeler.events import Event
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.quality import refusals
from labeler.quality.refusals import RefusalState
from labeler.quality.reviews import Review, ReviewKind
from labeler.quality.threads import Comment
from labeler.said import say
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification

MOST = 100
"""How many of each kind are shown, the newest."""
FEW_RIGHT = say("%(right)s of %(asked)s were right; it takes %(needed)s.")


class About(enum.Enum):
    """What a decision, or an objection, is about; `subject` is the number of what is named."""

    exclusion = "exclusion"
    """A judgment was left out of the data."""
    refusal = "refusal"
    """A refusal of pay was decided."""
    sent_back = "sent_back"
    """A judgment was sent back, with this comment."""
    qualification = "qualification"
    """An attempt was not passed."""
    removal = "removal"
    """A part in a project was ended, by this event."""
    pay = "pay"
    """What was earned; no decision."""
    time = "time"
    """Working time; no decision."""
    statement = "statement"
    """This statement; no decision."""
    other = "other"
    """Anything else."""


@dataclass(frozen=True)
class Act:
    """A decision that touches a person; `by` are the people who made it, none if no person did."""

    about: About
    subject: int
    project_id: int
    by: tuple[int, ...]
    at: datetime
    reason: str
    comparison_id: int | None = None
    """On what they were judging, if it is about a judgment."""


def projects_of(session: Session, person: Person) -> Sequence[Project]:
    """Return the projects in which the person has, or had, a part, newest first."""
    query = sa.select(Project).where(Project.id.in_(_projects(person.id)))
    return session.scalars(query.order_by(Project.id.desc())).all()


def of_person(session: Session, person_id: int, *, most: int | None = MOST) -> list[Act]:
    """Return the decisions that touch a person, newest first; of each kind `most`, or all."""
    found = [act for find in _FINDING.values() for act in find(session, person_id, most)]
    return sorted(found, key=lambda act: act.at, reverse=True)


def find(session: Session, person_id: int, about: About, subject: int) -> Act:
    """Return one decision that touches this person; raises NotFound."""
    finding = _FINDING.get(about)
    found = finding(session, person_id, MOST) if finding else ()
    act = next((each for each in found if each.subject == subject), None)
    if act is None:
        raise NotFound("There is no such decision about you.")
    return act


def roles(session: Session, acts: Iterable[Act]) -> Mapping[tuple[int, int], Role]:
    """Return which role those have, or had, who decided: by project and person."""
    by = {(act.project_id, person_id) for act in acts for person_id in act.by}
    rows = session.execute(
        sa.select(Membership.project_id, Membership.person_id, Membership.role).where(
            Membership.project_id.in_({project_id for project_id, _ in by}),
            Membership.person_id.in_({person_id for _, person_id in by}),
        )
    )
    return {(project_id, person_id): role for project_id, person_id, role in rows}


def _exclusions(session: Session, person_id: int, most: int | None) -> Iterator[Act]:
    subject = Event.data["subject"].as_integer()
    theirs = sa.and_(
        Judgment.person_id == person_id,
        Judgment.state == JudgmentState.excluded,
        Judgment.project_id == Event.project_id,
    )
    rows = session.execute(
        sa.select(
            Judgment.id,
            *(Event.project_id, Event.person_id, Event.at, _REASON, Judgment.comparison_id),
        )
        .join(Judgment, sa.and_(Judgment.id == subject, theirs))
        .where(Event.kind == "judgment.excluded", Event.project_id.in_(_projects(person_id)))
        .order_by(Event.id.desc())
        .limit(most)
    )
    for number, project_id, by, *told in rows:
        assert project_id is not None
        yield Act(About.exclusion, number, project_id, _people(by), *told)


def _refusals(session: Session, person_id: int, most: int | None) -> Iterator[Act]:
    known = refusals.of_person(session, person_id, limit=most)
    judged = refusals.comparisons_of(session, known)
    for each in known:
        if each.decided_at is not None and each.state is not RefusalState.dropped:
            by = _people(each.proposed_by, each.decided_by)
            told = (each.decided_at, each.reasons, judged[each.judgment_id])
            yield Act(About.refusal, each.id, each.project_id, by, *told)


def _sent_back(session: Session, person_id: int, most: int | None) -> Iterator[Act]:
    rows = session.execute(
        sa.select(Comment, Review.project_id, Review.comparison_id)
        .join(Review, Review.id == Comment.review_id)
        .where(Comment.author_id == person_id, Comment.person_id != person_id)
        .where(Review.kind != ReviewKind.signal)
        .order_by(Comment.id.desc())
        .limit(most)
    )
    for comment, project_id, comparison_id in rows:
        told = (comment.created_at, comment.text, comparison_id)
        yield Act(About.sent_back, comment.id, project_id, (comment.person_id,), *told)


def _attempts(session: Session, person_id: int, most: int | None) -> Iterator[Act]:
    rows = session.scalars(
        sa.select(Qualification)
        .where(Qualification.person_id == person_id, Qualification.passed_at.is_(None))
        .where(Qualification.ended_at.is_not(None))
        .order_by(Qualification.id.desc())
        .limit(most)
    )
    for each in rows:
        assert each.ended_at is not None
        numbers = {"right": each.right, "asked": each.questions, "needed": each.needed}
        right = say(FEW_RIGHT, **numbers)
        yield Act(About.qualification, each.id, each.project_id, (), each.ended_at, right)


def _removals(session: Session, person_id: int, most: int | None) -> Iterator[Act]:
    rows = session.execute(
        sa.select(Event.id, Event.project_id, Event.person_id, Event.at)
        .where(Event.kind == "membership.removed", Event.project_id.in_(_projects(person_id)))
        .where(Event.data["subject"].as_integer() == person_id)
        .order_by(Event.id.desc())
        .limit(most)
    )
    for number, project_id, by, at in rows:
        assert project_id is not None
        yield Act(About.removal, number, project_id, _people(by), at, "")


def _people(*numbers: int | None) -> tuple[int, ...]:
    return tuple(number for number in numbers if number is not None)


def _projects(person_id: int) -> sa.Select[int]:
    return sa.select(Membership.project_id).where(Membership.person_id == person_id)


_REASON = Event.data["reason"].as_string()
_FINDING: Mapping[About, Callable[[Session, int, int | None], Iterator[Act]]] = {
    About.exclusion: _exclusions,
    About.refusal: _refusals,
    About.sent_back: _sent_back,
    About.qualification: _attempts,
    About.removal: _removals,
}
