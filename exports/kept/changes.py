"""Changes: what has happened since a moment that makes another release of the same judgments."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from exports.choosing.criteria import Criteria
from exports.kept import clearances
from exports.kept.declarations import Declaration
from labeler.events import Event
from labeler.people.accounts import Person
from labeler.people.remarks import Decline, Remark
from labeler.quality.adjudications import Adjudication
from labeler.work.judgments import LEFT_OUT, Judgment


def since(session: Session, project_id: int, moment: datetime, criteria: Criteria) -> bool:
    """Tell whether anything was decided after a moment that such a release would tell."""
    excluded = sa.exists().where(
        Judgment.project_id == project_id,
        Judgment.state.in_(LEFT_OUT),
        Judgment.excluded_at > moment,
    )
    withdrawn = sa.exists().where(  # many comparisons, few events
        Event.project_id == project_id,
        Event.kind == "comparison.withdrawn",
        Event.at > moment,
    )
    adjudicated = sa.exists().where(
        Adjudication.project_id == project_id, Adjudication.created_at > moment
    )
    declared = sa.exists().where(
        Declaration.project_id == project_id, Declaration.created_at > moment
    )
    changed = [excluded, withdrawn, adjudicated, declared, erased(project_id, moment)]
    if criteria.tells_reasons:
        changed.append(clearances.since(project_id, moment))
    return bool(session.scalar(sa.select(sa.or_(*changed, _spoken(project_id, moment)))))


def erased(project_id: int, moment: datetime) -> sa.ColumnElement[bool]:
    """Tell whether somebody who judged in the project was erased after that moment."""
    judged = sa.exists().where(Judgment.project_id == project_id, Judgment.person_id == Person.id)
    return sa.exists().where(Person.erased_at > moment, judged)


def _spoken(project_id: int, moment: datetime) -> sa.ColumnElement[bool]:
    """Tell whether what is published of the workers' words changed after that moment."""
    mine = sa.select(Remark.id).where(Remark.project_id == project_id)
    declined = Decline.remark_id.in_(mine), Decline.declined_at > moment
    return sa.or_(mine.where(Remark.written_at > moment).exists(), sa.exists().where(*declined))
