"""Samples: judgments that are drawn by lot for a reviewer's look."""

from collections.abc import Iterator
from random import SystemRandom

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.quality import reviews
from labeler.quality.reviews import Review, ReviewKind
from labeler.said import say
from labeler.work.judgments import IS_CURRENT, Judgment, JudgmentState
from labeler.work.projects import Project

MOST = 200
"""How many are drawn at once."""
LOTS = 20_000
"""How many numbers are drawn at most to find them."""
AT_ONCE = 500
DRAWN = say("Drawn by lot.")


def draw_sample(session: Session, project: Project, number: int, *, by: Person) -> int:
    """Open reviews of judgments that nobody was asked to look at; return how many there are.

    Each accepted judgment is as likely as any other, known answers apart. Numbers are drawn out of
    all that the project's judgments lie between, and those that are none of them are passed over:
    no more rows are read than that. Fewer are found where the project has few of many judgments.
    """
    if not 1 <= number <= MOST:
        fault = say("Please choose a number from 1 to %(most)s.", most=MOST)
        raise Invalid("Please look at the marked fields.", fields={"number": fault})
    found: list[int] = []
    for lots in _lots(session, project.id):
        found += _fit(session, project.id, lots)
        if len(found) >= number:
            break
    for judgment_id in found[:number]:
        reviews.open(
            session,
            project.id,
            ReviewKind.sample,
            judgment_id=judgment_id,
            reason=DRAWN,
            by=by,
        )
    return len(found[:number])


def _lots(session: Session, project_id: int) -> Iterator[list[int]]:
    mine = sa.select(sa.func.min(Judgment.id), sa.func.max(Judgment.id))
    first, last = session.execute(mine.where(Judgment.project_id == project_id)).one()
    numbers = range(first or 1, (last or 0) + 1)
    drawn = SystemRandom().sample(numbers, min(LOTS, len(numbers)))
    for begin in range(0, len(drawn), AT_ONCE):
        yield drawn[begin : begin + AT_ONCE]


def _fit(session: Session, project_id: int, lots: list[int]) -> list[int]:
    """Return those of the numbers that are judgments to look at, in the order they were drawn."""
    seen = sa.exists().where(Review.judgment_id == Judgment.id)
    fit = session.scalars(
        sa.select(Judgment.id).where(
            Judgment.id.in_(lots),
            Judgment.project_id == project_id,
            IS_CURRENT,
            Judgment.state == JudgmentState.accepted,
            Judgment.gold_right.is_(None),
            ~seen,
        )
    )
    there = set(fit)
    return [number for number in lots if number in there]
