"""How people were dealt with in a project up to a moment: by person, so that it can be counted."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.cards.labor.counted import Until, first_versions
from labeler.events import Event
from labeler.people.evaluations import Evaluation
from labeler.people.representatives import Representative
from labeler.people.terms import Terms
from labeler.quality.disputes import Dispute, Finding
from labeler.quality.explained import About
from labeler.quality.refusals import Refusal, RefusalState
from labeler.text import sensitive
from labeler.text.sensitive import Category
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.judgments import Judgment
from labeler.work.qualifications import Qualification

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DECISIONS = (About.exclusion, About.refusal, About.removal)
"""What restricts somebody, and can be objected to."""
LOOKS = ("review.closed", "judgment.excluded", "comparison.adjudicated")
"""What reviewers do, as events."""


@dataclass
class Conduct:
    """What was done to whom, and by whom, how often by person."""

    reviewers: Counter[int] = field(default_factory=Counter)
    skips: Counter[int] = field(default_factory=Counter)
    excluded: Counter[int] = field(default_factory=Counter)
    removed: Counter[int] = field(default_factory=Counter)
    proposed: Counter[int] = field(default_factory=Counter)
    """Judgments whose pay somebody wanted to refuse, of which their people were told."""
    refused: Counter[int] = field(default_factory=Counter)
    appeals: Counter[int] = field(default_factory=Counter)
    upheld: Counter[int] = field(default_factory=Counter)
    """Appeals after which it was paid."""
    disputes: Counter[int] = field(default_factory=Counter)
    answered: Counter[int] = field(default_factory=Counter)
    objected: Counter[int] = field(default_factory=Counter)
    """Disputes about decisions that restrict somebody."""
    overturned: Counter[int] = field(default_factory=Counter)
    overdue: Counter[int] = field(default_factory=Counter)
    attempts: Counter[int] = field(default_factory=Counter)
    passed: Counter[int] = field(default_factory=Counter)
    decision_hours: Counter[int] = field(default_factory=Counter)
    """How many appeals waited so many hours."""
    review_days: Counter[int] = field(default_factory=Counter)
    """How many appeals and disputes waited so many days."""
    chosen: Mapping[int, str] = field(default_factory=dict)
    """What each person chose to read of what is hard to read."""

    @property
    def restrictions(self) -> Counter[int]:
        """Decisions against each person."""
        return self.excluded + self.removed + self.refused

    @property
    def objections(self) -> Counter[int]:
        """Appeals and disputes."""
        return self.appeals + self.disputes

    def opted_in(self, category: Category, level: int) -> dict[int, int]:
        """Return who chose to read content of this kind and level."""
        found = self.chosen.items()
        return {who: 1 for who, text in found if sensitive.levels(text).get(category, 0) >= level}


def conduct(session: Session, until: Until) -> Conduct:
    """Return how people were dealt with in the project."""
    found = Conduct(chosen=_chosen(session, until))
    _add_events(session, until, found)
    _add_refusals(session, until, found)
    _add_disputes(session, until, found)
    skipped = sa.select(Assignment.person_id, sa.func.count()).where(
        Assignment.project_id == until.project_id,
        Assignment.state == AssignmentState.skipped,
        Assignment.closed_at <= until.at,
    )
    found.skips.update(dict(session.execute(skipped.group_by(Assignment.person_id)).all()))
    tried = sa.select(Qualification.person_id, Qualification.passed_at).where(
        Qualification.project_id == until.project_id, Qualification.started_at <= until.at
    )
    for who, passed_at in session.execute(tried):
        found.attempts[who] = 1
        found.passed[who] |= passed_at is not None and passed_at <= until.at
    return found


def _add_events(session: Session, until: Until, found: Conduct) -> None:
    told = sa.select(Event.kind, Event.person_id, Event.data).where(
        Event.project_id == until.project_id,
        Event.at <= until.at,
        Event.kind.in_([*LOOKS, "membership.removed"]),
    )
    for kind, by, data in session.execute(told.order_by(Event.id)):
        if kind in LOOKS and by is not None:
            found.reviewers[by] = 1
        if kind == "membership.removed" and int(data["subject"]) != by:
            found.removed[int(data["subject"])] += 1
    excluded = (
        sa.select(Judgment.person_id, sa.func.count())
        .join(Event, Event.data["subject"].as_integer() == Judgment.id)
        .where(Event.project_id == until.project_id, Event.at <= until.at)
        .where(Event.kind == "judgment.excluded")
    )
    for who, number in session.execute(excluded.group_by(Judgment.person_id)):
        found.excluded[who] += number


def _add_refusals(session: Session, until: Until, found: Conduct) -> None:
    of_project = sa.select(Refusal).where(
        Refusal.project_id == until.project_id, Refusal.notified_at <= until.at
    )
    for each in session.scalars(of_project.order_by(Refusal.id)):
        ended_at = _by(each.decided_at, until)
        found.proposed[each.person_id] += 1
        if ended_at is not None and each.state is RefusalState.refused:
            found.refused[each.person_id] += 1
        if (appealed_at := _by(each.appealed_at, until)) is None:
            continue
        found.appeals[each.person_id] += 1
        if ended_at is None:
            found.overdue[each.person_id] += each.decide_until < until.at
            continue
        found.upheld[each.person_id] += each.state is not RefusalState.refused
        found.decision_hours[(ended_at - appealed_at) // HOUR] += 1
        found.review_days[(ended_at - appealed_at) // DAY] += 1


def _add_disputes(session: Session, until: Until, found: Conduct) -> None:
    opened = sa.select(Dispute).where(
        Dispute.project_id == until.project_id, Dispute.opened_at <= until.at
    )
    for each in session.scalars(opened.order_by(Dispute.id)):
        found.disputes[each.person_id] += 1
        found.objected[each.person_id] += each.about in DECISIONS
        if (answered_at := _by(each.answered_at, until)) is None:
            found.overdue[each.person_id] += each.answer_until < until.at
            continue
        found.answered[each.person_id] += 1
        is_right = each.finding is Finding.upheld and each.about in DECISIONS
        found.overturned[each.person_id] += is_right
        found.review_days[(answered_at - each.opened_at) // DAY] += 1


def _chosen(session: Session, until: Until) -> dict[int, str]:
    judged = sa.select(Judgment.person_id).where(*first_versions(until))
    chose = sa.select(Event.person_id, Event.data).where(
        Event.kind == "sensitive.chosen",
        Event.project_id.is_(None),
        Event.at <= until.at,
        Event.person_id.in_(judged),
    )
    rows = session.execute(chose.order_by(Event.id))
    return {who: str(data["levels"]) for who, data in rows if who is not None}


def _by(moment: datetime | None, until: Until) -> datetime | None:
    return moment if moment is not None and moment <= until.at else None


def versions_of_terms(
    session: Session, until: Until
) -> Iterator[tuple[int, Sequence[str], timedelta]]:
    """Yield every version of the terms, its languages, and the notice that was given."""
    published = sa.select(Terms.number, Terms.language, Terms.published_at, Terms.holds_from).where(
        Terms.project_id == until.project_id, Terms.published_at <= until.at
    )
    found: dict[int, list[str]] = {}
    notice: dict[int, timedelta] = {}
    for number, tag, published_at, holds_from in session.execute(published):
        found.setdefault(number, []).append(tag)
        notice[number] = holds_from - published_at
    for number in sorted(found):
        yield number, sorted(found[number]), notice[number]


def represented_since(session: Session, until: Until) -> date | None:
    """Return since when somebody spoke for those who work here; None if nobody did."""
    newest = sa.select(Representative).where(Representative.at <= until.at)
    found = session.scalars(newest.order_by(Representative.id.desc()).limit(1)).first()
    return None if found is None or found.person_id is None else found.at.date()


def evaluated(session: Session, until: Until) -> list[date]:
    """Return when people evaluated the automated systems, in order."""
    noted = sa.select(Evaluation.held_on).where(Evaluation.noted_at <= until.at)
    return sorted(session.scalars(noted))
