"""The queue: what a person is given next.

A claim is four statements. One looks: at what the person holds, at what is overdue, and at the
lanes that are open to them. One takes a slot (see `slots`). One writes the promise, one counts
it. A constraint keeps anybody from being given a comparison twice, or two at once. The cost is
the same among a thousand comparisons as among a million.

Lanes go by the priority of their batch; in a lane, what was begun goes before what was not. At
their shares come known answers, as long as there is other work beside them, and second looks.
"""

import secrets
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import SystemRandom
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.errors import Busy, Conflict
from labeler.people.accounts import Person
from labeler.people.memberships import Membership
from labeler.schema import NOW, dialect_of, insert, written
from labeler.work import assignments, comparisons, slots, tallies
from labeler.work.assignments import IS_OPEN, Assignment, AssignmentState
from labeler.work.batches import Batch, BatchState
from labeler.work.lanes import Lane
from labeler.work.projects import Project, ProjectState
from labeler.work.slots import Slot
from labeler.work.tallies import Tally

TRIES = 20
_random = SystemRandom()


@dataclass(frozen=True)
class Look:
    """What a claim starts from; the moment is the database's."""

    now: datetime
    held: int | None
    overdue: bool
    lanes: list[Any]


def claim(session: Session, project: Project, *, by: Person) -> Assignment | None:
    """Return the assignment that the person holds, else the next one, else None.

    Raises Conflict while the project gives out no work, Busy when all that is left is in others'
    hands at this moment.
    """
    look = _look(session, project, by)
    if look.held and (held := assignments.prolong(session, project, look.held, look.now)):
        return held
    if project.state is not ProjectState.active:
        raise Conflict(f"This project is {project.state.value}: there is no work just now.")
    tries = TRIES
    if look.overdue:
        assignments.expire(session, project)
        look = _look(session, project, by)
        tries = 1  # others wait for the rows of what was given back just now
    slot = _next(session, project, look, by, tries=tries)
    return None if slot is None else _promise(session, project, slot, by, look.now)


def _look(session: Session, project: Project, person: Person) -> Look:
    rows = session.execute(_LOOK, {"project": project.id, "person": person.id}).all()
    return Look(rows[0].now, rows[0].held, bool(rows[0].overdue), _open_to(project, rows))


def _open_to(project: Project, rows: Sequence[Any]) -> list[Any]:
    """Return the lanes of which the person may be given something, in the order of the queue."""
    ready = [lane for lane in rows if lane.priority is not None]
    given: Counter[Any] = Counter()
    for lane in ready:
        for whole in (project, lane.batch_id, *_tags(lane.language)):
            given[whole] += lane.given or 0
    most = {tag.lower(): number for tag, number in project.most_per_language.items()}

    def is_open(lane: Any) -> bool:
        return (
            _speaks(lane.languages, lane.language)
            and (not lane.cohorts or not set(lane.cohorts).isdisjoint(lane.member_of or ()))
            and _below(given[project], project.most_per_person)
            and _below(given[lane.batch_id], lane.most_per_person)
            and all(_below(given[tag], most.get(tag)) for tag in _tags(lane.language))
        )

    return sorted(filter(is_open, ready), key=_turn)


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


def _next(
    session: Session, project: Project, look: Look, person: Person, *, tries: int
) -> Slot | None:
    all_plain = [lane for lane in look.lanes if not lane.is_gold]
    plain = [lane for lane in all_plain if lane.empty_at != lane.supply]
    golden = [lane.id for lane in look.lanes if lane.is_gold]
    slot = None
    if plain and _random.random() < project.repeat_share:
        slot = slots.again(session, project.id, person.id, [lane.id for lane in all_plain])
    if slot is None and plain and golden and _random.random() < project.gold_share:
        beside = [lane.id for lane in plain]
        slot = slots.take_beside(session, _random.choice(golden), person.id, beside)
    for lane in plain:
        slot = slot or _take_from(session, project, lane, person, tries=tries)
    return slot


def _take_from(
    session: Session, project: Project, lane: Any, person: Person, *, tries: int
) -> Slot | None:
    """Take a slot in the lane, or remember that it has none for this person."""
    for _ in range(tries):
        if slot := slots.take(session, lane.id, person.id):
            return slot
        if not slots.any_left(session, lane.id, person.id):
            tallies.note_empty(
                session,
                project_id=project.id,
                person_id=person.id,
                lane_id=lane.id,
                supply=lane.supply,
            )
            return None
        time.sleep(secrets.randbelow(10) / 1000)  # what is left is in others' hands right now
    raise Busy("Many people are starting at once. Please try again in a moment.")


def _promise(
    session: Session, project: Project, slot: Slot, person: Person, now: datetime
) -> Assignment | None:
    promise = {
        "project_id": project.id,
        "comparison_id": slot.comparison_id,
        "person_id": person.id,
        "is_repeat": slot.is_repeat,
        "state": AssignmentState.open,
        "places": slot.places,
        "guideline_number": project.guideline_number,
        "rubric_number": project.rubric_number,
        "pay_minor": project.pay_minor,
        "currency": project.currency,
        "opened_at": now,
        "deadline": now + timedelta(seconds=project.time_limit_s),
    }
    given = session.scalar(_promising(dialect_of(session)), promise)
    if given is None:
        return _other_window(session, project, slot, person)
    tallies.add(session, project_id=project.id, person_id=person.id, lane_id=slot.lane_id, given=1)
    return written(session, Assignment(id=given, **promise))


def _other_window(
    session: Session, project: Project, slot: Slot, person: Person
) -> Assignment | None:
    """Return what the person was given in another window while they asked in this one."""
    if not slot.is_repeat:
        comparisons.give_back_slots(session, [slot.comparison_id])
    if held := assignments.open_of(session, project, person):
        return held
    raise Busy("You have just been given this in another window. Please try again.")


# The statements of every claim, of tables and made once: to make one costs more than to run it.

_project: Any = Project.__table__
_membership: Any = Membership.__table__
_lane: Any = Lane.__table__
_batch: Any = Batch.__table__
_tally: Any = Tally.__table__
_assignment: Any = Assignment.__table__


SEEN = ("id", "batch_id", "language", "is_gold", "comparisons", "supply")


def _looking() -> sa.Select[Any]:
    project: Any = sa.bindparam("project", type_=sa.BigInteger())
    person: Any = sa.bindparam("person", type_=sa.BigInteger())
    mine = _assignment.c.project_id == project, _assignment.c.person_id == person, IS_OPEN
    late = _assignment.c.project_id == project, IS_OPEN, _assignment.c.deadline < NOW
    member = sa.and_(_membership.c.project_id == _project.c.id, _membership.c.person_id == person)
    ready = sa.and_(_batch.c.id == _lane.c.batch_id, _batch.c.state == BatchState.ready)
    own = sa.and_(_tally.c.lane_id == _lane.c.id, _tally.c.person_id == person)
    return (
        sa.select(
            NOW.label("now"),
            sa.select(_assignment.c.id).where(*mine).scalar_subquery().label("held"),
            sa.exists().where(*late).label("overdue"),
            *(_membership.c.languages, _membership.c.cohorts.label("member_of")),
            *(
                _lane.c.id,
                _lane.c.batch_id,
                _lane.c.language,
                _lane.c.is_gold,
                _lane.c.comparisons,
                _lane.c.supply,
            ),
            *(_batch.c.priority, _batch.c.cohorts, _batch.c.most_per_person),
            *(_tally.c.given, _tally.c.empty_at),
        )
        .select_from(_project)
        .outerjoin(_membership, member)
        .outerjoin(_lane, _lane.c.project_id == _project.c.id)
        .outerjoin(_batch, ready)
        .outerjoin(_tally, own)
        .where(_project.c.id == project)
    )


_LOOK = _looking()


@cache
def _promising(dialect: str) -> Any:
    return insert(dialect, _assignment).on_conflict_do_nothing().returning(_assignment.c.id)
