"""The invariants of the whole database, checked row against row.

Each check is one statement that returns only what is wrong, so that a million judgments are read
by the database and not by us. What is found is named by the numbers of its rows, never by people.
"""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import events, reconciliation, recounts
from labeler.endpoints import purses
from labeler.pay import statements, worktime
from labeler.pay.rates import EVERYWHERE, Rate
from labeler.people import terms
from labeler.work.assignments import HELD, Assignment, AssignmentState
from labeler.work.comparisons import Comparison
from labeler.work.gold import Gold
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from labeler.work.rubrics import Verdict


def faults(session: Session) -> Iterator[str]:
    """Yield a sentence for each invariant that a row breaks, always in the same order."""
    yield from _miscounted(session)
    yield from _unbalanced_slots(session)
    yield from _judged_twice(session)
    yield from _misplaced(session)
    yield from _not_kept(session)
    yield from _misnumbered(session)
    yield from _misread(session)
    yield from _misgraded(session)
    yield from _golden_without_answer(session)
    yield from _unscored_and_given(session)
    yield from _misqualified(session)
    yield from _promised_wrongly(session)
    yield from _priced_wrongly(session)
    yield from reconciliation.faults(session)
    yield from worktime.faults(session)
    yield from statements.faults(session)
    yield from terms.faults(session)
    yield from purses.faults(session)
    yield from recounts.faults(session)
    for event_id in events.breaks(session):
        yield f"event {event_id} does not follow from the one before it"


def _miscounted(session: Session) -> Iterator[str]:
    counted = (
        sa.select(Judgment.comparison_id, sa.func.count().label("n"))
        .where(Judgment.is_current, Judgment.state == JudgmentState.accepted)
        .group_by(Judgment.comparison_id)
        .subquery()
    )
    there = sa.func.coalesce(counted.c.n, 0)
    rows = session.execute(
        sa.select(Comparison.id, Comparison.judged, there)
        .outerjoin(counted, counted.c.comparison_id == Comparison.id)
        .where(Comparison.judged != there)
        .order_by(Comparison.id)
    )
    for comparison_id, judged, n in rows:
        yield f"comparison {comparison_id} counts {judged} judgments and has {n}"


def _unbalanced_slots(session: Session) -> Iterator[str]:
    in_work = (
        sa.select(Assignment.comparison_id, sa.func.count().label("n"))
        .where(Assignment.state.in_(HELD), ~Assignment.is_repeat)
        .group_by(Assignment.comparison_id)
        .subquery()
    )
    held = sa.func.coalesce(in_work.c.n, 0)
    surplus = sa.case(
        (Comparison.taken > Comparison.wanted, Comparison.taken - Comparison.wanted), else_=0
    )
    rows = session.execute(
        sa.select(
            Comparison.id,
            Comparison.wanted,
            Comparison.surplus,
            Comparison.taken,
            held,
            Comparison.judged,
        )
        .outerjoin(in_work, in_work.c.comparison_id == Comparison.id)
        .where(sa.or_(held + Comparison.judged != Comparison.taken, surplus != Comparison.surplus))
        .order_by(Comparison.id)
    )
    for comparison_id, wanted, more, taken, n, judged in rows:
        yield (
            f"comparison {comparison_id} wants {wanted} judgments (and {more} more), {taken} are "
            f"taken, but {n} are in work and {judged} done"
        )


def _judged_twice(session: Session) -> Iterator[str]:
    rows = session.execute(
        sa.select(Judgment.person_id, Judgment.comparison_id, sa.func.count())
        .where(Judgment.is_current, Judgment.state != JudgmentState.repeat)
        .group_by(Judgment.person_id, Judgment.comparison_id)
        .having(sa.func.count() > 1)
        .order_by(Judgment.person_id, Judgment.comparison_id)
    )
    for person_id, comparison_id, n in rows:
        yield f"person {person_id} has judged comparison {comparison_id} {n} times"


def _misplaced(session: Session) -> Iterator[str]:
    fits = sa.and_(
        Judgment.comparison_id == Assignment.comparison_id,
        Judgment.person_id == Assignment.person_id,
        Judgment.project_id == Assignment.project_id,
        Judgment.project_id == Comparison.project_id,
    )
    for judgment_id in session.scalars(
        sa.select(Judgment.id)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .where(~fits)
        .order_by(Judgment.id)
    ):
        yield f"judgment {judgment_id} does not fit its assignment"


def _not_kept(session: Session) -> Iterator[str]:
    first = sa.and_(Judgment.assignment_id == Assignment.id, Judgment.version == 1)
    promised = Assignment.state == AssignmentState.judged
    rows = session.execute(
        sa.select(Assignment.id, Assignment.state, sa.func.coalesce(Judgment.id, 0))
        .outerjoin(Judgment, first)
        .where(
            sa.or_(
                sa.and_(promised, Judgment.id.is_(None)),
                sa.and_(~promised, Judgment.id.is_not(None)),
            )
        )
        .order_by(Assignment.id)
    )
    for assignment_id, state, judgment_id in rows:
        said = f"judgment {judgment_id}" if judgment_id else "no judgment"
        yield f"assignment {assignment_id} is {state.value} and has {said}"


def _misnumbered(session: Session) -> Iterator[str]:
    current = sa.case((Judgment.is_current, Judgment.version))
    for assignment_id in session.scalars(
        sa.select(Judgment.assignment_id)
        .group_by(Judgment.assignment_id)
        .having(
            sa.or_(
                sa.func.count(current) != 1,
                sa.func.max(current) != sa.func.count(),
                sa.func.max(Judgment.version) != sa.func.count(),
            )
        )
        .order_by(Judgment.assignment_id)
    ):
        yield f"assignment {assignment_id} has no one current version, or one is missing"


def _misread(session: Session) -> Iterator[str]:
    alone = Judgment.said[("ranking", 0, 1)].as_integer().is_(None)
    stood = sa.case(
        (Judgment.place == 0, Assignment.places[0].as_integer()),
        (Judgment.place == 1, Assignment.places[1].as_integer()),
        (
            sa.and_(Judgment.verdict == Verdict.ranking, alone),
            Judgment.said[("ranking", 0, 0)].as_integer(),
        ),
    )
    ranks = Judgment.verdict == Verdict.ranking
    prefers = Judgment.verdict == Verdict.preference
    for judgment_id in session.scalars(
        sa.select(Judgment.id)
        .join(Assignment, Assignment.id == Judgment.assignment_id)
        .where(
            sa.or_(
                Judgment.preferred.is_distinct_from(stood),
                sa.and_(~ranks, prefers != Judgment.preferred.is_not(None)),
                prefers != Judgment.strength.is_not(None),
            )
        )
        .order_by(Judgment.id)
    ):
        yield f"judgment {judgment_id} does not prefer what stood at the place it chose"


def _misgraded(session: Session) -> Iterator[str]:
    right = Judgment.preferred == Gold.better
    grade = sa.case((Gold.comparison_id.is_(None), None), (right, True), else_=False)
    for judgment_id in session.scalars(
        sa.select(Judgment.id)
        .outerjoin(Gold, Gold.comparison_id == Judgment.comparison_id)
        .where(Judgment.gold_right.is_distinct_from(grade))
        .order_by(Judgment.id)
    ):
        yield f"judgment {judgment_id} is not graded as the known answer says"


def _golden_without_answer(session: Session) -> Iterator[str]:
    for comparison_id in session.scalars(
        sa.select(Comparison.id)
        .outerjoin(Gold, Gold.comparison_id == Comparison.id)
        .where(Comparison.is_gold != Gold.comparison_id.is_not(None))
        .order_by(Comparison.id)
    ):
        yield f"comparison {comparison_id} is gold without a known answer, or the reverse"


def _unscored_and_given(session: Session) -> Iterator[str]:
    unscored = Gold.unscored_at.is_not(None)
    closed = sa.and_(Comparison.wanted == 0, Comparison.withdrawn_at.is_not(None))
    for comparison_id in session.scalars(
        sa.select(Comparison.id)
        .join(Gold, Gold.comparison_id == Comparison.id)
        .where(unscored != closed)
        .order_by(Comparison.id)
    ):
        yield f"comparison {comparison_id} is gold unscored and still given, or the reverse"


def _misqualified(session: Session) -> Iterator[str]:
    credit = sa.or_(Judgment.gold_right.is_(True), Gold.unscored_at.is_not(None))
    found = (
        sa.select(
            Assignment.qualification_id,
            sa.func.count().label("asked"),
            sa.func.sum(sa.case((credit, 1), else_=0)).label("right"),
        )
        .join(Judgment, Judgment.assignment_id == Assignment.id)
        .join(Gold, Gold.comparison_id == Assignment.comparison_id)
        .where(Assignment.qualification_id.is_not(None), Judgment.is_current)
        .group_by(Assignment.qualification_id)
        .subquery()
    )
    asked, right = (sa.func.coalesce(found.c[name], 0) for name in ("asked", "right"))
    by_hand = Qualification.decided_by.is_not(None)
    over = Qualification.asked >= Qualification.questions
    ended = Qualification.ended_at.is_not(None) == sa.or_(by_hand, over)
    enough = sa.and_(over, Qualification.right >= Qualification.needed)
    passed = Qualification.passed_at.is_not(None) == sa.or_(by_hand, enough)
    counted = sa.and_(Qualification.asked == asked, Qualification.right == right)
    for qualification_id in session.scalars(
        sa.select(Qualification.id)
        .outerjoin(found, found.c.qualification_id == Qualification.id)
        .where(sa.not_(sa.and_(counted, ended, passed)))
        .order_by(Qualification.id)
    ):
        yield f"qualification {qualification_id} does not say what its answers do"


def _promised_wrongly(session: Session) -> Iterator[str]:
    as_published = sa.and_(
        Assignment.pay_minor == Rate.per_judgment_minor,
        Assignment.currency == Rate.currency,
        Assignment.project_id == Rate.project_id,
    )
    for assignment_id in session.scalars(
        sa.select(Assignment.id)
        .join(Rate, Rate.id == Assignment.rate_id)
        .where(sa.not_(as_published))
        .order_by(Assignment.id)
    ):
        yield f"assignment {assignment_id} does not promise what its rate pays"


def _priced_wrongly(session: Session) -> Iterator[str]:
    newest = (
        sa.select(Rate.project_id, sa.func.max(Rate.number).label("number"))
        .where(Rate.place == EVERYWHERE)
        .group_by(Rate.project_id)
        .subquery()
    )
    same = sa.and_(Project.pay_minor == Rate.per_judgment_minor, Project.currency == Rate.currency)
    for project_id in session.scalars(
        sa.select(Project.id)
        .outerjoin(newest, newest.c.project_id == Project.id)
        .outerjoin(Rate, sa.and_(Rate.project_id == Project.id, Rate.number == newest.c.number))
        .where(sa.func.coalesce(same, False).is_not(True))
        .order_by(Project.id)
    ):
        yield f"project {project_id} does not say what its newest rate for everywhere pays"
