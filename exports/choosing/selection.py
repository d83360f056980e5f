"""Selection: what was said, up to a mark, of each comparison of a project.

There is one answer for a mark, and it never changes: judgments are only appended, and what
happened to them later carries a later moment. Comparisons are read in pages by id, each in a short
transaction, so that nobody waits for a release and memory stays the same however many there are.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVarTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.quality.adjudications import Adjudication, Finding
from labeler.schema import Reading
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.batches import Batch
from labeler.work.comparisons import Comparison
from labeler.work.judgments import LEFT_OUT, Judgment, JudgmentState

Columns = TypeVarTuple("Columns")

ACCEPTED = JudgmentState.accepted.value
PAGE = 1_000
"""Comparisons that are in memory at once, and read in one transaction."""


class Mark(NamedTuple):
    """Up to where a release looks: the newest judgment, and the moment."""

    last_judgment_id: int
    cut_at: datetime


class Said(NamedTuple):
    """The last version, before the mark, of what one person said of a comparison."""

    comparison_id: int
    person_id: int
    verdict: str
    preferred: int | None
    strength: int | None
    guideline_number: int
    rubric_number: int
    version: int
    duration_ms: int
    created_at: datetime
    state: str
    """Where it stood at the mark."""
    reason: str
    more: str | None
    """What was said beside the choice, in JSON."""
    shown: str
    """Which response stood at A, B, …, in JSON."""

    @property
    def counts(self) -> bool:
        """Whether it was accepted at the mark."""
        return self.state == ACCEPTED


class Skipped(NamedTuple):
    """Somebody handed a comparison back before the mark."""

    comparison_id: int
    person_id: int
    reason: str
    guideline_number: int
    closed_at: datetime
    shown: str


class Judged(NamedTuple):
    """A comparison that somebody judged before the mark, and all that was said of it."""

    id: int
    external_id: str
    language: str
    is_gold: bool
    prompt_id: int
    is_withdrawn: bool
    """Whether it was withdrawn by the mark."""
    is_adaptive: bool
    """Whether votes were asked for because others disagreed, so that they tell no agreement."""
    batch: str
    said: tuple[Said, ...]
    skipped: tuple[Skipped, ...] = ()
    found: Finding | None = None
    """What a person last found of it by the mark."""


def mark(session: Session, project_id: int) -> Mark:
    """Return the mark of this moment. Commit at once: until then others wait to judge.

    No judgment with a smaller number can appear afterwards: on PostgreSQL numbers are drawn before
    they are committed, so those who have drawn one are waited for; on SQLite there is one writer.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("LOCK TABLE judgments IN SHARE MODE"))
    return glance(session, project_id)


def glance(session: Session, project_id: int) -> Mark:
    """Return a mark that is good for a look, not for a release: it makes nobody wait."""
    newest = sa.select(sa.func.max(Judgment.id)).where(Judgment.project_id == project_id)
    return Mark(session.scalar(newest) or 0, clock.now())


def select(
    reading: Reading, project_id: int, mark: Mark, *, after: int = 0, until: int | None = None
) -> Iterator[list[Judged]]:
    """Yield every comparison that was judged before the mark, in pages by id.

    Of the versions of a judgment the last one before the mark is told, with where it stood then.
    Of what was found of a comparison the newest before the mark is. `after` and `until` bound the
    ids of the comparisons.
    """
    last = after
    while True:
        with reading() as session:
            page = _comparisons(session, project_id, mark, after=last, until=until)
            if not page:
                return
            first, last = page[0].id, page[-1].id
            said = _grouped(_said(session, mark, first=first, last=last))
            skipped = _grouped(_skipped(session, mark, first=first, last=last)) if said else {}
            found = _findings(session, mark, first=first, last=last)
        yield [
            Judged(*one, tuple(said[one[0]]), tuple(skipped.get(one[0], ())), found.get(one[0]))
            for one in page
            if one[0] in said
        ]


def rows(session: Session, query: sa.Select[*Columns]) -> Sequence[sa.Row[*Columns]]:
    """Run a query past the session's layer for entities: its rows are many and are none."""
    return session.connection().execute(query).all()


def _comparisons(
    session: Session, project_id: int, mark: Mark, *, after: int, until: int | None
) -> Sequence[sa.Row[int, str, str, bool, int, bool, bool, str]]:
    query = (
        sa.select(
            Comparison.id,
            Comparison.external_id,
            Comparison.language,
            Comparison.is_gold,
            Comparison.prompt_id,
            sa.func.coalesce(Comparison.withdrawn_at <= mark.cut_at, sa.false()),
            Comparison.is_adaptive,
            Batch.name,
        )
        .join(Batch, Batch.id == Comparison.batch_id)
        .where(Comparison.project_id == project_id, Comparison.id > after)
        .order_by(Comparison.id)
        .limit(PAGE)
    )
    return rows(session, query if until is None else query.where(Comparison.id <= until))


def _said(session: Session, mark: Mark, *, first: int, last: int) -> Iterator[Said]:
    """Yield what was said of the comparisons from the first to the last, by when it was.

    They may be another project's, too: that one was loaded at the same time.
    """
    left_out_later = sa.and_(
        Judgment.state.in_(LEFT_OUT), sa.func.coalesce(Judgment.excluded_at > mark.cut_at, False)
    )
    plain = sa.type_coerce(Judgment.state, sa.String)
    state = sa.case((left_out_later, ACCEPTED), else_=plain)
    found = rows(
        session,
        sa.select(
            Judgment.comparison_id,
            Judgment.person_id,
            sa.type_coerce(Judgment.verdict, sa.String),
            Judgment.preferred,
            Judgment.strength,
            Judgment.guideline_number,
            Judgment.rubric_number,
            Judgment.version,
            Judgment.duration_ms,
            Judgment.created_at,
            state,
            Judgment.reason,
            sa.cast(Judgment.said, sa.Text),
            sa.cast(Assignment.places, sa.Text),
        )
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .where(
            Judgment.comparison_id.between(first, last),
            Judgment.id <= mark.last_judgment_id,
            _is_last(mark),
        )
        .order_by(Judgment.comparison_id, Judgment.id),
    )
    return map(Said._make, found)


def _skipped(session: Session, mark: Mark, *, first: int, last: int) -> Iterator[Skipped]:
    found = rows(
        session,
        sa.select(
            Assignment.comparison_id,
            Assignment.person_id,
            sa.type_coerce(Assignment.skip_reason, sa.String),
            Assignment.guideline_number,
            Assignment.closed_at,
            sa.cast(Assignment.places, sa.Text),
        )
        .where(
            Assignment.comparison_id.between(first, last),
            Assignment.state == AssignmentState.skipped,
            Assignment.closed_at <= mark.cut_at,
        )
        .order_by(Assignment.comparison_id, Assignment.closed_at, Assignment.id),
    )
    return map(Skipped._make, found)


def _grouped(told: Iterator[Any]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for one in told:
        found.setdefault(one.comparison_id, []).append(one)
    return found


def _findings(session: Session, mark: Mark, *, first: int, last: int) -> dict[int, Finding]:
    made = Adjudication.comparison_id.between(first, last), Adjudication.created_at <= mark.cut_at
    found = rows(
        session,
        sa.select(Adjudication.comparison_id, Adjudication.verdict, Adjudication.preferred)
        .where(*made)
        .order_by(Adjudication.id),
    )
    return {one: Finding(verdict, preferred) for one, verdict, preferred in found}


def _is_last(mark: Mark) -> sa.ColumnElement[bool]:
    """Tell the last version before the mark. Whether it is the current one may change later."""
    later = sa.orm.aliased(Judgment)
    overtaken = sa.exists().where(
        later.assignment_id == Judgment.assignment_id,
        later.id > Judgment.id,
        later.id <= mark.last_judgment_id,
    )
    return sa.or_(Judgment.is_current, ~overtaken)
