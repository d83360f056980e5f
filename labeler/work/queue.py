"""The queue: what a person is given next.

A claim is four statements. One looks at what the person holds and at the lanes that are open to
them (see `looks`). One takes a slot (see `slots`). One writes the promise, one counts it. A
constraint keeps anybody from being given a comparison twice, or two at once; one more may be drawn
ahead. The cost is the same among a thousand comparisons as among a million, and after one batch as
after a thousand.

Who has yet to qualify is given questions alone (see `qualifications`). For the others
lanes go by the priority of their batch; in a lane, what was begun goes before what was not. At
their shares come known answers, as long as there is other work beside them, and second looks.
"""

import secrets
import time
from datetime import timedelta
from functools import cache
from random import SystemRandom
from typing import Any

from sqlalchemy.orm import Session

from labeler.errors import Busy, Conflict
from labeler.pay import budgets, exposure
from labeler.pay.limits import Reached
from labeler.people.accounts import Person
from labeler.people.terms import NotAgreed
from labeler.said import say
from labeler.schema import dialect_of, insert, written
from labeler.work import (
    assignments,
    comparisons,
    lanes,
    looks,
    opt_ins,
    qualifications,
    second_looks,
    slots,
    spending,
    tallies,
)
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.looks import Look
from labeler.work.projects import Project, ProjectState
from labeler.work.slots import Slot

TRIES = 20
_random = SystemRandom()


NO_WORK = {
    ProjectState.paused: say("This project is paused: there is no work just now."),
    ProjectState.closed: say("This project is closed: there is no work any more."),
}


NO_BUDGET = say(
    "This project has used up its budget for now, so it gives out no work. What you hold you can "
    "finish, and what you earned is yours."
)


def claim(session: Session, project: Project, *, by: Person) -> Assignment | None:
    """Return the assignment that the person holds, else the next one, else None.

    The next one is what was drawn ahead, if anything was. Raises Conflict while the project gives
    out no work, the person has worked as long as they want to (`limits.Reached`), or they rest from
    all that is left (`exposure.Reached`); Forbidden while they have not accepted its terms
    (`terms.NotAgreed`); Busy when all that is left is in others' hands at this moment.
    """
    look = _look(session, project, by)
    if look.held and (held := assignments.prolong(session, project, look.held, look.now)):
        return held
    _begin(session, project, look)
    if look.reserved:
        if shown := assignments.show(session, project, look.reserved, look.now):
            return shown
        assignments.release(session, look.reserved)
    return _draw(session, project, look, by, AssignmentState.open)


def reserve(session: Session, project: Project, *, by: Person) -> Assignment | None:
    """Return what was drawn ahead for the person, else draw it; None when nothing is left.

    Raises as `claim` does. Its clock starts when it is claimed, or judged. What is sensitive is
    never drawn ahead: whoever takes back what they chose has none of it in any window.
    """
    look = _look(session, project, by)
    if look.reserved and (kept := assignments.prolong(session, project, look.reserved, look.now)):
        return kept
    _begin(session, project, look)
    return _draw(session, project, look, by, AssignmentState.reserved)


def _look(session: Session, project: Project, person: Person) -> Look:
    """Look for the person; what they chose of sensitive content stays so until the commit."""
    look = looks.look(session, project, person)
    if look.levels and not opt_ins.still(session, person.id, look.levels, look.stopped_until):
        look = looks.look(session, project, person)
    return look


def _begin(session: Session, project: Project, look: Look) -> None:
    if project.state is not ProjectState.active:
        raise Conflict(NO_WORK[project.state])
    if not look.consent.is_open:
        raise NotAgreed
    if look.has_budget:
        # Before any other row is: who holds it waits for nobody who waits for it.
        budgets.lock(session, project.id)


def _draw(
    session: Session, project: Project, look: Look, person: Person, state: AssignmentState
) -> Assignment | None:
    if when := look.hours.goes_on_at:
        raise Reached(when)
    tries = TRIES
    if look.overdue:
        assignments.expire(session, project)
        look = _look(session, project, person)
        tries = 1  # others wait for the rows of what was given back just now
    if not spending.has_room(session, look):
        raise Conflict(NO_BUDGET)
    if state is AssignmentState.reserved:
        look = look.calm()
    slot = _next(session, project, look, person, tries=tries)
    if slot is None and (when := look.goes_on_at):
        raise exposure.Reached(when)
    return None if slot is None else _promise(session, project, slot, person, look, state)


def _next(
    session: Session, project: Project, look: Look, person: Person, *, tries: int
) -> Slot | None:
    slot = None
    if look.is_new and look.questions <= 0:
        return None
    if look.plain and _random.random() < project.repeat_share:
        slot = second_looks.draw(session, project.id, person.id, look)
    if slot is None and look.plain and look.golden and _random.random() < look.gold_share:
        slot = _take_known(session, project, look, person)
    for lane in look.plain:
        slot = slot or _take_from(session, project, lane, person, tries=tries)
    return slot


def _take_known(session: Session, project: Project, look: Look, person: Person) -> Slot | None:
    """Take a known answer, if there is other work beside it that would hide it."""
    lane = _random.choice(look.golden)
    beside = [each.id for each in look.plain]
    slot = slots.take_beside(session, lane.id, person.id, beside)
    if slot is None:
        _note_nothing(session, project, lane, person)
    return slot


def _take_from(
    session: Session, project: Project, lane: Any, person: Person, *, tries: int
) -> Slot | None:
    """Take a slot in the lane, or remember that it has none for this person."""
    take = slots.take_known if lane.is_gold else slots.take
    for _ in range(tries):
        if slot := take(session, lane.id, person.id):
            return slot
        if _note_nothing(session, project, lane, person):
            return None
        time.sleep(secrets.randbelow(10) / 1000)  # what is left is in others' hands right now
    raise Busy("Many people are starting at once. Please try again in a moment.")


def _note_nothing(session: Session, project: Project, lane: Any, person: Person) -> bool:
    """Remember that the lane has nothing for the person, or for anybody; False if it has."""
    left = (slots.left_known if lane.is_gold else slots.left)(session, lane.id, person.id)
    if left.for_person:
        return False
    if not left.for_anybody:
        lanes.note_spent(session, lane.id, lane.supply)
        return True
    tallies.note_empty(
        session,
        project_id=project.id,
        person_id=person.id,
        lane_id=lane.id,
        supply=lane.supply,
    )
    return True


def _promise(
    session: Session,
    project: Project,
    slot: Slot,
    person: Person,
    look: Look,
    state: AssignmentState,
) -> Assignment | None:
    promise = {
        "project_id": project.id,
        "comparison_id": slot.comparison_id,
        "person_id": person.id,
        "is_repeat": slot.is_repeat,
        "state": state,
        "places": slot.places,
        "guideline_number": project.guideline_number,
        "rubric_number": project.rubric_number,
        "pay_minor": look.pay_minor,
        "currency": look.currency,
        "rate_id": look.rate_id,
        "opened_at": look.now,
        "deadline": look.now + timedelta(seconds=project.time_limit_s),
        "qualification_id": _attempt(session, project, person, look) if look.is_new else None,
    }
    given = session.scalar(_promising(dialect_of(session)), promise)
    if given is None:
        return _other_window(session, project, slot, person, state)
    tallies.add(session, project_id=project.id, person_id=person.id, lane_id=slot.lane_id, given=1)
    return written(session, Assignment(id=given, **promise))


def _attempt(session: Session, project: Project, person: Person, look: Look) -> int:
    """Return the attempt to which a question belongs; the first one begins with its first."""
    if look.attempt_id is not None:
        return look.attempt_id
    begun = qualifications.start(session, project, person, attempt=1, now=look.now)
    if begun is None:
        raise Busy("You have just been given this in another window. Please try again.")
    return begun


def _other_window(
    session: Session, project: Project, slot: Slot, person: Person, state: AssignmentState
) -> Assignment | None:
    """Return what the person was given in another window while they asked in this one."""
    if not slot.is_repeat:
        comparisons.give_back_slots(session, [slot.comparison_id])
    if held := assignments.held_by(session, project, person, state):
        return held
    raise Busy("You have just been given this in another window. Please try again.")


@cache
def _promising(dialect: str) -> Any:
    """Make the statement once: to make it costs more than to run it."""
    table: Any = Assignment.__table__
    return insert(dialect, table).on_conflict_do_nothing().returning(table.c.id)
