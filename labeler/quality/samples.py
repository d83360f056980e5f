"""Samples: judgments that are drawn by lot for a reviewer's look."""

from collections.abc import Iterator
from itertools import islice
from random import SystemRandom

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Invalid
from labeler.people.accounts import Person
from labeler.quality import reviews
from labeler.quality.reviews import Review, ReviewKind, ReviewState
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
    """Have so many judgments, drawn by lot, wait for a look; return how many were drawn for that.

    They are such as nobody was asked to look at, each as likely as any other, known answers apart.
    Numbers are drawn out of all that the project's judgments lie between, and those that are none
    of them are passed over: no more rows are read than that. Fewer are found where the project has
    few of many judgments.
    """
    if not 1 <= number <= MOST:
        fault = say("Please choose a number from 1 to %(most)s.", most=MOST)
        raise Invalid("Please look at the marked fields.", fields={"number": fault})
    missing, found = number - _waiting(session, project.id), dict[int, int]()
    for lots in _lots(session, project.id):
        if len(found) >= missing:
            break
        found |= _fit(session, project.id, lots)
    drawn = dict(islice(found.items(), max(0, missing)))
    reviews.open_drawn(session, project.id, drawn, DRAWN, by=by)
    return len(drawn)


def _waiting(session: Session, project_id: int) -> int:
    waiting = sa.select(sa.func.count()).where(
        Review.project_id == project_id,
        Review.kind == ReviewKind.sample,
        Review.state == ReviewState.open,
    )
    return session.scalar(waiting) or 0


def _lots(session: Session, project_id: int) -> Iterator[list[int]]:
    mine = Judgment.project_id == project_id
    # Each by itself is found at one end of an index; both at once would be looked for in all of it.
    first = session.scalar(sa.select(sa.func.min(Judgment.id)).where(mine))
    last = session.scalar(sa.select(sa.func.max(Judgment.id)).where(mine))
    numbers = range(first or 1, (last or 0) + 1)
    drawn = SystemRandom().sample(numbers, min(LOTS, len(numbers)))
    for begin in range(0, len(drawn), AT_ONCE):
        yield drawn[begin : begin + AT_ONCE]


def _fit(session: Session, project_id: int, lots: list[int]) -> dict[int, int]:
    """Return those of the numbers that are judgments to look at, as drawn, with comparisons."""
    seen = sa.exists().where(Review.judgment_id == Judgment.id)
    fit = session.execute(
        sa.select(Judgment.id, Judgment.comparison_id).where(
            Judgment.id.in_(lots),
            Judgment.project_id == project_id,
            IS_CURRENT,
            Judgment.state == JudgmentState.accepted,
            Judgment.gold_right.is_(None),
            ~seen,
        )
    )
    there = dict(fit.all())
    return {number: there[number] for number in lots if number in there}
