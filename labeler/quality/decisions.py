"""Decisions: what a person decides about judgments and comparisons, with a reason."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock, events
from labeler.errors import Conflict
from labeler.events import Event
from labeler.people.accounts import Person, require_person
from labeler.schema import changed
from labeler.work import comparisons, judgments
from labeler.work.comparisons import Comparison
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.questions.reason import require_reason
from labeler.work.totals import Totals


class Decision(NamedTuple):
    """What somebody decided: who, when and why."""

    name: str
    at: datetime
    reason: str


def exclude(session: Session, judgment: Judgment, reason: str, *, by: Person) -> None:
    """Leave a judgment out of the data; its pay stays, and the comparison wants another."""
    require_person(by)
    reason = require_reason(reason)
    wait_for_marks(session)
    excluded = changed(
        session,
        sa.update(Judgment)
        .where(Judgment.id == judgment.id, IS_CURRENT, Judgment.state == JudgmentState.accepted)
        .values(state=JudgmentState.excluded, excluded_at=clock.now())
        .execution_options(synchronize_session=False),
    )
    if not excluded:
        raise Conflict("This judgment does not count already or was changed.")
    totals = Totals(judgment.project_id, judgment.person_id)
    totals.count(judgment, -1)
    session.refresh(judgment)
    totals.count(judgment)
    counted = comparisons.uncount_judgment(session, judgment.comparison_id, judgment.label)
    totals.move_votes(clock.now(), counted.moved)
    judgments.reconsider(session, judgment)
    totals.write(session, counted.lane_id)
    events.record(
        session,
        "judgment.excluded",
        person_id=by.id,
        project_id=judgment.project_id,
        subject=judgment.id,
        reason=reason,
    )


def withdraw(session: Session, comparison: Comparison, reason: str, *, by: Person) -> None:
    """Withdraw a comparison as `comparisons.withdraw` does, on one side of every release's mark."""
    require_person(by)
    wait_for_marks(session)
    comparisons.withdraw(session, comparison, reason, by=by)


def withdrawal(session: Session, comparison: Comparison) -> Decision | None:
    """Return who withdrew the comparison, when and why; None if nobody did."""
    if comparison.withdrawn_at is None:
        return None
    made = _decisions(session, comparison.project_id, "comparison.withdrawn", [comparison.id])
    return made.get(comparison.id)


def exclusions(session: Session, judgments: Iterable[Judgment]) -> dict[int, Decision]:
    """Return who left out which of the judgments, by id, all of one project; when and why."""
    left_out = [each for each in judgments if each.state is JudgmentState.excluded]
    if not left_out:
        return {}
    ids = [judgment.id for judgment in left_out]
    return _decisions(session, left_out[0].project_id, "judgment.excluded", ids)


def wait_for_marks(session: Session) -> None:
    """Wait until whoever fixes a release's cut-off at this moment has done so.

    What was excluded, withdrawn or adjudicated after a release's moment makes no difference to it.
    If that read the clock before the moment and was committed after it, the files would be others
    when they are written again. An update of judgments takes the same lock, but only after the
    clock was read. On SQLite there is one writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("LOCK TABLE judgments IN ROW EXCLUSIVE MODE"))


def _decisions(
    session: Session, project_id: int, kind: str, subjects: Sequence[int]
) -> dict[int, Decision]:
    about = Event.data["subject"].as_integer()
    rows = session.execute(
        sa.select(about, Person.name, Event.at, Event.data["reason"].as_string())
        .join(Person, Person.id == Event.person_id)
        .where(Event.project_id == project_id, Event.kind == kind, about.in_(subjects))
    )
    return {subject: Decision(*said) for subject, *said in rows}
