"""Judgments: what annotators said. Appended, never edited: a change is a new version.

The database refuses to alter or remove what a judgment says. Only where it stands may move:
whether it is the current version, and whether it is accepted, late, excluded or asked again.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from labeler import clock
from labeler.errors import Conflict, NotFound
from labeler.pay import ledger
from labeler.people.accounts import Person
from labeler.schema import Base, Id, changed, dialect_of, insert, reference, written
from labeler.stats.posterior import posterior
from labeler.work import (
    answers,
    assignments,
    changes,
    comparisons,
    gold,
    labels,
    qualifications,
    redundancy,
    rubrics,
)
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.comparisons import Comparison
from labeler.work.gold import Grade
from labeler.work.projects import Project, ProjectState
from labeler.work.redundancy import Reliability
from labeler.work.rubrics import Answer, Verdict
from labeler.work.totals import Totals

IS_CURRENT = sa.text("is_current")
_LABELS = {Verdict.tie: 2, Verdict.both_bad: 3}
_UNCOUNTED = (Verdict.ranking, Verdict.criteria)


class JudgmentState(enum.Enum):
    """Whether a judgment counts."""

    accepted = "accepted"
    """Counts."""
    late = "late"
    """Came after its place was given to somebody else: kept and paid, outside the count."""
    repeat = "repeat"
    """A second look, to see how steady the person is: kept and paid, outside the count."""
    excluded = "excluded"
    """Left out of the data by a person, with a reason; stays paid."""
    asked_again = "asked_again"
    """Asked again by newer guidelines: kept and paid, outside the count."""


LEFT_OUT = (JudgmentState.excluded, JudgmentState.asked_again)
"""What counted once, until the moment `excluded_at`, and for releases cut before it still does."""


class Judgment(Base):
    """What an annotator said of a comparison; `preferred` is a response's number."""

    __tablename__ = "judgments"
    __table_args__ = (
        sa.UniqueConstraint("assignment_id", "version"),
        sa.Index(
            "uq_judgments_current",
            "assignment_id",
            unique=True,
            sqlite_where=IS_CURRENT,
            postgresql_where=IS_CURRENT,
        ),
        sa.Index("ix_judgments_comparison", "comparison_id", "is_current"),
        sa.Index("ix_judgments_project", "project_id", "id"),
        sa.Index("ix_judgments_person", "person_id", "project_id", "id"),
    )

    id: Mapped[Id]
    project_id: Mapped[int] = reference("projects.id")
    comparison_id: Mapped[int] = reference("comparisons.id")
    assignment_id: Mapped[int] = reference("assignments.id")
    person_id: Mapped[int] = reference("people.id")
    version: Mapped[int]
    key: Mapped[str] = mapped_column(unique=True)
    verdict: Mapped[Verdict]
    step: Mapped[int | None]
    place: Mapped[int | None]
    preferred: Mapped[int | None]
    strength: Mapped[int | None]
    guideline_number: Mapped[int]
    rubric_number: Mapped[int]
    gold_right: Mapped[bool | None]
    duration_ms: Mapped[int] = mapped_column(sa.BigInteger())
    created_at: Mapped[datetime]
    is_current: Mapped[bool]
    state: Mapped[JudgmentState]
    excluded_at: Mapped[datetime | None]
    reason: Mapped[str]
    said: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    """What was said beside the choice and the reason's text, by kind of question."""

    @property
    def counts(self) -> bool:
        """Whether it is accepted."""
        return self.state is JudgmentState.accepted

    @property
    def label(self) -> int | None:
        """What was said of a pair, as votes are counted; None of anything else."""
        return _label(self.verdict, self.preferred)


@dataclass(frozen=True)
class Receipt:
    """An acknowledged judgment; `repeated` when the same key brought the same answer before."""

    judgment: Judgment
    repeated: bool


def submit(
    session: Session,
    assignment: Assignment,
    answer: Answer,
    *,
    by: Person,
    key: str,
    active_ms: int = 0,
) -> Receipt:
    """Store what the person says, grade it if it is gold, and pay it: all or nothing.

    The same key with the same answer is the same judgment. What was answered while it was only
    reserved was shown `active_ms` ago. Raises Conflict for another answer under a used key, and for
    an assignment that was judged or skipped before.
    """
    assert by.id == assignment.person_id
    key = answers.read_key(key)
    if assignment.state is AssignmentState.reserved:
        assignments.show_late(session, assignment, active_ms=active_ms)
    stand = _take(session, assignment, _label(answer.verdict, answer.preferred))
    if stand is None:
        return _again(session, assignment, answer, key)
    grade = gold.grade(session, assignment.comparison_id, answer.preferred, is_gold=stand.is_gold)
    judgment = _store(session, assignment, answer, stand.state, grade, version=1, key=key)
    ledger.earn(
        session,
        project_id=assignment.project_id,
        person_id=by.id,
        judgment_id=judgment.id,
        amount_minor=assignment.pay_minor,
        currency=assignment.currency,
    )
    if stand.is_adaptive:
        _learn(session, assignment, judgment)
    qualifications.count(session, assignment, asked=1, right=grade.credit)
    totals = Totals(assignment.project_id, by.id)
    totals.count(judgment, scores=grade.scores)
    totals.spend(judgment.created_at, assignment.pay_minor, assignment.currency)
    totals.move_votes(judgment.created_at, stand.moved)
    totals.tally["given"] += stand.was_expired
    totals.write(session, stand.lane_id)
    return Receipt(judgment, repeated=False)


def change(
    session: Session, project: Project, judgment: Judgment, answer: Answer, *, key: str
) -> Receipt:
    """Say something else within the project's window; the earlier version is kept."""
    key = answers.read_key(key)
    assignment = session.get_one(Assignment, judgment.assignment_id)
    repeated = session.scalar(sa.select(Judgment).where(Judgment.key == key))
    if repeated is not None:
        return _again(session, assignment, answer, key)
    _require_changeable(project, judgment)
    changes.require_time(session, project, assignment)
    replaced = changed(
        session,
        sa.update(Judgment)
        .where(Judgment.id == judgment.id, IS_CURRENT, Judgment.state == judgment.state)
        .values(is_current=False)
        .execution_options(synchronize_session=False),
    )
    if not replaced:
        raise Conflict("You have changed this judgment elsewhere. Please look again.")
    session.refresh(judgment)
    is_gold, version = judgment.gold_right is not None, judgment.version + 1
    grade = gold.grade(session, judgment.comparison_id, answer.preferred, is_gold=is_gold)
    later = _store(session, assignment, answer, judgment.state, grade, version=version, key=key)
    before = grade._replace(right=judgment.gold_right)
    qualifications.count(session, assignment, asked=0, right=grade.credit - before.credit)
    _count_change(session, judgment, later, scores=grade.scores)
    return Receipt(later, repeated=False)


def reconsider(session: Session, judgment: Judgment) -> Sequence[float]:
    """Want as many judgments on its comparison as its answer needs, if that is adaptive.

    Return how probable each label is by the votes that count now; nothing if it is not adaptive.
    """
    rule = session.get_one(Project, judgment.project_id).rule
    if rule is None or not comparisons.is_adaptive(session, judgment.comparison_id):
        return ()
    answers = len(session.get_one(Assignment, judgment.assignment_id).places)
    rubric = rubrics.version(session, judgment.project_id, judgment.rubric_number)
    votes = [
        (labels.of(row.verdict, row.preferred, row.said, answers), redundancy.accuracy_of(row))
        for row in session.execute(_VOTES, {"comparison": judgment.comparison_id})
    ]
    room = labels.number(rubric.asked, answers)
    room = max([room, *(label + 1 for label, _ in votes)])  # an earlier form may have had more
    believed = posterior(votes, room)
    comparisons.adapt(session, rule, {judgment.comparison_id: max(believed)})
    return believed


def current(session: Session, assignment: Assignment) -> Judgment:
    """Return what stands as the judgment of this assignment; raises NotFound."""
    judgment = session.scalar(
        sa.select(Judgment).where(Judgment.assignment_id == assignment.id, IS_CURRENT)
    )
    if judgment is None:
        raise NotFound("There is no such judgment.")
    return judgment


@dataclass(frozen=True)
class Stand:
    """How a judgment stands, and what its comparison says of itself."""

    state: JudgmentState
    lane_id: int
    is_gold: bool
    is_adaptive: bool = False
    moved: tuple[int, int] = (0, 0)
    was_expired: bool = False


def _take(session: Session, assignment: Assignment, label: int | None) -> Stand | None:
    """Close the assignment; return how its judgment will stand, or None if it was closed before."""
    was_expired = False
    if not assignments.close(session, assignment, AssignmentState.open, AssignmentState.judged):
        was_expired = assignments.close(
            session, assignment, AssignmentState.expired, AssignmentState.judged
        )
        if not was_expired:
            return None
    comparison_id = assignment.comparison_id
    if assignment.is_repeat:
        return _outside(session, comparison_id, JudgmentState.repeat, was_expired)
    if was_expired and not comparisons.take_slot(session, comparison_id):
        return _outside(session, comparison_id, JudgmentState.late, was_expired)
    counted = comparisons.count_judgment(session, comparison_id, label)
    stand = JudgmentState.accepted, counted.lane_id, counted.is_gold, counted.is_adaptive
    return Stand(*stand, counted.moved, was_expired)


def _outside(
    session: Session, comparison_id: int, state: JudgmentState, was_expired: bool
) -> Stand:
    """Return the stand of a judgment outside the count."""
    comparison = session.get_one(Comparison, comparison_id)
    return Stand(state, comparison.lane_id, comparison.is_gold, was_expired=was_expired)


def _learn(session: Session, assignment: Assignment, judgment: Judgment) -> None:
    """Decide whether somebody else is asked, and learn from it how reliable its author is."""
    if believed := reconsider(session, judgment):
        said = labels.of(
            judgment.verdict, judgment.preferred, judgment.said, len(assignment.places)
        )
        redundancy.credit(session, judgment.project_id, judgment.person_id, believed[said])


def _again(session: Session, assignment: Assignment, answer: Answer, key: str) -> Receipt:
    stored = session.scalar(sa.select(Judgment).where(Judgment.key == key))
    if stored is None:
        raise Conflict(assignments.ALREADY[assignment.state])
    same = rubrics.values(stored) == rubrics.values(answer)
    if stored.assignment_id != assignment.id or not same:
        raise Conflict("This key was used for another judgment.")
    return Receipt(stored, repeated=True)


def _store(
    session: Session,
    assignment: Assignment,
    answer: Answer,
    state: JudgmentState,
    grade: Grade,
    *,
    version: int,
    key: str,
) -> Judgment:
    said = {
        "project_id": assignment.project_id,
        "comparison_id": assignment.comparison_id,
        "assignment_id": assignment.id,
        "person_id": assignment.person_id,
        "version": version,
        "key": key,
        "verdict": answer.verdict,
        "step": answer.step,
        "place": answer.place,
        "preferred": answer.preferred,
        "strength": answer.strength,
        "reason": answer.reason,
        "said": answer.said,
        "guideline_number": assignment.guideline_number,
        "rubric_number": assignment.rubric_number,
        "gold_right": grade.right,
        "duration_ms": assignment.took_ms,
        "created_at": clock.now(),
        "is_current": True,
        "state": state,
    }
    stored = session.scalar(_storing(dialect_of(session)), said)
    if stored is None:
        raise Conflict("This key was used for another judgment.")
    return written(session, Judgment(id=stored, **said))


@cache
def _storing(dialect: str) -> Any:
    table: Any = Judgment.__table__
    said = insert(dialect, table).on_conflict_do_nothing(index_elements=["key"])
    return said.returning(table.c.id)


def _require_changeable(project: Project, judgment: Judgment) -> None:
    if judgment.state is JudgmentState.excluded:
        raise Conflict("This judgment has been reviewed and can no longer be changed.")
    if judgment.state is JudgmentState.asked_again:
        raise Conflict("Others are asked this again, so that it can no longer be changed.")
    if project.state is ProjectState.closed:
        raise Conflict("The project is closed; its judgments can no longer be changed.")


def _label(verdict: Verdict, preferred: int | None) -> int | None:
    return None if verdict in _UNCOUNTED else _LABELS.get(verdict, preferred)


def _count_change(session: Session, judgment: Judgment, later: Judgment, *, scores: bool) -> None:
    totals = Totals(later.project_id, later.person_id)
    totals.count(judgment, -1, scores=scores)
    totals.count(later, scores=scores)
    comparison_id = later.comparison_id
    # There are no votes on gold, whose answer is held before its comparison here.
    if later.counts and later.gold_right is None and later.label != judgment.label:
        counted = comparisons.change_vote(session, comparison_id, judgment.label, later.label)
        totals.move_votes(later.created_at, counted.moved)
    if later.counts:
        reconsider(session, later)
    totals.write(session, comparisons.lane_of(session, comparison_id))


# Made once: that costs more than to run it.
_TABLE: Any = Judgment.__table__
_KNOWN: Any = Reliability.__table__
_VOTES = (
    sa.select(
        *(_TABLE.c.verdict, _TABLE.c.preferred, _TABLE.c.said, _KNOWN.c.right, _KNOWN.c.votes)
    )
    .outerjoin(
        _KNOWN,
        sa.and_(
            _KNOWN.c.project_id == _TABLE.c.project_id, _KNOWN.c.person_id == _TABLE.c.person_id
        ),
    )
    .where(_TABLE.c.comparison_id == sa.bindparam("comparison"), _TABLE.c.is_current)
    .where(_TABLE.c.state == JudgmentState.accepted)
    .order_by(_TABLE.c.id)
)
