"""Recounts: what every running total should say, counted from what people did.

Everything here can be derived again: `faults` compares, `rebuild` writes anew.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.work.assignments import HELD, Assignment, AssignmentState
from labeler.work.comparisons import OPEN, VOTES_BITS, Comparison
from labeler.work.counts import Count, Topic
from labeler.work.gold import Gold
from labeler.work.judgments import Judgment, JudgmentState
from labeler.work.lanes import Lane
from labeler.work.rubrics import Verdict
from labeler.work.tallies import COUNTED, Tally

Key: TypeAlias = tuple[int, str, str, int]
"""Project, topic, key and person; the person is 0 where the topic is not by person."""

_ACCEPTED = Judgment.state == JudgmentState.accepted
_NO_GOLD = Judgment.gold_right.is_(None)
_SCORED = Gold.unscored_at.is_(None)
_LABEL: Any = sa.case(
    (Judgment.verdict == Verdict.tie, 2),
    (Judgment.verdict == Verdict.both_bad, 3),
    (Judgment.verdict == Verdict.preference, Judgment.preferred),
)
"""None of what was not said of a pair."""


def faults(session: Session) -> Iterator[str]:
    """Yield a sentence for each running total that is not what a recount finds."""
    yield from _wrong_lanes(session)
    yield from _lanes_not_spent(session)
    yield from _wrong_tallies(session)
    yield from _wrong_votes(session)
    yield from _wrong_counts(session)


def rebuild(session: Session) -> None:
    """Write all tallies and counts anew from what people did."""
    session.execute(sa.delete(Tally))
    session.execute(sa.delete(Count))
    rows = _tallies()
    names = ["person_id", "lane_id", *COUNTED, "project_id", "empty_at"]
    of_lane = sa.select(Comparison.project_id).where(Comparison.lane_id == rows.c.lane_id).limit(1)
    whole = sa.select(rows, of_lane.scalar_subquery(), sa.literal(-1))
    session.execute(sa.insert(Tally).from_select(names, whole))
    for topic, found in _counts():
        columns = ["project_id", "key", "shard", "n", "topic"]
        named = sa.select(found.subquery(), sa.literal(topic, Count.topic.type))
        session.execute(sa.insert(Count).from_select(columns, named))
    # In which week the votes came is not told apart again.
    moved = sa.literal("0:0:").concat(sa.cast(Comparison.votes, sa.Text()))
    final = (
        sa.select(
            Comparison.project_id,
            moved,
            sa.literal(0),
            sa.func.count(),
            sa.literal(Topic.votes, Count.topic.type),
        )
        .where(Comparison.votes > 0, ~Comparison.is_adaptive)
        .group_by(Comparison.project_id, Comparison.votes)
    )
    session.execute(
        sa.insert(Count).from_select(["project_id", "key", "shard", "n", "topic"], final)
    )


def _many(condition: sa.ColumnElement[bool]) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _tallies() -> sa.Subquery:
    """Select, by person and lane, what `COUNTED` names in its order."""
    kept = Assignment.state.in_((*HELD, AssignmentState.judged))
    given = (
        sa.select(
            Assignment.person_id,
            Comparison.lane_id,
            _many(kept).label("given"),
            _many(Assignment.state == AssignmentState.skipped).label("skipped"),
        )
        .join(Comparison, Comparison.id == Assignment.comparison_id)
        .group_by(Assignment.person_id, Comparison.lane_id)
        .subquery()
    )
    judged = (
        sa.select(
            Judgment.person_id,
            Comparison.lane_id,
            sa.func.count().label("judged"),
            _many(_ACCEPTED & _NO_GOLD).label("counted"),
            _many(~_NO_GOLD & _SCORED).label("gold"),
            _many(Judgment.gold_right.is_(True) & _SCORED).label("gold_right"),
            _many(Judgment.place == 0).label("chose_a"),
            _many(Judgment.place.is_not(None)).label("chose_side"),
        )
        .join(Comparison, Comparison.id == Judgment.comparison_id)
        .outerjoin(Gold, Gold.comparison_id == Judgment.comparison_id)
        .where(Judgment.is_current)
        .group_by(Judgment.person_id, Comparison.lane_id)
        .subquery()
    )
    same = sa.and_(judged.c.person_id == given.c.person_id, judged.c.lane_id == given.c.lane_id)
    numbers = [given.c.given, given.c.skipped]
    numbers += [sa.func.coalesce(judged.c[name], 0).label(name) for name in COUNTED[2:]]
    # Nobody judges what they were not given.
    return (
        sa.select(given.c.person_id, given.c.lane_id, *numbers)
        .select_from(given.outerjoin(judged, same))
        .subquery()
    )


def _wrong_tallies(session: Session) -> Iterator[str]:
    found = _tallies()
    same = sa.and_(Tally.person_id == found.c.person_id, Tally.lane_id == found.c.lane_id)
    pairs = [
        (sa.func.coalesce(getattr(Tally, name), 0), sa.func.coalesce(found.c[name], 0))
        for name in COUNTED
    ]
    rows = session.execute(
        sa.select(
            sa.func.coalesce(Tally.person_id, found.c.person_id).label("person"),
            sa.func.coalesce(Tally.lane_id, found.c.lane_id).label("lane"),
            *(number for pair in pairs for number in pair),
        )
        .select_from(sa.join(Tally, found, same, full=True))
        .where(sa.or_(*(said != there for said, there in pairs)))
        .order_by("person", "lane")
    )
    for person_id, lane_id, *numbers in rows:
        off = [
            f"{name} {said} and has {there}"
            for name, said, there in zip(COUNTED, numbers[::2], numbers[1::2], strict=True)
            if said != there
        ]
        yield f"the tally of person {person_id} in lane {lane_id} says {', '.join(off)}"


def _wrong_lanes(session: Session) -> Iterator[str]:
    wanted = sa.case((Comparison.is_gold, 0), else_=Comparison.wanted + Comparison.surplus)
    there = (
        sa.select(
            Comparison.lane_id,
            sa.func.count().label("n"),
            sa.func.sum(wanted).label("wanted"),
        )
        .group_by(Comparison.lane_id)
        .subquery()
    )
    rows = session.execute(
        sa.select(Lane.id, Lane.comparisons, Lane.wanted, there.c.n, there.c.wanted)
        .outerjoin(there, there.c.lane_id == Lane.id)
        .where(
            sa.or_(
                Lane.comparisons != sa.func.coalesce(there.c.n, 0),
                Lane.wanted != sa.func.coalesce(there.c.wanted, 0),
            )
        )
        .order_by(Lane.id)
    )
    for lane_id, n, planned, found, found_planned in rows:
        yield (
            f"lane {lane_id} counts {n} comparisons and {planned} judgments wanted, and has "
            f"{found or 0} and {found_planned or 0}"
        )


def _lanes_not_spent(session: Session) -> Iterator[str]:
    left = sa.exists().where(Comparison.lane_id == Lane.id, OPEN)
    spent = sa.select(Lane.id).where(Lane.spent_at == Lane.supply, left).order_by(Lane.id)
    for lane_id in session.scalars(spent):
        yield f"lane {lane_id} says that nothing is left in it, and something is"


def _wrong_votes(session: Session) -> Iterator[str]:
    bit = sa.case(*((label == _LABEL, 1 << VOTES_BITS * label) for label in range(4)), else_=0)
    said = (
        sa.select(Judgment.comparison_id, sa.func.sum(bit).label("votes"))
        .where(Judgment.is_current, _ACCEPTED, _NO_GOLD)
        .group_by(Judgment.comparison_id)
        .subquery()
    )
    there = sa.func.coalesce(said.c.votes, 0)
    for comparison_id in session.scalars(
        sa.select(Comparison.id)
        .outerjoin(said, said.c.comparison_id == Comparison.id)
        .where(Comparison.votes != there)
        .order_by(Comparison.id)
    ):
        yield f"comparison {comparison_id} has other votes than its judgments say"


def _wrong_counts(session: Session) -> Iterator[str]:
    there, said = _recounted(session), _said(session)
    for key in sorted(there.keys() | said.keys()):
        if there[key] != said[key]:
            project_id, topic, name, person_id = key
            whose = f" of person {person_id}" if person_id else ""
            what = f"{topic} {name}{whose}"
            yield f"project {project_id} counts {said[key]} {what} and has {there[key]}"


def _recounted(session: Session) -> Counter[Key]:
    there: Counter[Key] = Counter()
    for topic, found in _counts():
        for project_id, key, shard, n in session.execute(found):
            there[project_id, topic.value, key, shard] += int(n or 0)
    votes = sa.select(Comparison.project_id, Comparison.votes, sa.func.count())
    votes = votes.where(Comparison.votes > 0, ~Comparison.is_adaptive)
    votes = votes.group_by(Comparison.project_id, Comparison.votes)
    for project_id, pattern, n in session.execute(votes):
        there[project_id, Topic.votes.value, str(pattern), 0] = n
    return there


def _said(session: Session) -> Counter[Key]:
    shard = sa.case((Count.topic == Topic.took, Count.shard), else_=0)
    rows = session.execute(
        sa.select(Count.project_id, Count.topic, Count.key, shard, sa.func.sum(Count.n)).group_by(
            Count.project_id, Count.topic, Count.key, shard
        )
    )
    said: Counter[Key] = Counter()
    for project_id, topic, key, person_id, n in rows:
        if topic is Topic.votes:
            _, before, after = key.split(":")
            said[project_id, topic.value, after, 0] += int(n)
            said[project_id, topic.value, before, 0] -= int(n)
        else:
            said[project_id, topic.value, key, person_id] += int(n)
    for key in [key for key in said if key[1:3] == (Topic.votes.value, "0")]:
        del said[key]  # comparisons of which nothing was said
    return said


def _counts() -> Iterator[tuple[Topic, Any]]:
    """Yield, by topic, a SELECT of project, key, person or 0, and number."""
    current, day = Judgment.is_current, sa.cast(sa.func.date(Judgment.created_at), sa.Text())
    one, nobody = sa.func.count(), sa.literal(0)
    project = Judgment.project_id
    yield (
        Topic.judged_on,
        sa.select(project, day, nobody, one).where(current).group_by(project, day),
    )
    counted = current & _ACCEPTED & _NO_GOLD
    yield (
        Topic.counted_on,
        sa.select(project, day, nobody, one).where(counted).group_by(project, day),
    )
    paid = sa.func.sum(Assignment.pay_minor)
    money = day + ":" + Assignment.currency
    spent = sa.select(project, money, nobody, paid).where(Judgment.version == 1)
    spent = spent.join(Assignment, Assignment.id == Judgment.assignment_id)
    yield Topic.spent_on, spent.group_by(project, money).having(paid > 0)
    took = sa.cast(_two_digits(Judgment.duration_ms), sa.Text())
    person = Judgment.person_id
    yield (
        Topic.took,
        sa.select(project, took, person, one).where(current).group_by(project, took, person),
    )
    choice = sa.func.coalesce(
        sa.cast(Judgment.step, sa.Text()), sa.cast(Judgment.verdict, sa.Text())
    )
    said = sa.cast(Judgment.rubric_number, sa.Text()) + ":" + choice
    yield (
        Topic.said,
        sa.select(project, said, nobody, one).where(current & _ACCEPTED).group_by(project, said),
    )


def _two_digits(ms: Any) -> Any:
    """Say `counts.two_digits` in SQL."""
    steps = [(ms < 10 ** (digits + 2), 10**digits) for digits in range(16)]
    step: Any = sa.case(*steps, else_=10**16)
    return ms // step * step
