"""The people of a project in numbers. Nothing here ranks them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay.ledger import Account, AccountKind, Transfer
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.work.assignments import Assignment, AssignmentState
from labeler.work.judgments import IS_CURRENT, Judgment
from labeler.work.projects import Project

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval


@dataclass(frozen=True)
class PersonRow:
    """One annotator's numbers in a project; `is_member` until their part in it has ended."""

    person: Person
    role: Role
    is_member: bool
    judgments: int
    gold_right: int
    gold: int
    gold_interval: "Interval"
    median_ms: int | None
    chose_a: int
    chose_side: int
    a_interval: "Interval"
    skips: int
    earned: dict[str, int]


def people(session: Session, project: Project) -> Sequence[PersonRow]:
    """Return the numbers of everybody who has a part in the project or judged in it, by name."""
    from labeler.stats.reliability import wilson_interval

    members = _members(session, project.id)
    counted = _counted(session, project.id)
    medians = _medians(session, project.id)
    earned = _earned(session, project.id)
    skipped = _skipped(session, project.id)
    rows = []
    for person, role, is_member in members:
        number, gold, right, chose_a, sides = counted.get(person.id, (0, 0, 0, 0, 0))
        rows.append(
            PersonRow(
                person=person,
                role=role,
                is_member=is_member,
                judgments=number,
                gold=gold,
                gold_right=right,
                gold_interval=wilson_interval(right, gold),
                median_ms=medians.get(person.id),
                chose_a=chose_a,
                chose_side=sides,
                a_interval=wilson_interval(chose_a, sides),
                skips=skipped.get(person.id, 0),
                earned=earned.get(person.id, {}),
            )
        )
    return rows


def _medians(session: Session, project_id: int) -> dict[int, int]:
    each = Judgment.person_id
    place = sa.func.row_number().over(partition_by=each, order_by=Judgment.duration_ms)
    of_all = sa.func.count().over(partition_by=each)
    ranked = (
        sa.select(each, Judgment.duration_ms, place.label("place"), of_all.label("n"))
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .subquery()
    )
    rows = session.execute(
        sa.select(ranked.c.person_id, ranked.c.duration_ms).where(
            ranked.c.place == (ranked.c.n + 1) // 2
        )
    )
    return dict(rows.all())


def _members(session: Session, project_id: int) -> Sequence[tuple[Person, Role, bool]]:
    judged = sa.select(Judgment.person_id).where(Judgment.project_id == project_id)
    # Administrators judge without a membership, with an owner's rights.
    role = sa.func.coalesce(Membership.role, sa.literal(Role.owner, Membership.role.type))
    is_member = sa.and_(Membership.id.is_not(None), Membership.removed_at.is_(None))
    rows = session.execute(
        sa.select(Person, role, is_member)
        .outerjoin(
            Membership,
            sa.and_(Membership.person_id == Person.id, Membership.project_id == project_id),
        )
        .where(sa.or_(is_member, Person.id.in_(judged)))
        .order_by(Person.name, Person.id)
    )
    return [(person, held, bool(member)) for person, held, member in rows]


def _counted(session: Session, project_id: int) -> dict[int, tuple[int, int, int, int, int]]:
    def many(condition: sa.ColumnElement[bool]) -> sa.Function[Any]:
        return sa.func.sum(sa.case((condition, 1), else_=0))

    rows = session.execute(
        sa.select(
            Judgment.person_id,
            sa.func.count(),
            many(Judgment.gold_right.is_not(None)),
            many(Judgment.gold_right.is_(True)),
            many(Judgment.place == 0),
            many(Judgment.place.is_not(None)),
        )
        .where(Judgment.project_id == project_id, IS_CURRENT)
        .group_by(Judgment.person_id)
    )
    return {person_id: (n, gold, right, a, sides) for person_id, n, gold, right, a, sides in rows}


def _earned(session: Session, project_id: int) -> dict[int, dict[str, int]]:
    rows = session.execute(
        sa.select(Account.person_id, Transfer.currency, sa.func.sum(Transfer.amount_minor))
        .join(Account, Account.id == Transfer.to_account_id)
        .where(Transfer.project_id == project_id, Account.kind == AccountKind.earned)
        .group_by(Account.person_id, Transfer.currency)
    )
    earned: dict[int, dict[str, int]] = {}
    for person_id, currency, amount in rows:
        earned.setdefault(int(person_id or 0), {})[currency] = int(amount)
    return earned


def _skipped(session: Session, project_id: int) -> dict[int, int]:
    rows = session.execute(
        sa.select(Assignment.person_id, sa.func.count())
        .where(Assignment.project_id == project_id, Assignment.state == AssignmentState.skipped)
        .group_by(Assignment.person_id)
    )
    return dict(rows.all())
