"""Renewals: judgments by older guidelines that are asked again.

They stay on record and paid, and stop counting; other people are asked in their place, since nobody
judges a comparison twice. Known answers, withdrawn comparisons and what was judged by the newest
guidelines are never asked again. Releases that were cut before stay as they are.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, NamedTuple

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from pydantic import ValidationError as ModelError
from sqlalchemy.orm import Session

from labeler import clock, errors, events
from labeler.errors import Conflict, Invalid
from labeler.people.accounts import Person
from labeler.quality.decisions import wait_for_marks
from labeler.work import comparisons, judgments, labels, totals
from labeler.work.comparisons import Comparison
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.lanes import Lane
from labeler.work.projects import Project, ProjectState
from labeler.work.totals import Totals

CHUNK = 500
"""How many comparisons are looked at and changed in one transaction."""
MANY = 10_000
"""More answers than a comparison has, so that neither "about the same" nor "both" is one."""


class Choice(BaseModel):
    """Which judgments are asked again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    guidelines: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(
        min_length=1, max_length=1000, description="The older versions that they cite."
    )
    disagreed: bool = Field(
        False, description="Only on comparisons of which not all counted judgments say the same."
    )
    share: float = Field(
        1.0, gt=0, le=1, description="Share of these comparisons, chosen by chance."
    )


class Extent(NamedTuple):
    """How much a choice comes to; the cost is in minor units of the project's currency."""

    comparisons: int
    judgments: int
    cost_minor: int


class Cited(NamedTuple):
    """How many judgments, as they stand, cite a version, and how many of them count."""

    judgments: int
    counted: int


def cited(session: Session, project_id: int) -> dict[int, Cited]:
    """Return how often each version of a project's guidelines is cited, known answers apart."""
    rows = session.execute(
        sa.select(
            Judgment.guideline_number,
            sa.func.count(),
            sa.func.count().filter(Judgment.state == JudgmentState.accepted),
        )
        .where(Judgment.project_id == project_id, Judgment.is_current)
        .where(Judgment.gold_right.is_(None))
        .group_by(Judgment.guideline_number)
    )
    return {number: Cited(*found) for number, *found in rows}


def read(given: Mapping[str, Any]) -> Choice:
    """Read a choice from outside; raises Invalid naming every bad field."""
    try:
        return Choice.model_validate(given)
    except ModelError as error:
        faults = errors.faults(error)
        raise Invalid("Please look at the marked fields.", fields=faults) from None


def count(session: Session, project: Project, choice: Choice) -> Extent:
    """Return how many judgments the choice would ask again, and what as many others cost now.

    Where comparisons get as many judgments as they need, fewer or more may be asked.
    """
    found = asked = 0
    for ids in _pages(session, project, choice):
        older = Judgment.comparison_id.in_(ids), *_older(project, choice)
        asked += session.scalars(sa.select(sa.func.count(Judgment.id)).where(*older)).one()
        found += len(ids)
    return Extent(found, asked, asked * project.pay_minor)


def carry_out(session: Session, project: Project, choice: Choice, *, by: Person) -> Iterator[None]:
    """Ask again what was chosen; yield after every chunk, for the caller to commit.

    What broke off goes on when it is asked again, and to do it again changes nothing. Raises
    Conflict while the project is closed.
    """
    if project.state is ProjectState.closed:
        raise Conflict("The project is closed: open it again first.")
    found = asked = 0
    for ids in _pages(session, project, choice):
        said = _ask_again(session, project, choice, ids)
        if said and not asked:  # after the rows were locked, as everybody does
            _record(session, project, "judgments.asking_again", by, **choice.model_dump())
        found, asked = found + len({each.comparison_id for each in said}), asked + len(said)
        yield
    if asked:
        _record(session, project, "judgments.asked_again", by, comparisons=found, judgments=asked)
        yield


def _older(project: Project, choice: Choice) -> tuple[sa.ColumnElement[bool], ...]:
    """Tell judgments that count and cite one of the chosen versions."""
    return (
        *_standing(),
        Judgment.guideline_number.in_(choice.guidelines),
        Judgment.guideline_number < project.guideline_number,
    )


def _standing() -> tuple[sa.ColumnElement[bool], ...]:
    return Judgment.is_current.is_(True), Judgment.state == JudgmentState.accepted


def _pages(session: Session, project: Project, choice: Choice) -> Iterator[list[int]]:
    """Yield the comparisons on which something is to be asked again, page by page, by id."""
    last = 0
    while page := _with_older(session, project, choice, after=last):
        last = page[-1]
        drawn = [each for each in page if _is_drawn(project, each, choice.share)]
        if choice.disagreed:
            drawn = _disagreed(session, drawn)
        yield drawn


def _with_older(session: Session, project: Project, choice: Choice, *, after: int) -> Sequence[int]:
    older = sa.exists().where(Judgment.comparison_id == Comparison.id, *_older(project, choice))
    return session.scalars(
        sa.select(Comparison.id)
        .where(Comparison.project_id == project.id, Comparison.id > after)
        .where(Comparison.judged > 0, ~Comparison.is_gold, Comparison.withdrawn_at.is_(None))
        .where(older)
        .order_by(Comparison.id)
        .limit(CHUNK)
    ).all()


def _is_drawn(project: Project, comparison_id: int, share: float) -> bool:
    """Draw by a hash: the same ones whenever it is asked, until there are newer guidelines."""
    lot = hashlib.sha256(f"{project.guideline_number}:{comparison_id}".encode()).digest()
    return int.from_bytes(lot[:8], "big") < share * 2**64


def _disagreed(session: Session, ids: Sequence[int]) -> list[int]:
    """Return those of the comparisons of which not all judgments that count say the same."""
    said = defaultdict(set)
    for comparison_id, verdict, preferred, more in session.execute(
        sa.select(
            Judgment.comparison_id, Judgment.verdict, Judgment.preferred, Judgment.said
        ).where(Judgment.comparison_id.in_(ids), *_standing())
    ):
        said[comparison_id].add(labels.of(verdict, preferred, more, MANY))
    return [each for each in ids if len(said[each]) > 1]


def _ask_again(
    session: Session, project: Project, choice: Choice, ids: Sequence[int]
) -> Sequence[Judgment]:
    """Leave out the chosen judgments on these comparisons, and want others; return them.

    Rows are locked kind by kind and in order, as by those who judge, change or exclude one.
    """
    wait_for_marks(session)
    said = session.scalars(
        sa.select(Judgment)
        .where(Judgment.comparison_id.in_(ids), *_older(project, choice))
        .order_by(Judgment.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    lanes = _lock(session, {each.comparison_id for each in said})
    found: dict[tuple[int, int], Totals] = {}
    moment = clock.now()
    for each in said:
        key = each.person_id, lanes[each.comparison_id]
        sums = found.setdefault(key, Totals(project.id, each.person_id))
        _leave_out(session, each, moment, sums)
    session.flush()
    for one in {each.comparison_id: each for each in said}.values():
        judgments.reconsider(session, one)
    totals.write_all(session, project.id, found)
    return said


def _lock(session: Session, ids: set[int]) -> dict[int, int]:
    """Lock comparisons and then their lanes; return the lane of each comparison."""
    rows = session.execute(
        sa.select(Comparison.id, Comparison.lane_id)
        .where(Comparison.id.in_(ids))
        .order_by(Comparison.id)
        .with_for_update(key_share=True)
    )
    lanes = dict(rows.all())
    locked = sa.select(Lane.id).where(Lane.id.in_(set(lanes.values()))).order_by(Lane.id)
    session.execute(locked.with_for_update(key_share=True))
    return lanes


def _leave_out(session: Session, judgment: Judgment, moment: datetime, sums: Totals) -> None:
    """Count the judgment no longer, and give its slot back; it is locked, and its pay stays."""
    sums.count(judgment, -1)
    judgment.state, judgment.excluded_at = JudgmentState.asked_again, moment
    sums.count(judgment)
    counted = comparisons.uncount_judgment(session, judgment.comparison_id, judgment.label)
    sums.move_votes(moment, counted.moved)


def _record(session: Session, project: Project, kind: str, by: Person, **data: Any) -> None:
    events.record(session, kind, person_id=by.id, project_id=project.id, **data)
