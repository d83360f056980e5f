"""Looks: what a claim sees before it takes anything, in one statement.

A look is at what the person holds, at whether anything is overdue, and at the lanes that come
next: those that have something left, for anybody and for this person, in the order of the queue.
How many others there are, finished or further back, makes no difference.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import takewhile
from random import SystemRandom
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler import clock
from labeler.pay import budgets, exposure, limits, rates
from labeler.pay.rates import Rate
from labeler.people import terms
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.schema import NOW
from labeler.text import sensitive
from labeler.work.assignments import IN_HAND, IS_OPEN, IS_RESERVED, Assignment
from labeler.work.batches import Batch, BatchState
from labeler.work.lanes import UNSPENT, Lane
from labeler.work.opt_ins import OptIn
from labeler.work.projects import Project
from labeler.work.qualifications import Qualification
from labeler.work.tallies import Tally

MOST = 60
"""How many lanes are looked at together: the next ones only if none of them is for the person."""
BEGINNERS_SHARE = 0.3
"""How much of a beginner's work is gold at least."""
_random = SystemRandom()


@dataclass(frozen=True)
class Look:
    """What a claim starts from; the moment is the database's."""

    now: datetime
    held: int | None
    reserved: int | None
    overdue: bool
    languages: Sequence[str]
    """Which ones the person judges in; none: every one."""
    cohorts: Sequence[str]
    """To which groups the person belongs."""
    given: Counter[Any]
    """How much the person was given, where that is limited: in all, by batch, by language."""
    project: Project
    rate_id: int
    """By which rate the person is paid."""
    pay_minor: int
    currency: str
    has_budget: bool
    """Whether the project may spend only so much."""
    hours: limits.Standing
    """How much the person has worked, over all projects."""
    consent: terms.Standing
    """Which of the project's terms they have accepted."""
    levels: str = ""
    """What of sensitive content they chose to read, as `text.sensitive` writes it."""
    stopped_until: datetime | None = None
    """Until when they want none of it whatever they chose."""
    rests_until: datetime | None = None
    """Until when they have read enough of what is severe."""
    is_new: bool = False
    """Whether the person has yet to qualify."""
    attempt_id: int | None = None
    """The attempt that they have begun."""
    questions: int = 0
    """How many more they may be given in it."""
    judged: int | None = None
    """How much of the work itself they have judged, if beginners are told what was right."""
    plain: list[Any] = field(default_factory=list)
    """Lanes that come next for the person, in the order of the queue; of a new one, questions."""
    golden: list[Any] = field(default_factory=list)
    """Lanes of known answers beside them."""
    spared: list[Any] = field(default_factory=list)
    """Lanes that would come next, too, if they were not sensitive."""

    def is_open(self, lane: Any) -> bool:
        """Say whether the person may be given something of this lane."""
        return self._is_for_them(lane) and not self._is_spared(lane)

    @property
    def goes_on_at(self) -> datetime | None:
        """When they may be given something that they chose to read, but not now; None: nothing."""
        chosen = [each for each in self.spared if sensitive.covers(self.levels, each.sensitive)]
        waits = [until for each in chosen if (until := self._waits_until(each))]
        return min(waits, default=None)

    def calm(self) -> "Look":
        """Return the same look without what is sensitive, and without what comes after that."""
        plain = list(takewhile(lambda lane: not lane.sensitive, self.plain))
        golden = [lane for lane in self.golden if not lane.sensitive]
        return replace(self, levels="", plain=plain, golden=golden, spared=[])

    def _is_spared(self, lane: Any) -> bool:
        """Say whether this is sensitive, and the person did not choose it or rests from it."""
        if not lane.sensitive:
            return False
        covered = sensitive.covers(self.levels, lane.sensitive)
        return not covered or self._waits_until(lane) is not None

    def _waits_until(self, lane: Any) -> datetime | None:
        if self.stopped_until is not None and self.stopped_until > self.now:
            return self.stopped_until
        return self.rests_until if sensitive.is_severe(lane.sensitive) else None

    def _is_for_them(self, lane: Any) -> bool:
        most = {tag.lower(): n for tag, n in self.project.most_per_language.items()}
        return (
            lane.is_qualification == self.is_new
            and _speaks(self.languages, lane.language)
            and (not lane.cohorts or not set(lane.cohorts).isdisjoint(self.cohorts))
            and _below(self.given[None], self.project.most_per_person)
            and _below(self.given[lane.batch_id], lane.most_per_person)
            and all(_below(self.given[tag], most.get(tag)) for tag in _tags(lane.language))
        )

    @property
    def gold_share(self) -> float:
        """How much of what comes is gold: more in somebody's first judgments."""
        is_beginner = self.judged is not None and self.judged < self.project.onboarding
        share = self.project.gold_share
        return max(share, BEGINNERS_SHARE) if is_beginner else share


def look(session: Session, project: Project, person: Person) -> Look:
    """Look for the person: at the first lanes that are open to them."""
    which: dict[str, Any] = {"project": project.id, "person": person.id}
    which |= {"is_admin": person.is_admin, **limits.since(clock.now())}
    passed = 0
    spared: list[Any] = []
    while True:
        rows = session.execute(_LOOK, which | {"passed": passed}).all()
        found = _rested(session, person, _read(project, rows))
        passed += MOST
        spared += found.spared
        if found.plain or found.golden or len(rows) < MOST or rows[-1].priority is None:
            return replace(found, spared=spared) if spared else found


def _read(project: Project, rows: Sequence[Any]) -> Look:
    told = next((row.given for row in rows if row.given), "")
    first = rows[0]
    found = Look(
        first.now,
        first.held,
        first.reserved,
        bool(first.overdue),
        first.languages or (),
        first.member_of or (),
        _given(told),
        project,
        first.rate_id,
        first.per_judgment_minor,
        first.currency,
        bool(first.has_budget),
        limits.Standing(first.now, first.today_s, first.this_week_s, first.day_s, first.week_s),
        terms.Standing(first.newest_terms, first.holding_terms, first.agreed_terms),
        first.levels or "",
        first.stopped_until,
        is_new=bool(first.is_new),
        attempt_id=first.attempt_id,
        questions=_questions(project, first),
        judged=first.judged,
    )
    ready = (row for row in rows if row.priority is not None)
    for lane in sorted(filter(found._is_for_them, ready), key=_turn):
        is_beside = lane.is_gold and not found.is_new
        if not found._is_spared(lane):
            (found.golden if is_beside else found.plain).append(lane)
        elif not is_beside:
            found.spared.append(lane)
    return found


def _rested(session: Session, person: Person, look: Look) -> Look:
    """Spare the person what is severe if they have read enough; where nothing is, ask nothing."""
    if not any(sensitive.is_severe(lane.sensitive) for lane in (*look.plain, *look.golden)):
        return look
    when = exposure.standing(session, person.id, look.now).goes_on_at
    if when is None:
        return look
    rested = replace(look, rests_until=when)
    plain = [lane for lane in look.plain if not rested._is_spared(lane)]
    golden = [lane for lane in look.golden if not rested._is_spared(lane)]
    spared = [*look.spared, *(lane for lane in look.plain if rested._is_spared(lane))]
    return replace(rested, plain=plain, golden=golden, spared=spared)


def _questions(project: Project, first: Any) -> int:
    """Return how many more questions the person may be given, beside what is in their hands."""
    left = first.questions_left
    if left is None:  # the first attempt begins by itself, another one when they say so
        left = 0 if first.has_tried else project.qualification_questions or 0
    return int(left) - (first.held is not None) - (first.reserved is not None)


def _given(told: str | None) -> Counter[Any]:
    """Read how much the person was given: in all (under None), by batch, and by language."""
    given: Counter[Any] = Counter()
    for each in (told or "").split(",") if told else ():
        batch_id, number, language = each.split(" ")
        for whole in (None, int(batch_id), *_tags(language)):
            given[whole] += int(number)
    return given


def _turn(lane: Any) -> tuple[int, int, float]:
    # In one batch its languages take turns, each as often as it has comparisons.
    return -lane.priority, lane.batch_id, -(_random.random() ** (1 / max(1, lane.comparisons)))


def _speaks(languages: Sequence[str] | None, language: str) -> bool:
    return not languages or not _tags(language).isdisjoint(tag.lower() for tag in languages)


def _tags(language: str) -> set[str]:
    """Return the tags that a language goes by: pt-BR is also pt."""
    return {language.lower(), language.lower().partition("-")[0]} - {""}


def _below(given: int, most: int | None) -> bool:
    return most is None or given < most


# The statement is of tables and made once: to make it costs more than to run it.

_project: Any = Project.__table__
_rate: Any = Rate.__table__
_membership: Any = Membership.__table__
_lane: Any = Lane.__table__
_batch: Any = Batch.__table__
_tally: Any = Tally.__table__
_assignment: Any = Assignment.__table__
_attempt: Any = Qualification.__table__
_begun: Any = _attempt.alias("begun")
_opt_in: Any = OptIn.__table__
PROJECT: Any = sa.bindparam("project", type_=sa.BigInteger())
PERSON: Any = sa.bindparam("person", type_=sa.BigInteger())
IS_ADMIN: Any = sa.bindparam("is_admin", type_=sa.Boolean())


def _told_given() -> sa.ScalarSelect[str]:
    """Say what the person was given, lane by lane: "batch number language", with commas."""
    lane, tally = _lane.alias(), _tally.alias()
    batch, number = (sa.cast(each, sa.Text) for each in (lane.c.batch_id, tally.c.given))
    return (
        sa.select(sa.func.aggregate_strings(batch + " " + number + " " + lane.c.language, ","))
        .join_from(tally, lane, lane.c.id == tally.c.lane_id)
        .where(tally.c.project_id == PROJECT, tally.c.person_id == PERSON, tally.c.given > 0)
        .scalar_subquery()
    )


def _is_new() -> sa.ColumnElement[bool]:
    """Say whether the person has yet to qualify, as annotators have where anything is asked."""
    passed = sa.exists().where(*_own_attempt(_attempt), _attempt.c.passed_at.is_not(None))
    is_annotator = _membership.c.role.is_not_distinct_from(Role.annotator)
    asks = _project.c.qualification_questions.is_not(None)
    return sa.and_(asks, is_annotator, sa.not_(IS_ADMIN), ~passed)


def _own_attempt(attempt: Any) -> tuple[sa.ColumnElement[bool], ...]:
    return attempt.c.project_id == PROJECT, attempt.c.person_id == PERSON


def _told_of_questions() -> Sequence[sa.Label[Any]]:
    """Say whether the person has yet to qualify, and how far they are with it."""
    return (
        _is_new().label("is_new"),
        _begun.c.id.label("attempt_id"),
        (_begun.c.questions - _begun.c.asked).label("questions_left"),
        sa.exists().where(*_own_attempt(_attempt)).label("has_tried"),
    )


def _judged() -> sa.ScalarSelect[int]:
    """Count what the person has judged of the work itself."""
    lane, tally, batch = _lane.alias(), _tally.alias(), _batch.alias()
    return (
        sa.select(sa.func.coalesce(sa.func.sum(tally.c.judged), 0))
        .join_from(tally, lane, lane.c.id == tally.c.lane_id)
        .join(batch, batch.c.id == lane.c.batch_id)
        .where(tally.c.project_id == PROJECT, tally.c.person_id == PERSON)
        .where(~batch.c.is_qualification)
        .scalar_subquery()
    )


def _is_limited() -> sa.ColumnElement[bool]:
    """Say whether it matters how much the person was given."""
    return sa.or_(
        _project.c.most_per_person.is_not(None),
        sa.cast(_project.c.most_per_language, sa.Text) != "{}",
        _batch.c.most_per_person.is_not(None),
    )


def _told_of_pay() -> Sequence[Any]:
    """Say what the person is paid, and whether the project may spend only so much."""
    paid = _rate.c.id.label("rate_id"), _rate.c.per_judgment_minor, _rate.c.currency
    return *paid, budgets.limited(PROJECT).label("has_budget")


_TOLD_OF_LANES = (
    *(_lane.c.id, _lane.c.batch_id, _lane.c.language, _lane.c.is_gold, _lane.c.sensitive),
    *(_lane.c.comparisons, _lane.c.supply),
)


def _looking() -> sa.Select[Any]:
    mine = sa.select(_assignment.c.id).where(
        _assignment.c.project_id == PROJECT, _assignment.c.person_id == PERSON
    )
    late = _assignment.c.project_id == PROJECT, IN_HAND, _assignment.c.deadline < NOW
    member = sa.and_(_membership.c.project_id == _project.c.id, _membership.c.person_id == PERSON)
    had_all = sa.exists().where(
        _tally.c.person_id == PERSON,
        _tally.c.lane_id == _lane.c.id,
        _tally.c.empty_at == _lane.c.supply,
    )
    unspent = sa.and_(_lane.c.project_id == _project.c.id, UNSPENT, ~had_all)
    ready = sa.and_(_batch.c.id == _lane.c.batch_id, _batch.c.state == BatchState.ready)
    # What is not for them at all comes last, with nothing in it: it may be very much.
    for_them = _batch.c.is_qualification == _is_new()
    begun = sa.and_(*_own_attempt(_begun), _begun.c.ended_at.is_(None))
    return (
        sa.select(
            NOW.label("now"),
            mine.where(IS_OPEN).scalar_subquery().label("held"),
            mine.where(IS_RESERVED).scalar_subquery().label("reserved"),
            sa.exists().where(*late).label("overdue"),
            *_told_of_pay(),
            *limits.told(PERSON),
            *terms.told(PROJECT, PERSON),
            *(_membership.c.languages, _membership.c.cohorts.label("member_of")),
            *(_opt_in.c.levels, _opt_in.c.stopped_until),
            *_TOLD_OF_LANES,
            *(_batch.c.priority, _batch.c.cohorts, _batch.c.most_per_person),
            *(_batch.c.is_qualification, *_told_of_questions()),
            sa.case((_project.c.onboarding > 0, _judged())).label("judged"),
            sa.case((_is_limited(), _told_given())).label("given"),
        )
        .select_from(_project)
        .outerjoin(_rate, _rate.c.id == rates.of_person(PROJECT, PERSON))
        .outerjoin(_membership, member)
        .outerjoin(_opt_in, _opt_in.c.person_id == PERSON)
        .outerjoin(_lane, unspent)
        .outerjoin(_begun, begun)
        .outerjoin(_batch, sa.and_(ready, for_them))
        .where(_project.c.id == PROJECT)
        .order_by(_batch.c.priority.desc().nulls_last(), _batch.c.id, _lane.c.id)
        .limit(MOST)
        .offset(sa.bindparam("passed", type_=sa.BigInteger()))
    )


_LOOK = _looking()
