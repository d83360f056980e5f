"""Admission: whether somebody may chat in a project just now, and what it pays them.

People of the project are asked for what they are asked for before any other work. Visitors are paid
nothing, and need a link that is not over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from labeler.arena import visits
from labeler.errors import Conflict, NotFound
from labeler.pay import budgets
from labeler.pay.limits import Reached
from labeler.people.accounts import Person
from labeler.people.terms import NotAgreed
from labeler.said import say
from labeler.work import looks, projects, spending
from labeler.work.projects import Project, ProjectState
from labeler.work.queue import NO_BUDGET

CLOSED_TO_CHAT = {
    ProjectState.paused: say("This project is paused: there is no chat just now."),
    ProjectState.closed: say("This project is closed: there is no chat any more."),
}
NOT_QUALIFIED = say("Please answer the questions before the work first. They are on your own page.")


@dataclass(frozen=True)
class Promise:
    """What saying which answer is better pays somebody, and in which languages they judge."""

    pay_minor: int
    currency: str
    rate_id: int | None
    languages: Sequence[str] = ()
    """None: in every one."""
    has_budget: bool = False
    """Whether the project may spend only so much."""


def require(session: Session, project: Project, by: Person) -> Promise:
    """Return what is promised to somebody who may chat in the project now.

    Raises NotFound to strangers, NotAgreed, Reached, and Conflict with the reason.
    """
    visit = visits.visit_of(session, by)
    is_visitor = visit is not None and visit.project_id == project.id
    if not is_visitor and projects.role_in(session, project, by) is None:
        raise NotFound("There is no such project.")
    if project.state is not ProjectState.active:
        raise Conflict(CLOSED_TO_CHAT[project.state])
    if visit is not None and is_visitor:
        visits.require_open(session, visit)
        return Promise(0, project.currency, None)
    return _require_member(session, project, by)


def require_room(session: Session, project: Project, promise: Promise, *, in_chats: int) -> None:
    """Raise Conflict where the budget has no room; `in_chats` is what chats are promised, too.

    Nobody else gives out the project's work until the transaction ends.
    """
    if not promise.has_budget:
        return
    budgets.lock(session, project.id)
    in_hand = spending.promised(session, project.id).get(promise.currency, 0) + in_chats
    amount = promise.currency, promise.pay_minor
    if not budgets.has_room(session, project.id, *amount, promised_minor=in_hand):
        raise Conflict(NO_BUDGET)


def _require_member(session: Session, project: Project, by: Person) -> Promise:
    look = looks.look(session, project, by)
    if not look.consent.is_open:
        raise NotAgreed
    if look.is_new:
        raise Conflict(NOT_QUALIFIED)
    if when := look.hours.goes_on_at:
        raise Reached(when)
    return Promise(
        look.pay_minor, look.currency, look.rate_id, tuple(look.languages), look.has_budget
    )
