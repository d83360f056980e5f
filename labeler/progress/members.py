"""The people of a project in numbers. Nothing here ranks them."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from labeler.pay import ledger
from labeler.people import stand_ins
from labeler.people.accounts import Person
from labeler.people.memberships import Membership, Role
from labeler.progress.projects import middle
from labeler.work.counts import UNMEASURED, Count, Topic
from labeler.work.projects import Project
from labeler.work.tallies import COUNTED, Tally

if TYPE_CHECKING:
    from labeler.stats.agreement import Interval

NOTHING = Tally(**dict.fromkeys(COUNTED, 0))


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

    @property
    def is_elsewhere(self) -> bool:
        """Whether they judged somewhere else, and what they said was brought here."""
        return stand_ins.is_one(self.person)


def people(session: Session, project: Project) -> Sequence[PersonRow]:
    """Return the numbers of everybody who has a part in the project or judged in it, by name."""
    from labeler.stats.reliability import wilson_interval

    tallies = _tallies(session, project.id)
    medians = _medians(session, project.id)
    earned = ledger.earned_by_person(session, project.id)
    rows = []
    for person, role, is_member in _members(session, project.id):
        tally = tallies.get(person.id, NOTHING)
        rows.append(
            PersonRow(
                person=person,
                role=role,
                is_member=is_member,
                judgments=tally.judged,
                gold=tally.gold,
                gold_right=tally.gold_right,
                gold_interval=wilson_interval(tally.gold_right, tally.gold),
                median_ms=medians.get(person.id),
                chose_a=tally.chose_a,
                chose_side=tally.chose_side,
                a_interval=wilson_interval(tally.chose_a, tally.chose_side),
                skips=tally.skipped,
                earned=earned.get(person.id, {}),
            )
        )
    return rows


def _medians(session: Session, project_id: int) -> dict[int, int | None]:
    rows = session.execute(
        sa.select(Count.shard, Count.key, Count.n).where(
            Count.project_id == project_id, Count.topic == Topic.took, Count.key != UNMEASURED
        )
    )
    took: dict[int, Counter[int]] = defaultdict(Counter)
    for person_id, ms, n in rows:
        took[person_id][int(ms)] += n
    return {person_id: middle(counted) for person_id, counted in took.items()}


def _members(session: Session, project_id: int) -> Sequence[tuple[Person, Role, bool]]:
    judged = sa.select(Tally.person_id).where(Tally.project_id == project_id, Tally.judged > 0)
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


def _tallies(session: Session, project_id: int) -> dict[int, Any]:
    rows = session.execute(
        sa.select(
            Tally.person_id, *(sa.func.sum(getattr(Tally, name)).label(name) for name in COUNTED)
        )
        .where(Tally.project_id == project_id)
        .group_by(Tally.person_id)
    )
    return {row.person_id: row for row in rows}
